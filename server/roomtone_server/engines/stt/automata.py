"""The automaton of a home, from the cache when it was compiled before."""

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Final

from roomtone.paths import make_private
from roomtone_server.grammar.automaton import FORMAT, Automaton
from roomtone_server.grammar.compiler import compile_automaton
from roomtone_server.grammar.sentences import load_heard_sentences
from roomtone_server.grammar.vocabulary import Vocabulary

# Homes change now and then; what they were before need not be kept.
MAX_CACHED: Final = 8


def automaton_for(vocabulary: Vocabulary, cache: Path) -> Automaton:
    """Some 10 ms when the cache has it, else up to a second: not for an event loop.

    Raises EngineError for a language without templates.
    """
    file = cached_file(vocabulary, cache)
    try:
        return Automaton.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        pass
    except (ValueError, KeyError, TypeError):
        file.unlink(missing_ok=True)  # torn by a crash, or of another version: made again below
    automaton = compile_automaton(vocabulary)
    _keep(file, automaton.dumps())
    return automaton


def cached_file(vocabulary: Vocabulary, cache: Path) -> Path:
    """Where the automaton of a home is kept; the folder is there."""
    return make_private(cache / "grammar") / f"{_fingerprint(vocabulary)}.json"


def _fingerprint(vocabulary: Vocabulary) -> str:
    """Everything that the automaton depends on, the templates' own text among it."""
    source = [FORMAT, asdict(vocabulary), load_heard_sentences(vocabulary.language)]
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
