"""The reminders that are still to be said."""

from collections.abc import Sequence

from roomtone_server.store.base import StoredReminder
from roomtone_server.store.database import Database


class SqliteReminderStore:
    """A `base.ReminderStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, reminder: StoredReminder) -> None:
        await self._database.change(
            "INSERT OR REPLACE INTO reminder (id, satellite, text, at, language) VALUES (?, ?, ?, ?, ?)",
            reminder.id,
            reminder.satellite,
            reminder.text,
            reminder.at,
            reminder.language,
        )

    async def remove(self, reminder_id: str) -> None:
        await self._database.change("DELETE FROM reminder WHERE id = ?", reminder_id)

    async def list(self) -> Sequence[StoredReminder]:
        rows = await self._database.select("SELECT id, satellite, text, at, language FROM reminder ORDER BY at, id")
        return [StoredReminder(*row) for row in rows]
