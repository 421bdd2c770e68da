"""Who is being answered right now, so that a session that ends takes its streams and conversations along."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Present:
    def __init__(self) -> None:
        self._tasks: defaultdict[str, set[asyncio.Task[object]]] = defaultdict(set)  # by the id of who asks

    @contextmanager
    def noted(self, who: str) -> Iterator[None]:
        """While it is entered, the current task answers this one."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks[who].add(task)
        try:
            yield
        finally:
            self._tasks[who].discard(task)
            if not self._tasks[who]:
                del self._tasks[who]

    def turn_out(self, who: str) -> None:
        """Breaks off whatever this one is being told, but for the answer to the request that asks for it."""
        for task in self._tasks.get(who, set()) - {asyncio.current_task()}:
            task.cancel()
