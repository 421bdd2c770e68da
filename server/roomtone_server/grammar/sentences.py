"""Sentence templates: the packaged ones of home-assistant-intents, and the project's own beside them.

Three files per language lie in `data/`, all in hassil's own format:

    en.yaml              everyday speech that the package misses; understood, and heard
    en.understood.yaml   rarer speech that the package misses; understood, and not listened for
    en.heard.yaml        of what the package understands, what the recogniser listens for

The fewer sentences are listened for, the better each is heard.

Reading them is the only I/O of this package.
"""

import functools
from collections.abc import Mapping
from importlib import metadata, resources
from typing import Any, Final

import yaml

from roomtone.errors import LanguageMissing
from roomtone_server.grammar.numbers import with_number_words
from roomtone_server.languages.language import language_of, languages

# libyaml's where PyYAML was built with it: ten times as fast, and each start of the server reads the templates.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Templates = dict[str, Any]  # as hassil's Intents.from_dict takes it: language, intents, lists, expansion_rules, ...


def load_sentences(language: str) -> Templates:
    """Everything that is understood: the package's templates and responses, and our own. The caller owns the dict.

    A region without templates of its own has its language's. Raises LanguageMissing for a language that both lack.
    """
    import home_assistant_intents

    known, get = language_of(language), home_assistant_intents.get_intents
    packaged, own = get(language) or get(known.code), _own(language)
    if packaged is None and not own:
        others = sorted({*home_assistant_intents.get_languages(), *(each.code for each in languages())})
        there = f"there are some for: {', '.join(others)}"
        raise LanguageMissing(f"there are no sentence templates for the language {language!r}; {there}")
    templates = _merged(_merged(packaged or {}, own), _own(language, ".understood"))
    return {**templates, "lists": with_number_words(templates.get("lists", {}), known.numbers)}


def load_heard_sentences(language: str) -> Templates:
    """What a recogniser listens for: a part of what is understood, small enough to be heard well.

    Of a language without a selection of our own, this is everything that is understood. Raises EngineError for a
    language without templates.
    """
    understood = load_sentences(language)
    heard = _own(language, ".heard")
    if not heard:
        return understood
    return _merged({**understood, "intents": {}}, _merged(heard, _own(language)))


def templates_version(language: str) -> list[str]:
    """Changes whenever what is understood or heard may have changed; found without reading templates."""
    known = language_of(language)
    ours = [_text(f"{known.code}{kind}.yaml") for kind in ("", ".understood", ".heard")]
    return [metadata.version("home-assistant-intents"), *ours, *known.numbers.words]


def _own(language: str, kind: str = "") -> Templates:
    text = _text(f"{language_of(language).code}{kind}.yaml")
    return dict(yaml.load(text, _LOADER)) if text else {}  # noqa: S506 - either loader is a safe one


@functools.cache
def _text(name: str) -> str:
    file = resources.files(__package__) / "data" / name
    return file.read_text(encoding="utf-8") if file.is_file() else ""


def _merged(base: Mapping[str, Any], more: Mapping[str, Any]) -> Templates:
    """Mappings are joined, lists are appended (our own stand behind the package's), all else is replaced."""
    merged = dict(base)
    for key, value in more.items():
        old = merged.get(key)
        if isinstance(old, Mapping) and isinstance(value, Mapping):
            merged[key] = _merged(old, value)
        elif isinstance(old, list) and isinstance(value, list):
            merged[key] = [*old, *value]
        else:
            merged[key] = value
    return merged
