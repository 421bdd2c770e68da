"""The last turns, each as the document that telemetry made of it."""

from collections.abc import Sequence
from typing import Final

from roomtone_server.store.base import EVERY_TURN, StoredTurn, WhichTurns
from roomtone_server.store.database import Database

# A year of a house that speaks 27 times a day, in 7 MB; without a cap the file would grow for ever.
MAX_TURNS: Final = 10_000

_SELECT: Final = (
    "SELECT number, turn.satellite, satellite.name, began_at, record, satellite.area FROM turn"
    " LEFT JOIN satellite ON satellite.id = turn.satellite"
)

# With the parameters of `_chosen`.
_WHICH: Final = (
    "?1 IN ('', turn.satellite, satellite.name) AND ?2 IN ('', satellite.area)"
    " AND ?3 IN ('', json_extract(record, '$.outcome')) AND number < coalesce(?4, number + 1)"
)

_LAST_OF_EACH: Final = f"{_SELECT} WHERE number IN (SELECT max(number) FROM turn GROUP BY satellite)"  # noqa: S608 - no value is in it


class SqliteTurnStore:
    """A `base.TurnStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, satellite: str, began_at: float, record: str) -> int:
        rows = await self._database.select(
            "INSERT INTO turn (satellite, began_at, record) VALUES (?, ?, ?) RETURNING number",
            satellite,
            began_at,
            record,
        )
        await self._database.change("DELETE FROM turn WHERE number <= (SELECT max(number) FROM turn) - ?", MAX_TURNS)
        number: int = rows[0][0]
        return number

    async def find(self, number: int) -> StoredTurn | None:
        rows = await self._database.select(f"{_SELECT} WHERE number = ?", number)
        return StoredTurn(*rows[0]) if rows else None

    async def latest(self, limit: int, which: WhichTurns = EVERY_TURN) -> Sequence[StoredTurn]:
        rows = await self._database.select(
            f"{_SELECT} WHERE {_WHICH} ORDER BY number DESC LIMIT ?5", *_chosen(which), limit
        )
        return [StoredTurn(*row) for row in reversed(rows)]

    async def since(self, at: float, which: WhichTurns = EVERY_TURN) -> Sequence[StoredTurn]:
        rows = await self._database.select(
            f"{_SELECT} WHERE {_WHICH} AND began_at >= ?5 ORDER BY number", *_chosen(which), at
        )
        return [StoredTurn(*row) for row in rows]

    async def last_of_each(self) -> Sequence[StoredTurn]:
        rows = await self._database.select(_LAST_OF_EACH)
        return [StoredTurn(*row) for row in rows]


def _chosen(which: WhichTurns) -> tuple[str | int | None, ...]:
    return which.satellite, which.area, which.outcome, which.before
