"""The clock of a speaker that has none of its own: when each sample sounds, if they follow each other without a gap."""

import math
from typing import Final

# A writer that wakes up this late has not left a gap: a sound card's own buffer would have bridged it.
BRIDGED_S: Final = 0.02


class PlaybackClock:
    """As a sound card does, it plays a sample at each tick, silence where there is none. Pure; `now` is monotonic, in
    seconds."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._began: float | None = None  # the first tick
        self._end = 0  # the tick behind all that was accepted

    @property
    def silent_at(self) -> float:
        """When all that was accepted has sounded."""
        return self._at(self._end)

    def place(self, now: float) -> int:
        """The tick at which what is accepted now would begin to sound."""
        tick = 0.0 if self._began is None else (now - self._began) * self._rate_hz
        return self._end if tick < self._end + BRIDGED_S * self._rate_hz else math.ceil(tick)

    def accept(self, samples: int, now: float) -> float:
        """Lines samples up behind those before them; the time at which the first of them sounds."""
        if self._began is None:
            self._began = now
        place = self.place(now)
        self._end = place + samples
        return self._at(place)

    def pending(self, now: float) -> int:
        """How many of the accepted samples have not sounded yet."""
        return max(0, round((self.silent_at - now) * self._rate_hz))

    def flush(self, now: float) -> int:
        """Forgets what has not sounded; how many samples that was."""
        pending = self.pending(now)
        self._end -= pending
        return pending

    def _at(self, tick: int) -> float:
        return (self._began or 0.0) + tick / self._rate_hz
