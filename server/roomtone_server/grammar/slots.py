"""The home's names as hassil's slot lists: one source for what is recognised and for what is understood."""

import functools
import re
import unicodedata
from typing import Any, Final

from hassil.expression import TextChunk
from hassil.intents import TextSlotList, TextSlotValue
from hassil.util import normalize_text

from roomtone_server.grammar.vocabulary import NamedThing, Vocabulary
from roomtone_server.grammar.words import words
from roomtone_server.languages.language import language_of

MAX_KEPT: Final = 8192  # things: those of a large home, in some languages

_INNER_CAPITAL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")  # EcoBee: Eco Bee
_LETTER_BESIDE_DIGIT: Final = re.compile(r"(?<=[^\W\d])(?=\d)|(?<=\d)(?=[^\W\d])")  # lamp2: lamp 2


def slot_lists(vocabulary: Vocabulary) -> dict[str, TextSlotList]:
    """The lists `name`, `area` and `floor`.

    A value is the thing's first name, whichever of its names was said. A name's context carries `domain` and, where it
    has one, `device_class`: the templates ask for them. Its metadata carries `id` and `area`.
    """
    language = vocabulary.language
    names = [value for thing in vocabulary.things for value in _thing_values(thing, language)]
    areas, floors = (
        [_value(spoken, place.names[0]) for place in places for name in place.names for spoken in said(name, language)]
        for places in (vocabulary.areas, vocabulary.floors)
    )
    return {
        "name": TextSlotList(name="name", values=names),
        "area": TextSlotList(name="area", values=areas),
        "floor": TextSlotList(name="floor", values=floors),
    }


def said(name: str, language: str) -> list[str]:
    """The ways in which a written name is spoken, the written one first: `Lamp 2` is also `lamp two`; none for `!`."""
    name = unicodedata.normalize("NFC", name).strip()
    if not any(map(str.isalnum, name)):
        return []
    apart = _LETTER_BESIDE_DIGIT.sub(" ", _INNER_CAPITAL.sub(" ", name))
    known = language_of(language)
    forms = [name, known.with_western_digits(name), apart, _as_words(name, language), _as_words(apart, language)]
    forms += [inflected for form in forms for inflected in known.inflected(form)]
    return list({form.lower(): form for form in reversed(forms)}.values())[::-1]


def _as_words(name: str, language: str) -> str:
    return " ".join(words(name, language))


@functools.lru_cache(maxsize=MAX_KEPT)
def _thing_values(thing: NamedThing, language: str) -> tuple[TextSlotValue, ...]:
    """Kept, since of a large home one name changes at a time, while somebody may be speaking."""
    context: dict[str, Any] = {"domain": thing.domain}
    if thing.device_class is not None:
        context["device_class"] = thing.device_class
    metadata = {"id": thing.id, "area": thing.area}
    forms = [spoken for name in thing.names for spoken in said(name, language)]
    return tuple(_value(spoken, thing.names[0], context, metadata) for spoken in forms)


def _value(
    text: str, value: str, context: dict[str, Any] | None = None, metadata: dict[str, Any] | None = None
) -> TextSlotValue:
    # A TextChunk, not a parsed template: a name may hold a bracket.
    return TextSlotValue(
        text_in=TextChunk(normalize_text(text)), value_out=value, context=context and dict(context), metadata=metadata
    )
