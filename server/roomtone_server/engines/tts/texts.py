"""What every voice asks of a text and its language before it speaks."""

import re
from collections.abc import Iterable
from typing import Final

from roomtone.errors import EngineError

_CONTROL_CHARACTERS: Final = re.compile(r"[\x00-\x1f\x7f]")


def is_sayable(text: str) -> bool:
    """Whether there is anything to say; punctuation alone is not."""
    return any(character.isalnum() for character in text)


def plain(text: str) -> str:
    """The text as any server takes it: on one line, and without halves of surrogate pairs, which no UTF-8 carries."""
    return _CONTROL_CHARACTERS.sub(" ", text).encode(errors="replace").decode()


def best_code(codes: Iterable[str], wanted: str) -> str | None:
    """Of language codes in any spelling the one that serves best: the wanted one, its language without a region,
    another region of it; None when the language is not among them."""
    spelt = {normal_code(code): code for code in codes}
    wanted = normal_code(wanted)
    language = wanted.partition("-")[0]
    of_other_regions = (code for code in spelt if code.partition("-")[0] == language)
    found = next((code for code in (wanted, language, *of_other_regions) if code in spelt), None)
    return None if found is None else spelt[found]


def lacking(engine: str, language: str, codes: Iterable[str]) -> EngineError:
    """What an engine raises for a language that is none of these."""
    known = ", ".join(sorted({normal_code(code) for code in codes}))
    return EngineError(f"{engine} has no voice for {language!r}; it has: {known or 'none'}")


def normal_code(code: str) -> str:
    """A language code in one spelling: `en_US` is en-us."""
    return code.lower().replace("_", "-")
