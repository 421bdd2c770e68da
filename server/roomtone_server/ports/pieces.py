"""A reply's text, for those who are shown it: a longer one than an event may carry comes in pieces."""

from collections.abc import Iterator
from typing import Final

MAX_CHARACTERS: Final = 4000  # of a reply, in one event


def pieces(text: str) -> Iterator[str]:
    """One after the other; none of a text that is empty."""
    for start in range(0, len(text), MAX_CHARACTERS):
        yield text[start : start + MAX_CHARACTERS]
