"""The work of one turn: a TaskGroup of its own, inside the satellite's, that synchronous code can add to."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

Job = Callable[[], Coroutine[Any, Any, None]]


class TurnScope:
    """Lives as the task that `enter` starts, until it is closed, or cancelled, and its jobs are done."""

    def __init__(self) -> None:
        # Bounded by the machine: a turn commands a handful of jobs.
        self._jobs: asyncio.Queue[tuple[str, Job] | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        self._running: dict[str, asyncio.Task[None]] = {}
        self._stopped: set[str] = set()
        self._is_cancelled = False

    def enter(self, satellite: asyncio.TaskGroup, name: str) -> None:
        self._task = satellite.create_task(self._run(), name=name)

    @property
    def is_over(self) -> bool:
        return self._task is not None and self._task.done()

    def start(self, name: str, job: Job) -> None:
        """Names are used once in a turn."""
        self._jobs.put_nowait((name, job))

    def stop(self, name: str) -> None:
        """Cancels one job, whether or not it has begun."""
        self._stopped.add(name)
        if (task := self._running.get(name)) is not None:
            task.cancel()

    def close(self) -> None:
        """No more jobs come; those under way may finish."""
        self._jobs.put_nowait(None)

    def cancel(self) -> None:
        """A job takes no further step, but to tidy up; one that has not begun never does."""
        # Not by way of the group: its task would run first, and the jobs would go on until then. And each job once: a
        # second time would break off its tidying up.
        self._is_cancelled = True
        for name in self._running.keys() - self._stopped:
            self.stop(name)
        self.close()

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as jobs:
            while (entry := await self._jobs.get()) is not None:
                name, job = entry
                if not self._is_cancelled and name not in self._stopped:
                    self._running[name] = jobs.create_task(job(), name=name)
