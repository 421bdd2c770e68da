"""Wake engines of the server, for satellites that leave the wake word to it: `satellites.wake` in the settings."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

from roomtone import engines
from roomtone.ears.base import WakeEngine
from roomtone.engines import EngineChoice, Surroundings


def wake_maker(choice: EngineChoice, around: Surroundings) -> Callable[[], WakeEngine]:
    """Makes engines quickly: what the first one has to import is imported here. Raises EngineError."""
    chosen = engines.choose("wake", choice)

    def make() -> WakeEngine:
        return cast("WakeEngine", chosen.make(around))

    make().close()
    return make


def lazy_wake_maker(choice: EngineChoice, around: Surroundings) -> Callable[[], Awaitable[WakeEngine]]:
    """Makes them beside the event loop; nothing is imported before the first is wanted. What it makes raises
    EngineError."""
    makers: list[Callable[[], WakeEngine]] = []
    first = asyncio.Lock()

    async def make() -> WakeEngine:
        async with first:
            if not makers:
                makers.append(await asyncio.to_thread(wake_maker, choice, around))
        return await asyncio.to_thread(makers[0])

    return make
