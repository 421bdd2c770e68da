"""Who may come in through the web port."""

from collections.abc import Sequence

from roomtone_server.store.base import StoredKey
from roomtone_server.store.database import Database


class SqliteKeyStore:
    """A `base.KeyStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: StoredKey) -> None:
        await self._database.change(
            "INSERT INTO web_key (id, kind, name, scopes, secret_hash, address, made_at, seen_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            key.id,
            key.kind,
            key.name,
            " ".join(sorted(key.scopes)),
            key.secret_hash,
            key.address,
            key.made_at,
            key.seen_at,
        )

    async def seen(self, key_id: str, at: float) -> None:
        await self._database.change("UPDATE web_key SET seen_at = ? WHERE id = ?", at, key_id)

    async def remove(self, key_id: str) -> None:
        await self._database.change("DELETE FROM web_key WHERE id = ?", key_id)

    async def list(self) -> Sequence[StoredKey]:
        return [
            StoredKey(key_id, kind, name, frozenset(scopes.split()), secret_hash, address, made_at, seen_at)
            for key_id, kind, name, scopes, secret_hash, address, made_at, seen_at in await self._database.select(
                "SELECT id, kind, name, scopes, secret_hash, address, made_at, seen_at FROM web_key"
            )
        ]


class SqlitePasswordStore:
    """A `base.PasswordStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, hashed: str) -> None:
        await self._database.change("INSERT OR REPLACE INTO web_password (one, hash) VALUES (1, ?)", hashed)

    async def load(self) -> str | None:
        rows = await self._database.select("SELECT hash FROM web_password")
        return rows[0][0] if rows else None
