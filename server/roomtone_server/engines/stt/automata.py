"""The automaton of a home, from the cache when it was compiled before."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from roomtone.paths import make_private
from roomtone_server.grammar.automaton import FORMAT, Automaton
from roomtone_server.grammar.vocabulary import Vocabulary

# Homes change now and then; what they were before need not be kept.
MAX_CACHED: Final = 8


def automaton_for(vocabulary: Vocabulary, cache: Path) -> Automaton:
    """Some 10 ms when the cache has it, else a second: not for an event loop.

    Raises EngineError for a language without templates.
    """
    file = cached_file(vocabulary, cache)
    return read(file) or make(file, asdict(vocabulary))


def read(file: Path) -> Automaton | None:
    """What the cache has, if anything."""
    try:
        return Automaton.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        file.unlink(missing_ok=True)  # torn by a crash, or of another version
        return None


def make(file: Path, vocabulary: Mapping[str, Any]) -> Automaton:
    """Compiles a home, its vocabulary as a plain dict, and keeps the result. Raises EngineError."""
    # A start that finds it in the cache need not wait for these.
    from pydantic import TypeAdapter

    from roomtone_server.grammar.compiler import compile_automaton

    automaton = compile_automaton(TypeAdapter(Vocabulary).validate_python(vocabulary))
    _keep(file, automaton.dumps())
    return automaton


def cached_file(vocabulary: Vocabulary, cache: Path) -> Path:
    """Where the automaton of a home is kept; the folder is there."""
    return make_private(cache / "grammar") / f"{_fingerprint(vocabulary)}.json"


def _fingerprint(vocabulary: Vocabulary) -> str:
    """Everything that the automaton depends on."""
    from roomtone_server.grammar.sentences import templates_version  # see `make`

    source = [FORMAT, asdict(vocabulary), templates_version(vocabulary.language)]
    return hashlib.sha256(json.dumps(source, sort_keys=True).encode()).hexdigest()[:32]


def _keep(file: Path, text: str) -> None:
    """Whole or not at all, whoever else writes it at the same time."""
    unfinished = file.with_suffix(f".{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(file)
    by_age = sorted(file.parent.glob("*.json"), key=_age)
    for old in by_age[:-MAX_CACHED]:
        old.unlink(missing_ok=True)


def _age(file: Path) -> float:
    try:
        return file.stat().st_mtime
    except FileNotFoundError:
        return 0.0
