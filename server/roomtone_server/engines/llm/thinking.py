"""What a model thinks to itself, told from what it says. Some servers leave the marks in the text, and nobody wants to
hear what stands between them.

Only the beginning of a reply is looked at: later on, a `<think>` is something that the model says.
"""

from collections.abc import Iterator
from typing import Final

from roomtone_server.engines.base import TextDelta, ThinkingDelta

OPENING: Final = "<think>"
CLOSING: Final = "</think>"


class Thoughts:
    """Splits one reply as it comes. Characters that may turn out to be part of a mark are held until that is known."""

    def __init__(self) -> None:
        self._held = ""
        self._mark: str | None = OPENING  # the one that is waited for

    def split(self, text: str) -> Iterator[TextDelta | ThinkingDelta]:
        """What is certain after the next piece of the reply."""
        self._held += text
        if self._mark == OPENING:
            self._look_for_thoughts()
        if self._mark == CLOSING:
            thought, closing, rest = self._held.partition(CLOSING)
            if closing:
                self._mark, self._held = None, rest.lstrip()
            else:
                thought, self._held = _without_beginning_of(CLOSING, thought)
            if thought:
                yield ThinkingDelta(thought)
        if self._mark is None and self._held:
            yield TextDelta(self._held)
            self._held = ""

    def rest(self) -> Iterator[TextDelta | ThinkingDelta]:
        """What was held, now that the reply has ended."""
        if self._held:
            yield ThinkingDelta(self._held) if self._mark == CLOSING else TextDelta(self._held)
            self._held = ""

    def _look_for_thoughts(self) -> None:
        begun = self._held.lstrip()
        if begun.startswith(OPENING):
            self._mark, self._held = CLOSING, begun.removeprefix(OPENING)
        elif not OPENING.startswith(begun):
            self._mark = None


def _without_beginning_of(mark: str, text: str) -> tuple[str, str]:
    """The text, and what at its end may be the beginning of a mark."""
    longest = next((n for n in range(len(mark) - 1, 0, -1) if text.endswith(mark[:n])), 0)
    return text[: len(text) - longest], text[len(text) - longest :]
