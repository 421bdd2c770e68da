"""Words that stand for what was spoken of before: in a template, they can stand wherever a name can."""

import functools
import re
from collections.abc import Iterable
from typing import Any

from hassil.expression import TextChunk
from hassil.intents import TextSlotList, TextSlotValue

from roomtone_server.grammar.vocabulary import NamedThing
from roomtone_server.languages.language import language_of


def has_pronoun(text: str, language: str) -> bool:
    """Whether a word of the text may stand for a thing."""
    return _pattern(language).search(text) is not None


def spelled_out(text: str, name: str, language: str) -> str:
    """The text with a name instead of its first pronoun."""
    return _pattern(language).sub(lambda _: name, text, count=1)


def pronoun_names(things: Iterable[NamedThing], language: str) -> TextSlotList:
    """The pronouns as hassil's list `name`: a template that asks for a domain, or a device class, takes those that can
    stand for one of these things."""
    kinds = {(thing.domain, thing.device_class) for thing in things}
    return TextSlotList(
        "name",
        [
            TextSlotValue(
                text_in=TextChunk(pronoun),
                value_out=pronoun,
                context=_context(domain, device_class),
                metadata={"id": f"{domain}.", "area": None},
            )
            for domain, device_class in sorted(kinds, key=str)
            for pronoun in language_of(language).pronouns
        ],
    )


def _context(domain: str, device_class: str | None) -> dict[str, Any]:
    return {"domain": domain} if device_class is None else {"domain": domain, "device_class": device_class}


@functools.cache
def _pattern(language: str) -> re.Pattern[str]:
    # Not \b: the vowel signs at the end of many words are no letters to it.
    return re.compile(rf"(?<!\S)({'|'.join(language_of(language).pronouns) or '(?!)'})(?!\S)", re.IGNORECASE)
