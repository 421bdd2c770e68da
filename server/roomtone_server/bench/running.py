"""A bench from its first await to its exit status."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, Final

EXIT_TERMINATED: Final = 128 + signal.SIGTERM  # as shells count


def run(main: Coroutine[Any, Any, int]) -> int:
    """Its exit status. SIGTERM ends it as Ctrl-C does: what it started is ended then too."""
    try:
        return asyncio.run(_terminable(main))
    except asyncio.CancelledError:
        return EXIT_TERMINATED


async def _terminable(main: Coroutine[Any, Any, int]) -> int:
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await main
