"""The owner's password: Argon2id, off the event loop."""

import asyncio
import unicodedata
from typing import TYPE_CHECKING, Final

from roomtone_server.store.base import PasswordStore

if TYPE_CHECKING:  # for the server's start: whoever logs in first waits for the import
    from argon2 import PasswordHasher

LEAST_CHARACTERS: Final = (
    8  # NIST SP 800-63B-4: of a password that is not the only factor; tries are limited: see `limits`
)
MAX_CHARACTERS: Final = 256  # guards the hashing thread


class Passwords:
    """One, or none yet."""

    def __init__(self, store: PasswordStore, kept: str | None) -> None:
        self._store = store
        self._hash = kept
        self._one_at_a_time = asyncio.Lock()  # each costs memory and a core, which turns need

    @classmethod
    async def open(cls, store: PasswordStore) -> "Passwords":
        """Raises StoreError."""
        return cls(store, await store.load())

    @property
    def is_set(self) -> bool:
        return self._hash is not None

    async def set(self, password: str) -> None:
        """When it returns, it is kept. Raises StoreError."""
        async with self._one_at_a_time:
            hashed = await asyncio.to_thread(_hashed, password)
            await self._store.save(hashed)
            self._hash = hashed

    async def is_right(self, password: str) -> bool:
        """Takes as long for a wrong one as for the right one."""
        async with self._one_at_a_time:
            return self._hash is not None and await asyncio.to_thread(_verified, self._hash, password)


def _hasher() -> "PasswordHasher":
    """RFC 9106, section 4, the second recommended option, but in one lane: turns go on meanwhile."""
    from argon2 import PasswordHasher
    from argon2.profiles import RFC_9106_LOW_MEMORY as PROFILE

    return PasswordHasher(time_cost=PROFILE.time_cost, memory_cost=PROFILE.memory_cost, parallelism=1)


def _hashed(password: str) -> str:
    return _hasher().hash(_as_typed(password))


def _verified(hashed: str, password: str) -> bool:
    from argon2.exceptions import VerifyMismatchError

    try:
        return _hasher().verify(hashed, _as_typed(password))
    except VerifyMismatchError:
        return False


def _as_typed(password: str) -> bytes:
    """One phone composes an umlaut, another sends its parts: the same was typed."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
