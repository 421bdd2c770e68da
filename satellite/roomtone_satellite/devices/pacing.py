"""The clock of a speaker that has none of its own: when each sample sounds, if they follow each other without a gap."""

from typing import Final

# A writer that wakes up this late has not left a gap: a sound card's own buffer would have bridged it.
BRIDGED_S: Final = 0.02


class PlaybackClock:
    """Pure; `now` is monotonic, in seconds."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self.silent_at = 0.0  # when all that was accepted has sounded

    def accept(self, samples: int, now: float) -> float:
        """Lines samples up behind those before them; the time at which the first of them sounds."""
        starts_at = self.silent_at if now < self.silent_at + BRIDGED_S else now
        self.silent_at = starts_at + samples / self._rate_hz
        return starts_at

    def pending(self, now: float) -> int:
        """How many of the accepted samples have not sounded yet."""
        return max(0, round((self.silent_at - now) * self._rate_hz))

    def flush(self, now: float) -> int:
        """Forgets what has not sounded; how many samples that was."""
        pending = self.pending(now)
        self.silent_at = min(self.silent_at, now)
        return pending
