"""One spelling for commands that are written differently: what the sentence templates expect."""

import functools
import re
from typing import Final

from roomtone_server.grammar.words import without_courtesy
from roomtone_server.languages.language import language_of

_NOT_SAID: Final = r";:\"“”„()"
_DEGREE: Final = "°"
_NON_JOINER: Final = "\u200c"  # changes how letters look, and not which they are


def normalised(text: str, language: str) -> str:
    """The command in a text: without punctuation, with signs as words and digits as 0 to 9, without courtesy at its
    edges."""
    text = language_of(language).with_western_digits(text.replace(_NON_JOINER, ""))
    for word, sign in _signs(language):
        text = sign.sub(word, text)
    return without_courtesy(" ".join(_punctuation(language).sub(" ", text).split()), language)


def said_anew(said: str, language: str) -> str:
    """A normalised command without what says that it was so before: "turn it off again"."""
    for words, plain in language_of(language).anew.items():
        said = re.sub(rf"(?<!\S){re.escape(words)}(?!\S)", plain, said, flags=re.IGNORECASE)
    return " ".join(said.split())


@functools.cache
def _signs(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((f" {word}", _sign(sign)) for sign, word in language_of(language).signs.items())


def _sign(sign: str) -> re.Pattern[str]:
    if sign[0].isalpha():
        return re.compile(rf"\s+{re.escape(sign)}\b")
    return re.compile(rf"\s*{re.escape(sign)}" + (r"\s*(?:[CF]\b)?" if sign == _DEGREE else ""))


@functools.cache
def _punctuation(language: str) -> re.Pattern[str]:
    ends = re.escape(language_of(language).sentence_ends.replace(".", ""))
    return re.compile(rf"[{_NOT_SAID}{ends}]|[.,](?!\d)|(?<!\d)[.,]")
