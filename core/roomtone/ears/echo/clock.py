"""The sample clock of a microphone, read off when its frames arrive. Pure; `now` is monotonic, in seconds."""

from typing import Final

from roomtone.ears.formats import RATE_HZ

# How fast the estimate gives way to frames that keep arriving late: faster than any two clocks drift apart (0.03 %).
_YIELD: Final = 1e-3
_GAP_S: Final = 0.5  # frames that are later than that were not delayed: some between are missing


class SampleClock:
    """A frame arrives when it is over, or later, never earlier: so the most punctual ones tell the time."""

    def __init__(self) -> None:
        self._began: float | None = None  # when sample 0 was heard
        self._asked = 0.0

    def arrived(self, position: int, now: float) -> None:
        """A frame arrived that ends at `position`."""
        began = now - position / RATE_HZ
        if self._began is None or began > self._began + _GAP_S:
            self._began = began
        else:
            self._began = min(began, self._began + _YIELD * (now - self._asked))
        self._asked = now

    def position(self, now: float) -> float | None:
        """The sample that the microphone hears now; None before the first frame has arrived."""
        return None if self._began is None else (now - self._began) * RATE_HZ

    def heard_at(self, position: int) -> float | None:
        """When the microphone heard a sample; None before the first frame has arrived."""
        return None if self._began is None else self._began + position / RATE_HZ
