"""A browser's clock, asked for while its microphone is on: what it says of its own time is placed on ours by that."""

import asyncio
from collections.abc import Callable
from typing import Final

from roomtone.link.clock import PeerClock
from roomtone_server.ports.web.voice.messages import Ping, Pong
from roomtone_server.runtime.session import Moment

EVERY_S: Final = 15.0  # more often, two hundred browsers that hold their microphones open cost over 2 % of a core
FIRST_PINGS: Final = 4  # one upon the other's answer
MAX_UNANSWERED: Final = 8  # of more the oldest are forgotten: a browser need not answer


class Pings:
    def __init__(self, tell: Callable[[Ping], None]) -> None:
        self._tell = tell
        self._clock = PeerClock()
        self._asked: dict[int, float] = {}  # when, by id
        self._last_id = 0
        self._timer: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()

    def begin(self) -> None:
        """From now on."""
        if self._timer is None:
            self._ask()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def answered(self, pong: Pong) -> None:
        asked_at = self._asked.pop(pong.id, None)
        if asked_at is None:
            return
        self._clock.answered(asked_at, None if pong.at is None else pong.at / 1000, self._loop.time())
        if pong.id < FIRST_PINGS and self._timer is not None:
            self._timer.cancel()
            self._ask()

    def moment(self, at_s: float | None) -> Moment:
        """A moment of the browser's on our clock; of one that it does not tell, how far away it is."""
        placed = None if at_s is None else self._clock.place(at_s, self._loop.time())
        if placed is None:
            return Moment(round_trip_s=self._clock.round_trip_s)
        return Moment(placed.at, placed.error_s, self._clock.round_trip_s)

    def _ask(self) -> None:
        self._last_id += 1
        self._asked[self._last_id] = self._loop.time()
        if len(self._asked) > MAX_UNANSWERED:
            del self._asked[next(iter(self._asked))]
        self._tell(Ping(self._last_id))
        self._timer = self._loop.call_later(EVERY_S, self._ask)
