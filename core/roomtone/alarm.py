"""The one timer of a machine that is told the time: set to its next deadline, whenever that may have changed."""

import asyncio
from collections.abc import Callable


class Alarm:
    def __init__(self, ring: Callable[[float], None]) -> None:
        """`ring` is told the deadline that has come."""
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    def set(self, deadline: float | None) -> None:
        """For this deadline, in the loop's time, and no other; None: for none."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if deadline is not None:
            self._timer = asyncio.get_running_loop().call_at(deadline, self._rings, deadline)

    def _rings(self, deadline: float) -> None:
        self._timer = None
        self._ring(deadline)
