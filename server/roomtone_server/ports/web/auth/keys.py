"""Keys: what a browser's cookie or a program's token is to us. Each is 256 random bits, of which the hash is kept.

All of them stand in memory, so that nobody waits for the disk to be known; what changes is on the disk at once.
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final, Literal, get_args

from roomtone.errors import StoreError, UsageError
from roomtone.link.pairing import new_token, token_hash
from roomtone_server.ports.web.route import EVERY_SCOPE, FAMILY_SCOPES, Scope, Who
from roomtone_server.store.base import KeyStore, StoredKey

DAY_S: Final = 86_400.0
KeyKind = Literal["owner", "family", "token"]
SessionKind = Literal["owner", "family"]
SESSIONS: Final[tuple[SessionKind, ...]] = get_args(SessionKind)

# How long a session lasts: unused, and at all. A tablet on the wall is let in by hand; browsers keep no cookie for
# longer than 400 days.
IDLE_S: Final[dict[SessionKind, float]] = {"owner": 30 * DAY_S, "family": 90 * DAY_S}
LIFE_S: Final[dict[SessionKind, float]] = {"owner": 180 * DAY_S, "family": 400 * DAY_S}

MAX_SESSIONS: Final = 256  # guards memory; the one that was unused for the longest gives way
MAX_TOKENS: Final = 64  # guards memory
SEEN_EVERY_S: Final = 3600.0  # spares the disk

_TOKEN: Final = "roomtone_"  # so that who finds one in a file knows what it is  # noqa: S105 - no secret

_log = logging.getLogger(__name__)


class Keys:
    """`now` is the wall clock's time in seconds: keys outlive the server. `on_gone` is told the id of each key that is
    removed, whatever the reason, once it lets nobody in any more."""

    def __init__(self, store: KeyStore, kept: Sequence[StoredKey], on_gone: Callable[[str], None]) -> None:
        self._store = store
        self._on_gone = on_gone
        self._by_hash = {key.secret_hash: key for key in kept}

    @classmethod
    async def open(cls, store: KeyStore, on_gone: Callable[[str], None]) -> "Keys":
        """Raises StoreError."""
        return cls(store, await store.list(), on_gone)

    def list(self, *kinds: KeyKind) -> Sequence[StoredKey]:
        """Those of these kinds, the newest first."""
        return sorted((key for key in self._by_hash.values() if key.kind in kinds), key=lambda key: -key.made_at)

    async def add_session(self, kind: SessionKind, name: str, address: str, now: float) -> tuple[StoredKey, str]:
        """And its secret, for a cookie. Raises StoreError."""
        for key in self.list(*SESSIONS):
            if _is_over(key, now):
                await self.remove(key.id)
        if len(sessions := self.list(*SESSIONS)) >= MAX_SESSIONS:
            await self.remove(min(sessions, key=_last_seen).id)
        return await self._add(kind, name, frozenset(), address, now, new_token())

    async def add_token(self, name: str, scopes: frozenset[Scope], now: float) -> tuple[StoredKey, str]:
        """And the token itself. Raises StoreError; UsageError when there are too many."""
        if len(self.list("token")) >= MAX_TOKENS:
            raise UsageError(f"there are {MAX_TOKENS} tokens already: revoke one that nobody uses")
        return await self._add("token", name, scopes, "", now, _TOKEN + new_token())

    async def find(self, secret: str, now: float) -> StoredKey | None:
        """Whose secret it is; None for nobody's, or no longer."""
        key = self._by_hash.get(token_hash(secret))
        if key is None or _is_over(key, now):
            return None
        if key.seen_at is None or now - key.seen_at >= SEEN_EVERY_S:
            key = self._by_hash[key.secret_hash] = replace(key, seen_at=now)
            try:
                await self._store.seen(key.id, now)
            except StoreError as problem:  # who asks is known all the same
                _log.warning("%s", problem)
        return key

    async def remove(self, key_id: str) -> bool:
        """Whether it was there. Raises StoreError."""
        for key in self._by_hash.values():
            if key.id == key_id:
                await self._store.remove(key_id)
                if self._by_hash.pop(key.secret_hash, None) is not None:  # nobody else was faster
                    self._on_gone(key_id)
                return True
        return False

    async def _add(
        self, kind: KeyKind, name: str, scopes: frozenset[Scope], address: str, now: float, secret: str
    ) -> tuple[StoredKey, str]:
        seen_at = None if kind == "token" else now
        key = StoredKey(secrets.token_hex(8), kind, name, scopes, token_hash(secret), address, now, seen_at)
        await self._store.add(key)
        self._by_hash[key.secret_hash] = key
        return key, secret


def who_has(key: StoredKey) -> Who:
    return Who(key.kind, scopes_of(key), key.id, key.name)


def scopes_of(key: StoredKey) -> frozenset[Scope]:
    """What it may, as far as this version knows of it."""
    match key.kind:
        case "owner":
            return EVERY_SCOPE
        case "family":
            return FAMILY_SCOPES
        case "token":
            return frozenset(scope for scope in EVERY_SCOPE if scope in key.scopes)


def told_of_token(key: StoredKey) -> dict[str, Any]:
    """What its owner may see of a token, who has seen the token itself once."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(scopes_of(key)),
        "made_at": key.made_at,
        "used_at": key.seen_at,
    }


def _is_over(key: StoredKey, now: float) -> bool:
    if key.kind == "token":
        return False
    return now - key.made_at > LIFE_S[key.kind] or now - _last_seen(key) > IDLE_S[key.kind]


def _last_seen(key: StoredKey) -> float:
    return key.made_at if key.seen_at is None else key.seen_at
