"""What every voice asks of a text and its language before it speaks."""

import re
from collections.abc import Iterable
from typing import Final

from roomtone.errors import LanguageMissing
from roomtone.utf8 import encodable
from roomtone_server.languages.codes import normal_code

_CONTROL_CHARACTERS: Final = re.compile(r"[\x00-\x1f\x7f]")


def is_sayable(text: str) -> bool:
    """Whether there is anything to say; punctuation alone is not."""
    return any(character.isalnum() for character in text)


def plain(text: str) -> str:
    """The text as any server takes it: on one line, and in UTF-8."""
    return encodable(_CONTROL_CHARACTERS.sub(" ", text))


def lacking(engine: str, language: str, codes: Iterable[str]) -> LanguageMissing:
    """What an engine raises for a language that is none of these."""
    known = ", ".join(sorted({normal_code(code) for code in codes}))
    return LanguageMissing(f"{engine} has no voice for {language!r}; it has: {known or 'none'}")
