"""The last turns, each as the document that telemetry made of it."""

from collections.abc import Sequence
from typing import Final

from roomtone_server.store.base import StoredTurn
from roomtone_server.store.database import Database

# A year of a house that speaks 27 times a day, in 7 MB; without a cap the file would grow for ever.
MAX_TURNS: Final = 10_000

_SELECT: Final = (
    "SELECT number, turn.satellite, satellite.name, began_at, record FROM turn"
    " LEFT JOIN satellite ON satellite.id = turn.satellite"
)


class SqliteTurnStore:
    """A `base.TurnStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, satellite: str, began_at: float, record: str) -> None:
        await self._database.change(
            "INSERT INTO turn (satellite, began_at, record) VALUES (?, ?, ?)", satellite, began_at, record
        )
        await self._database.change("DELETE FROM turn WHERE number <= (SELECT max(number) FROM turn) - ?", MAX_TURNS)

    async def find(self, number: int) -> StoredTurn | None:
        rows = await self._database.select(f"{_SELECT} WHERE number = ?", number)
        return StoredTurn(*rows[0]) if rows else None

    async def latest(self, limit: int, satellite: str = "") -> Sequence[StoredTurn]:
        rows = await self._database.select(
            f"{_SELECT} WHERE ?1 IN ('', turn.satellite, satellite.name) ORDER BY number DESC LIMIT ?2",
            satellite,
            limit,
        )
        return [StoredTurn(*row) for row in reversed(rows)]

    async def since(self, at: float, satellite: str = "") -> Sequence[StoredTurn]:
        rows = await self._database.select(
            f"{_SELECT} WHERE ?1 IN ('', turn.satellite, satellite.name) AND began_at >= ?2 ORDER BY number",
            satellite,
            at,
        )
        return [StoredTurn(*row) for row in rows]
