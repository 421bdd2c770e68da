"""Countdowns: what they are, what can be done to them, which ends next.

They count on the monotonic clock. The wall clock is read only to keep them over a restart.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid4

from roomtone.errors import StoreError
from roomtone_server.store.base import StoredTimer, TimerStore

_LOGGER: Final = logging.getLogger(__name__)

# A voice that says "set a timer" all day must not fill the store.
MAX_TIMERS: Final = 100


@dataclass(frozen=True, slots=True)
class Timer:
    """Running until `ends_at` (monotonic, seconds), or paused with `left_s` to go."""

    id: str
    satellite: str
    area: str | None
    name: str | None
    set_s: int
    ends_at: float | None
    left_s: float | None = None
    command: str | None = None
    confirmed: bool = False
    language: str = ""

    def seconds_left(self, now: float) -> float:
        if self.ends_at is None:
            assert self.left_s is not None
            return self.left_s
        return self.ends_at - now


@dataclass(frozen=True, slots=True)
class StartTimer:
    seconds: int
    satellite: str
    area: str | None
    name: str | None = None
    command: str | None = None  # carried out at the end, instead of ringing
    confirmed: bool = False  # its question was answered with yes
    language: str = ""  # in which it was set, and the command is


@dataclass(frozen=True, slots=True)
class CancelTimer:
    id: str


@dataclass(frozen=True, slots=True)
class PauseTimer:
    id: str


@dataclass(frozen=True, slots=True)
class ResumeTimer:
    id: str


@dataclass(frozen=True, slots=True)
class ExtendTimer:
    """By a negative number of seconds: shortens it."""

    id: str
    seconds: int


@dataclass(frozen=True, slots=True)
class RestoreTimer:
    """Whatever became of it: as it was."""

    timer: Timer


TimerChange = StartTimer | CancelTimer | PauseTimer | ResumeTimer | ExtendTimer | RestoreTimer


class Timers:
    """All timers, in memory and in their store. A change to one that is gone meanwhile does nothing."""

    def __init__(
        self, store: TimerStore, monotonic: Callable[[], float], wall: Callable[[], float], changed: asyncio.Event
    ) -> None:
        """`changed` is set whenever another timer may end next."""
        self._store = store
        self._monotonic = monotonic
        self._wall = wall
        self._timers: dict[str, Timer] = {}
        self._changed = changed

    async def load(self) -> None:
        """Takes up what the store kept; what ended meanwhile is due at once."""
        for stored in await self._store.list():
            self._timers[stored.id] = self._from_store(stored)
        self._changed.set()

    def all(self) -> Sequence[Timer]:
        """In the order in which they were set."""
        return tuple(self._timers.values())

    async def apply(self, change: TimerChange) -> None:
        """Carries a change out; when it returns, the change outlives a crash. Raises StoreError."""
        if isinstance(change, StartTimer):
            await self._keep(self._started(change))
        elif isinstance(change, RestoreTimer):
            await self._keep(change.timer)
        elif (timer := self._timers.get(change.id)) is None:
            return
        elif isinstance(change, CancelTimer):
            await self._store.remove(timer.id)
            self._timers.pop(timer.id, None)
            self._changed.set()
        else:
            await self._keep(self._altered(timer, change))

    def left_s(self) -> float | None:
        """Until the next end; negative when it is over, None when no timer runs."""
        return min((self.seconds_left(timer) for timer in self._running()), default=None)

    def pop(self) -> Timer:
        """The one that ends next; it is none of `all` any more, and stays in the store until it is forgotten."""
        return self._timers.pop(min(self._running(), key=self.seconds_left).id)

    def _running(self) -> Sequence[Timer]:
        return [timer for timer in self._timers.values() if timer.ends_at is not None]

    async def forget(self, timer_id: str) -> None:
        """It has rung."""
        try:
            await self._store.remove(timer_id)
        except StoreError as problem:
            # At worst it rings once more. The other timers must not stop for that.
            _LOGGER.error("a timer that has rung cannot be forgotten: %s", problem)

    def seconds_left(self, timer: Timer) -> float:
        """Negative when it ended a while ago, as one that ended while nothing ran."""
        return timer.seconds_left(self._monotonic())

    async def _keep(self, timer: Timer) -> None:
        await self._store.save(self._to_store(timer))
        self._timers[timer.id] = timer
        self._changed.set()

    def _started(self, change: StartTimer) -> Timer:
        return Timer(
            id=uuid4().hex,
            satellite=change.satellite,
            area=change.area,
            name=change.name,
            set_s=change.seconds,
            ends_at=self._monotonic() + change.seconds,
            command=change.command,
            confirmed=change.confirmed,
            language=change.language,
        )

    def _altered(self, timer: Timer, change: PauseTimer | ResumeTimer | ExtendTimer) -> Timer:
        left_s = self.seconds_left(timer)
        runs = timer.ends_at is not None
        match change:
            case PauseTimer():
                runs = False
            case ResumeTimer():
                runs = True
            case ExtendTimer(seconds=seconds):
                left_s = max(0.0, left_s + seconds)
        if runs:
            return replace(timer, ends_at=self._monotonic() + left_s, left_s=None)
        return replace(timer, ends_at=None, left_s=left_s)

    def _to_store(self, timer: Timer) -> StoredTimer:
        ends_at = None if timer.ends_at is None else self._wall() + self.seconds_left(timer)
        return StoredTimer(
            timer.id,
            timer.satellite,
            timer.area,
            timer.name,
            timer.set_s,
            ends_at,
            timer.left_s,
            timer.command,
            timer.confirmed,
            timer.language,
        )

    def _from_store(self, kept: StoredTimer) -> Timer:
        ends_at = None if kept.ends_at is None else self._monotonic() + kept.ends_at - self._wall()
        return Timer(
            kept.id,
            kept.satellite,
            kept.area,
            kept.name,
            kept.set_s,
            ends_at,
            kept.left_s,
            kept.command,
            kept.confirmed,
            kept.language,
        )
