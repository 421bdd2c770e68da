"""What a model thinks to itself, told from what it says. Some servers leave the marks in the text, and nobody wants to
hear what stands between them.

Only the beginning of a reply is looked at: later on, a `<think>` is something that the model says.
"""

from collections.abc import Iterator
from enum import Enum, auto
from typing import Final

from roomtone_server.engines.base import TextDelta, ThinkingDelta

OPENING: Final = "<think>"
CLOSING: Final = "</think>"


class _State(Enum):
    BEGINNING = auto()  # it is not known yet whether the model thinks
    THINKING = auto()
    RESUMING = auto()  # after its thoughts, before the first word: line breaks there belong to the mark
    SPEAKING = auto()


class Thoughts:
    """Splits one reply as it comes. Characters that may turn out to be part of a mark are held until that is known."""

    def __init__(self) -> None:
        self._state = _State.BEGINNING
        self._held = ""

    def split(self, text: str) -> Iterator[TextDelta | ThinkingDelta]:
        """What is certain after the next piece of the reply."""
        self._held += text
        if self._state is _State.BEGINNING:
            self._look_for_thoughts()
        if self._state is _State.THINKING:
            yield from self._think()
        if self._state is _State.RESUMING:
            self._held = self._held.lstrip()
            self._state = _State.SPEAKING if self._held else _State.RESUMING
        if self._state is _State.SPEAKING:
            yield from self.rest()

    def rest(self) -> Iterator[TextDelta | ThinkingDelta]:
        """What is held, now that nothing more is waited for."""
        if self._held:
            yield ThinkingDelta(self._held) if self._state is _State.THINKING else TextDelta(self._held)
            self._held = ""

    def _look_for_thoughts(self) -> None:
        begun = self._held.lstrip()
        if begun.startswith(OPENING):
            self._state, self._held = _State.THINKING, begun.removeprefix(OPENING)
        elif not OPENING.startswith(begun):
            self._state = _State.SPEAKING

    def _think(self) -> Iterator[ThinkingDelta]:
        thought, closing, rest = self._held.partition(CLOSING)
        if closing:
            self._state, self._held = _State.RESUMING, rest
        else:
            thought, self._held = _without_beginning_of(CLOSING, thought)
        if thought:
            yield ThinkingDelta(thought)


def _without_beginning_of(mark: str, text: str) -> tuple[str, str]:
    """The text, and what at its end may be the beginning of a mark."""
    longest = next((n for n in range(len(mark) - 1, 0, -1) if text.endswith(mark[:n])), 0)
    return text[: len(text) - longest], text[len(text) - longest :]
