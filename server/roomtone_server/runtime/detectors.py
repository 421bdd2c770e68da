"""Voice detectors that serve one utterance after the other: to make one takes longer than half a frame."""

from collections.abc import Callable
from typing import Final

from roomtone.ears.base import VoiceActivity

MAX_RESTING: Final = 4  # guards memory: each takes some 2.6 MB


class Detectors:
    """Whoever takes one has it alone, resets it, and gives it back."""

    def __init__(self, make: Callable[[], VoiceActivity]) -> None:
        self._make = make
        self._resting: list[VoiceActivity] = []

    def take(self) -> VoiceActivity:
        return self._resting.pop() if self._resting else self._make()

    def give_back(self, detector: VoiceActivity) -> None:
        if len(self._resting) < MAX_RESTING:
            self._resting.append(detector)
