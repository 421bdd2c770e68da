"""A limit on waits that nearly always end long before it."""

import asyncio
from collections.abc import Callable


class Watchdog:
    """Entered for each wait, and left at its end; one that lasts longer than `seconds` has `expired` called.

    One timer serves them all, and looks what is waited for when it rings: `asyncio.timeout` makes and cancels one for
    each wait, which for a frame of audio costs as much as reading it. One event loop; one wait at a time.
    """

    def __init__(self, seconds: float, expired: Callable[[], None]) -> None:
        self._seconds = seconds
        self._expired = expired
        self._loop = asyncio.get_running_loop()
        self._ends_at: float | None = None  # while something is waited for
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> None:
        self._ends_at = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(self._ends_at, self._look)

    def __exit__(self, *_: object) -> None:
        self._ends_at = None

    def close(self) -> None:
        """Nothing is waited for any more."""
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        self._timer = None
        if self._ends_at is None:
            return
        if self._loop.time() < self._ends_at:
            self._timer = self._loop.call_at(self._ends_at, self._look)
        else:
            self._expired()
