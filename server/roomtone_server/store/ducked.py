"""Which media players are turned down just now."""

from collections.abc import Sequence

from roomtone_server.store.base import StoredDucked
from roomtone_server.store.database import Database


class SqliteDuckedStore:
    """A `base.DuckedStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, ducked: StoredDucked) -> None:
        await self._database.change(
            "INSERT OR REPLACE INTO ducked (entity, before, lowered) VALUES (?, ?, ?)",
            ducked.entity,
            ducked.before,
            ducked.lowered,
        )

    async def remove(self, entity: str) -> None:
        await self._database.change("DELETE FROM ducked WHERE entity = ?", entity)

    async def list(self) -> Sequence[StoredDucked]:
        rows = await self._database.select("SELECT entity, before, lowered FROM ducked")
        return [StoredDucked(*row) for row in rows]
