"""What was said in conversations that a stop of the server cut off."""

from collections.abc import Sequence

from roomtone_server.store.base import StoredConversation
from roomtone_server.store.database import Database


class SqliteConversationStore:
    """A `base.ConversationStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, conversation: StoredConversation) -> None:
        await self._database.change(
            "INSERT OR REPLACE INTO conversation (id, exchanges, until) VALUES (?, ?, ?)",
            conversation.id,
            conversation.exchanges,
            conversation.until,
        )

    async def list(self) -> Sequence[StoredConversation]:
        rows = await self._database.select("SELECT id, exchanges, until FROM conversation ORDER BY rowid")
        return [StoredConversation(*row) for row in rows]

    async def clear(self) -> None:
        await self._database.change("DELETE FROM conversation")
