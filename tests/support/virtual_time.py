"""An event loop whose clock jumps to the next timer instead of waiting for it: hours of asyncio in milliseconds."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

R = TypeVar("R")


class _JumpingSelector(selectors.SelectSelector):
    """Never waits: what a timer would have slept, the clock gains."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("nothing will ever happen again: the test waits for an event that nobody sends")
        self.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run(main: Coroutine[Any, Any, R]) -> R:
    """Runs `main` on virtual time; fails on tasks that it leaves behind. Not for sockets, threads or processes."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:

        async def checked() -> R:
            result = await main
            leaked = asyncio.all_tasks() - {asyncio.current_task()}
            assert not leaked, f"leaked tasks: {sorted(task.get_name() for task in leaked)}"
            return result

        return runner.run(checked())
