"""At which port each satellite is presented to Home Assistant, which knows it by that."""

import asyncio
from collections.abc import Collection

from roomtone_server.store.database import Database


class SqlitePresentedStore:
    """A `base.PresentedStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._choosing = asyncio.Lock()

    async def port_of(self, satellite_id: str, ports: Collection[int]) -> int | None:
        async with self._choosing:
            rows = await self._database.select(
                "SELECT presented.satellite, presented.port FROM presented"
                " JOIN satellite ON satellite.id = presented.satellite"  # one that is no longer paired has none
            )
            taken: dict[str, int] = dict(rows)
            if (port := taken.get(satellite_id)) in ports:
                return port
            free = min(set(ports) - set(taken.values()), default=None)
            if free is not None:
                await self._database.change(
                    "INSERT OR REPLACE INTO presented (satellite, port) VALUES (?, ?)", satellite_id, free
                )
            return free
