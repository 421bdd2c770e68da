"""Text to the words of a grammar: one spelling for everything that is said alike."""

import functools
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from roomtone_server.grammar.numbers import said_number

# What is written but said as a word. A language without a row keeps the sign, as its templates do.
_SIGNS: Final[Mapping[str, Mapping[str, str]]] = {"en": {"%": "percent", "°": "degrees", "&": "and", "½": "half"}}

# Courtesy that hassil's own skip words leave standing; only at the edges, where it cannot be part of a name. A language
# without a row has none.
_COURTESY: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(
        r"^((hey|okay|ok|so|well|and|now|just|please|will you|would you mind)\s+)+(?=\w+\s)"
        r"|(\s+(please|thanks|thank you|now|then|right away|for me))+$",
        re.IGNORECASE,
    )
}

_NUMBER: Final = re.compile(r"(\d+(?:[.,]\d+)?)")
_SPELLING: Final = str.maketrans({"\u2019": "'", "\u2018": "'", "-": " ", "_": " ", "\u200c": None, "\u200d": None})
_HALF: Final = re.compile(r"\b1/2\b")
_SIGN: Final = re.compile(r"([%°&½])")
# Vowel signs and accents: combining marks, which `\w` lacks, of the scripts that write with them, without the danda.
_MARKS: Final = r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0eff"
_NOT_SAID: Final = re.compile(rf"[^\w\s'%°&½.,{_MARKS}]|(?<!\d)[.,]|[.,](?!\d)")


def words(text: str, language: str) -> list[str]:
    """`Set it to 50%!` is set it to fifty percent. A hyphen parts words; case and punctuation do not matter."""
    return list(_words(text, language))


def spelled(text: str, language: str) -> str:
    """As `words`, but spaces at the ends stay: for a fragment of a template, whose edges may lie inside a word."""
    text = unicodedata.normalize("NFC", text).translate(_SPELLING).casefold()
    text = _NOT_SAID.sub(" ", _HALF.sub("½", text))
    text = (
        _NUMBER.sub(lambda digits: f" {said_number(digits.group(), language)} ", text) if _NUMBER.search(text) else text
    )
    signs = _SIGNS.get(language, {})
    return _SIGN.sub(lambda sign: f" {signs.get(sign.group(), sign.group())} ", text)


def without_courtesy(text: str, language: str) -> str:
    """A text without courtesy at its edges, and with nothing else changed; words must be one space apart."""
    return _COURTESY[language].sub("", text) if language in _COURTESY else text


def without_skip_words(said: list[str], skip_words: tuple[str, ...]) -> list[str]:
    """The words without `please`, `can you` and the like, wherever they stand, as hassil leaves them out."""
    phrases = _by_first_word(skip_words)
    kept: list[str] = []
    at = 0
    while at < len(said):
        skipped = next((phrase for phrase in phrases.get(said[at], ()) if said[at : at + len(phrase)] == phrase), [])
        if not skipped:
            kept.append(said[at])
        at += len(skipped) or 1
    return kept


@functools.lru_cache(maxsize=16)
def _by_first_word(skip_words: tuple[str, ...]) -> dict[str, list[list[str]]]:
    """The longest first."""
    phrases: dict[str, list[list[str]]] = {}
    for phrase in sorted((skipped.casefold().split() for skipped in skip_words), key=len, reverse=True):
        phrases.setdefault(phrase[0], []).append(phrase)
    return phrases


@functools.lru_cache(maxsize=1024)
def _words(text: str, language: str) -> tuple[str, ...]:
    return tuple(spelled(text, language).split())
