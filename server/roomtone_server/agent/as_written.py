"""Free words as they were written: commands are matched without punctuation, but what is kept keeps it. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

from roomtone_server.languages.language import language_of

# The slots of free words that are kept, or said again.
_KEPT: Final = frozenset({"fact", "item", "message", "reminder", "what"})

_OPENS: Final = r"[(\"“„«]*"
_CLOSES: Final = r"[)\"”“»]*"


def as_written(slots: Mapping[str, Any], text: str, language: str) -> dict[str, Any]:
    """The slots of a command, with the free words among them as they stand in its text: "12:30", and not "12 30"."""
    return {
        slot: _written(value, text, language) if slot in _KEPT and isinstance(value, str) else value
        for slot, value in slots.items()
    }


def _written(words: str, text: str, language: str) -> str:
    """What the words, of a normalised text, are in that text; themselves where they are not in it, in their order."""
    pattern = ""
    for word in words.split():
        apart = r"\W+?" if pattern else ""
        signs = [rf"\s*{re.escape(sign)}" for sign, said in language_of(language).signs.items() if said == word]
        pattern += f"(?:{'|'.join([apart + re.escape(word), *signs])})"
    found = re.search(rf"{_OPENS}(?<!\w){pattern}(?!\w){_CLOSES}", text, re.IGNORECASE)
    return " ".join(found[0].split()) if found else words
