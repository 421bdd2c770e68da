"""Text to the words of a grammar: one spelling for everything that is said alike."""

import functools
import re
from collections.abc import Mapping, Sequence
from typing import Final

from hassil.util import remove_skip_words

from roomtone_server.grammar.slots import number_words

# What is written but said as a word. A language without a row keeps the sign, as its templates do.
_SIGNS: Final[Mapping[str, Mapping[str, str]]] = {"en": {"%": "percent", "°": "degrees", "&": "and", "½": "half"}}

_NUMBER: Final = re.compile(r"(\d+(?:[.,]\d+)?)")
_SPELLING: Final = str.maketrans({"\u2019": "'", "\u2018": "'", "-": " ", "_": " "})
_HALF: Final = re.compile(r"\b1/2\b")
_SIGN: Final = re.compile(r"([%°&½])")
_NOT_SAID: Final = re.compile(r"[^\w\s'%°&½.,]|(?<!\d)[.,]|[.,](?!\d)")


def words(text: str, language: str) -> list[str]:
    """`Set it to 50%!` is set it to fifty percent. A hyphen parts words; case and punctuation do not matter."""
    return list(_words(text, language))


def spelled(text: str, language: str) -> str:
    """As `words`, but spaces at the ends stay: for a fragment of a template, whose edges may lie inside a word."""
    text = _NOT_SAID.sub(" ", _HALF.sub("½", text.translate(_SPELLING)).casefold())
    text = _NUMBER.sub(lambda digits: f" {_number(digits.group(), language)} ", text) if _NUMBER.search(text) else text
    signs = _SIGNS.get(language, {})
    return _SIGN.sub(lambda sign: f" {signs.get(sign.group(), sign.group())} ", text)


def without_skip_words(text: str, skip_words: Sequence[str]) -> str:
    """The text without `please`, `can you` and the like, as hassil leaves them out."""
    return remove_skip_words(text, skip_words, ignore_whitespace=False)


@functools.lru_cache(maxsize=1024)
def _words(text: str, language: str) -> tuple[str, ...]:
    return tuple(spelled(text, language).split())


def _number(digits: str, language: str) -> str:
    value = float(digits.replace(",", "."))
    return number_words(int(value) if value.is_integer() else value, language)[0]
