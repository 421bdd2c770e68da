"""A peer's clock placed on ours, by pings. Pure; both clocks are monotonic, in seconds, and share no zero.

A peer reads its clock somewhere between our asking and its answer's coming back: most likely halfway, and never more
than half of the round trip away from there. So the quickest exchange tells most. An old one tells less with every
second, since no two clocks run alike.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

# What is forgotten no longer holds back a clock that drifts, and a route that has changed.
MAX_KEPT: Final = 8
# Linux corrects a clock by at most 500 ppm (adjtimex), on top of what its crystal is off, some 50.
MAX_DRIFT: Final = 600e-6
# An event older than this was not on its way, or its sender's clock is not the one that its pongs tell.
MAX_LATE_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A moment of the peer's on our clock."""

    at: float
    error_s: float  # it was at most so much earlier or later


@dataclass(frozen=True, slots=True)
class _Exchange:
    peer_at: float
    halfway: float  # between our asking and the answer
    round_trip_s: float

    def place(self, peer_at: float) -> Placed:
        since = peer_at - self.peer_at
        return Placed(self.halfway + since, self.round_trip_s / 2 + MAX_DRIFT * abs(since))


class PeerClock:
    """What the last few exchanges with one peer tell."""

    def __init__(self) -> None:
        self._round_trips_s: deque[float] = deque(maxlen=MAX_KEPT)
        self._exchanges: deque[_Exchange] = deque(maxlen=MAX_KEPT)

    @property
    def round_trip_s(self) -> float | None:
        """The least of the last few; None before the first."""
        return min(self._round_trips_s, default=None)

    def answered(self, asked_at: float, peer_at: float | None, now: float) -> None:
        """A ping of `asked_at` was answered; `peer_at` is what the peer's clock showed, None if it does not tell."""
        self._round_trips_s.append(now - asked_at)
        if peer_at is None:
            return
        exchange = _Exchange(peer_at, (asked_at + now) / 2, now - asked_at)
        if self._contradicts(exchange):
            self._exchanges.clear()
        self._exchanges.append(exchange)

    def place(self, peer_at: float, now: float) -> Placed | None:
        """When that was; None as long as the peer's clock is not known, and for what cannot have been: a moment that is
        yet to come, or one long past."""
        placed = self._place(peer_at)
        if placed is None or not now - MAX_LATE_S <= placed.at <= now + placed.error_s:
            return None
        return placed

    def _place(self, peer_at: float) -> Placed | None:
        by_each = (exchange.place(peer_at) for exchange in self._exchanges)
        return min(by_each, key=lambda placed: placed.error_s, default=None)

    def _contradicts(self, exchange: _Exchange) -> bool:
        """Whether the peer's clock has jumped: it slept, or another has taken its place."""
        expected, found = self._place(exchange.peer_at), exchange.place(exchange.peer_at)
        return expected is not None and abs(expected.at - found.at) > expected.error_s + found.error_s
