"""The one timer of a machine that is told the time: set to its next deadline, whenever that may have changed."""

import asyncio
from collections.abc import Callable


class Alarm:
    def __init__(self, ring: Callable[[float], None]) -> None:
        """`ring` is told the deadline that has come."""
        self._ring = ring
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def set(self, deadline: float | None) -> None:
        """For this deadline, in the loop's time, and no other; None: for none.

        A timer that rings too early is left alone: each frame of audio puts deadlines off, and to look at the time once
        more costs less than a timer for each frame.
        """
        self._deadline = deadline
        if self._timer is not None:
            if deadline is not None and self._timer.when() <= deadline:
                return
            self._timer.cancel()
        self._timer = None
        if deadline is not None:
            self._timer = asyncio.get_running_loop().call_at(deadline, self._rings, deadline)

    def _rings(self, due: float) -> None:
        self._timer = None
        if self._deadline is not None and self._deadline > due:
            self.set(self._deadline)
        else:
            self._ring(due)
