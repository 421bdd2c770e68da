"""What runs beside a block of code, and never longer."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager


@asynccontextmanager
async def alongside(background: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Runs `background` until the block is left. What the block raises comes out as it is, not as a group."""
    problem: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(background)
        try:
            yield
        except Exception as raised:  # noqa: BLE001 - raised again below, outside the group
            problem = raised
        finally:
            task.cancel()
    if problem is not None:
        raise problem
