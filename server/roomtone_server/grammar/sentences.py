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

from roomtone.errors import EngineError
from roomtone_server.grammar.numbers import with_number_words
from roomtone_server.languages.language import language_of

# libyaml's where PyYAML was built with it: ten times as fast, and each start of the server reads the templates.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_OURS: Final = ("mr",)  # the languages that only we have templates for

Templates = dict[str, Any]  # as hassil's Intents.from_dict takes it: language, intents, lists, expansion_rules, ...


def load_sentences(language: str) -> Templates:
    """Everything that is understood: the package's templates and responses, and our own. The caller owns the dict.

    Raises EngineError for a language that both lack.
    """
    import home_assistant_intents

    packaged, own = home_assistant_intents.get_intents(language), _everyday(language)
    if packaged is None and not own:
        known = ", ".join(sorted({*home_assistant_intents.get_languages(), *_OURS}))
        raise EngineError(f"there are no sentence templates for the language {language!r}; there are some for: {known}")
    templates = _merged(_merged(packaged or {}, own), _read(f"{language}.understood.yaml"))
    return {**templates, "lists": with_number_words(templates.get("lists", {}), language_of(language).numbers)}


def load_heard_sentences(language: str) -> Templates:
    """What a recogniser listens for: a part of what is understood, small enough to be heard well.

    Of a language without a selection of our own, this is everything that is understood. Raises EngineError for a
    language without templates.
    """
    understood = load_sentences(language)
    heard = _read(f"{language}.heard.yaml")
    if not heard:
        return understood
    return _merged({**understood, "intents": {}}, _merged(heard, _everyday(language)))


def templates_version(language: str) -> list[str]:
    """Changes whenever what is understood or heard may have changed; found without reading templates."""
    ours = [_text(f"{language}{kind}.yaml") for kind in ("", ".understood", ".heard")]
    return [metadata.version("home-assistant-intents"), *ours, *language_of(language).numbers.words]


def _everyday(language: str) -> Templates:
    return _read(f"{language}.yaml")


def _read(name: str) -> Templates:
    text = _text(name)
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
