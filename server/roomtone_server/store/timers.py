"""The timers that run or are paused."""

from collections.abc import Sequence

from roomtone_server.store.base import StoredTimer
from roomtone_server.store.database import Database


class SqliteTimerStore:
    """A `base.TimerStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, timer: StoredTimer) -> None:
        await self._database.change(
            "INSERT INTO timer (id, satellite, area, name, set_s, ends_at, left_s, command, confirmed, language)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET ends_at = excluded.ends_at, left_s = excluded.left_s",
            timer.id,
            timer.satellite,
            timer.area,
            timer.name,
            timer.set_s,
            timer.ends_at,
            timer.left_s,
            timer.command,
            timer.confirmed,
            timer.language,
        )

    async def remove(self, timer_id: str) -> None:
        await self._database.change("DELETE FROM timer WHERE id = ?", timer_id)

    async def list(self) -> Sequence[StoredTimer]:
        rows = await self._database.select(
            "SELECT id, satellite, area, name, set_s, ends_at, left_s, command, confirmed, language FROM timer"
            " ORDER BY position"
        )
        return [StoredTimer(*row) for row in rows]
