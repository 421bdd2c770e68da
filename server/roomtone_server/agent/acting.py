"""Services of the home, called side by side."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from roomtone.errors import HomeError
from roomtone_server.home.base import Home, Order, ServiceCall

_LOGGER: Final = logging.getLogger(__name__)


async def make(
    calls: Sequence[ServiceCall], home: Home, order: Order | None
) -> Sequence[tuple[ServiceCall, HomeError | None]]:
    """Makes all calls of an order at once; what became of each, in their order."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_made(call, home, order), name=f"{call.service} {call.entity}") for call in calls]
    return [(call, task.result()) for call, task in zip(calls, tasks, strict=True)]


async def _made(call: ServiceCall, home: Home, order: Order | None) -> HomeError | None:
    try:
        await home.call(call, order)
    except HomeError as problem:
        _LOGGER.warning("%s on %s was refused", call.service, call.entity)
        _LOGGER.debug("because %s", problem)  # it may hold what was said
        return problem
    return None
