"""How far a reply has sounded at a satellite that tells, if anything, when it is over. Pure; `now` is monotonic, in
seconds.
"""

from typing import Final

from roomtone_server.runtime.session import Sounded

# From our sending a sample to its sounding: the network, and what a sound server holds. To believe that a reply is over
# while it still sounds would be worse than to wait.
LAG_S: Final = 0.3
REPORT_S: Final = 0.2  # as often as our own satellites
# Beyond the count, for one that has told the end of a reply before: its sound program has to end first.
TELLS_WITHIN_S: Final = 2.0


class Playback:
    """One reply after the other. What has sounded of it is counted by time."""

    def __init__(self) -> None:
        self._turn: int | None = None  # whose reply sounds, or is about to
        self._rate_hz = 0
        self._samples = 0  # sent
        self._sounds_until = 0.0
        self._reports_at: float | None = None
        self._all_sent = False
        self._tells = False  # that a reply is over
        self._untold = 0  # ends that were sent, and not told of yet

    @property
    def turn(self) -> int | None:
        """Whose reply has begun and is not over."""
        return self._turn

    def begin(self, turn: int, rate_hz: int) -> None:
        self._turn, self._rate_hz = turn, rate_hz
        self._samples, self._sounds_until = 0, 0.0
        self._reports_at, self._all_sent = None, False

    def sent(self, samples: int, now: float) -> None:
        """After a pause the speaker starts anew."""
        starts_at = max(self._sounds_until, now + LAG_S)
        if self._reports_at is None:
            self._reports_at = starts_at
        self._samples += samples
        self._sounds_until = starts_at + samples / self._rate_hz

    def end(self) -> None:
        """All was sent, and its end with it."""
        self._all_sent = True
        self._untold += 1

    def cut(self) -> None:
        """It falls silent before its end."""
        self._turn = self._reports_at = None
        self._untold += 1

    def told(self) -> list[Sounded]:
        """The satellite says that what it was sent has sounded."""
        self._tells = True
        self._untold = max(0, self._untold - 1)
        if self._turn is None or not self._all_sent or self._untold:
            return []  # that was a reply before this one
        return [self._over(self._turn)]

    def reached(self, now: float) -> list[Sounded]:
        """Where it is now, if anything sounds."""
        if self._turn is None or not self._samples:
            return []
        left = max(0.0, self._sounds_until - now) * self._rate_hz
        return [Sounded(self._turn, max(0, self._samples - round(left)), done=False)]

    def next_deadline(self) -> float | None:
        if self._turn is None or self._reports_at is None:
            return None
        return min(self._reports_at, self._over_at) if self._all_sent else self._reports_at

    def advance(self, now: float) -> list[Sounded]:
        """What is to be reported now."""
        if self._turn is None or self._reports_at is None:
            return []
        if self._all_sent and now >= self._over_at:
            self._untold = 0
            return [self._over(self._turn)]
        if now < self._reports_at:
            return []
        self._reports_at = now + REPORT_S
        return self.reached(now)

    @property
    def _over_at(self) -> float:
        return self._sounds_until + (TELLS_WITHIN_S if self._tells else 0.0)

    def _over(self, turn: int) -> Sounded:
        self._turn = self._reports_at = None
        return Sounded(turn, self._samples, done=True)
