"""What was asked to be remembered."""

from collections.abc import Sequence

from roomtone_server.store.base import StoredFact
from roomtone_server.store.database import Database


class SqliteFactStore:
    """A `base.FactStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, fact: StoredFact) -> None:
        await self._database.change(
            "INSERT OR REPLACE INTO fact (id, text, told_at) VALUES (?, ?, ?)", fact.id, fact.text, fact.told_at
        )

    async def remove(self, fact_id: str) -> None:
        await self._database.change("DELETE FROM fact WHERE id = ?", fact_id)

    async def list(self) -> Sequence[StoredFact]:
        rows = await self._database.select("SELECT id, text, told_at FROM fact ORDER BY rowid")
        return [StoredFact(*row) for row in rows]
