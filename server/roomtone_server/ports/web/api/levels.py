"""How loud it is in the rooms, told while somebody looks and no longer."""

import asyncio
from typing import Final, NoReturn

from roomtone_server.ports.web.api.live import Live
from roomtone_server.ports.web.api.shapes import Levels
from roomtone_server.runtime.house import House

EACH_S: Final = 0.25  # as often as satellites tell
ASKED_S: Final = 6.0  # satellites tell for so long after nobody looks any more; they are asked again at half of it


async def tell_levels(live: Live, house: House) -> NoReturn:
    """For ever."""
    loop, asked_at = asyncio.get_running_loop(), float("-inf")
    while True:
        await live.somebody()
        if live.is_heard("levels"):
            if loop.time() - asked_at >= ASKED_S / 2:
                asked_at = loop.time()
                for each in house.present():
                    each.remote.watch_level(ASKED_S)
            levels = {each.satellite.id: each.remote.level_dbfs for each in house.present()}
            known = {satellite: dbfs for satellite, dbfs in levels.items() if dbfs is not None}
            live.tell("levels", "levels", Levels(levels=known))
        await asyncio.sleep(EACH_S)
