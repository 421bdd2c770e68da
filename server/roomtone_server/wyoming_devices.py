"""What the server has to do with Wyoming devices of other makes, as its settings have it."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import cast

from roomtone import engines
from roomtone.ears.base import WakeEngine
from roomtone.engines import EngineChoice, Surroundings
from roomtone.link.background import alongside
from roomtone_server.runtime.house import House
from roomtone_server.settings import ServerSettings


async def dial_satellites(stack: AsyncExitStack, settings: ServerSettings, around: Surroundings, house: House) -> None:
    """Those that the settings name, from now on. Raises EngineError when no wake engine works here."""
    if not settings.satellites.dial:
        return
    from roomtone_server.ports.stock.dialling import Dialled, keep_connected

    make_wake = await asyncio.to_thread(_wake_maker, settings.satellites.wake, around)
    dialled = [Dialled(each.uri, each.name, each.area) for each in settings.satellites.dial]
    await stack.enter_async_context(alongside(keep_connected(dialled, house, make_wake)))


def _wake_maker(choice: EngineChoice, around: Surroundings) -> Callable[[], WakeEngine]:
    """Makes engines quickly: what the first one has to import is imported here."""
    chosen = engines.choose("wake", choice)

    def make() -> WakeEngine:
        return cast("WakeEngine", chosen.make(around))

    make().close()
    return make
