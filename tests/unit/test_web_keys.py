"""Sessions and tokens: how long they last, how many there are, and what of them is written down."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from roomtone.errors import StoreError, UsageError
from roomtone_server.ports.web.auth.keys import (
    DAY_S,
    IDLE_S,
    LIFE_S,
    MAX_SESSIONS,
    MAX_TOKENS,
    SEEN_EVERY_S,
    Keys,
    who_has,
)
from roomtone_server.ports.web.auth.passwords import Passwords
from roomtone_server.ports.web.route import EVERY_SCOPE, FAMILY_SCOPES
from roomtone_server.store.database import Database
from roomtone_server.store.web import SqliteKeyStore, SqlitePasswordStore

NOW = 1_800_000_000.0


@asynccontextmanager
async def opened(folder, on_gone=lambda _id: None):
    """The keys as a server that has just started finds them."""
    async with Database.open(folder / "roomtone.db") as database:
        yield await Keys.open(SqliteKeyStore(database), on_gone)


async def test_a_session_outlives_the_server(tmp_path):
    async with opened(tmp_path) as keys:
        key, secret = await keys.add_session("owner", "Firefox", "192.0.2.1", NOW)
    async with opened(tmp_path) as keys:
        assert await keys.find(secret, NOW + 1) == key
        who = who_has(key)
        assert (who.kind, who.name, who.scopes) == ("owner", "Firefox", EVERY_SCOPE)
    assert secret.encode() not in b"".join(each.read_bytes() for each in tmp_path.iterdir())


async def test_what_is_not_a_secret_lets_nobody_in(tmp_path):
    async with opened(tmp_path) as keys:
        key, secret = await keys.add_session("owner", "Firefox", "192.0.2.1", NOW)
        for wrong in ("", secret[:-1], key.id, key.secret_hash, "\udc80"):
            assert await keys.find(wrong, NOW) is None


@pytest.mark.parametrize("kind", ["owner", "family"])
async def test_a_session_that_nobody_uses_ends(tmp_path, kind):
    async with opened(tmp_path) as keys:
        _, secret = await keys.add_session(kind, "tablet", "", NOW)
        assert await keys.find(secret, NOW + IDLE_S[kind]) is not None
        assert await keys.find(secret, NOW + 2 * IDLE_S[kind]) is not None, "it was used meanwhile"
        assert await keys.find(secret, NOW + 3 * IDLE_S[kind] + 1) is None


@pytest.mark.parametrize("kind", ["owner", "family"])
async def test_no_session_lasts_for_ever(tmp_path, kind):
    async with opened(tmp_path) as keys:
        _, secret = await keys.add_session(kind, "tablet", "", NOW)
        for day in range(int(LIFE_S[kind] / DAY_S)):
            assert await keys.find(secret, NOW + day * DAY_S) is not None
        assert await keys.find(secret, NOW + LIFE_S[kind] + 1) is None
        await keys.add_session(kind, "another", "", NOW + LIFE_S[kind] + 1)
        assert [key.name for key in keys.list(kind)] == ["another"], "and it is forgotten when the next one comes"


async def test_use_is_noted_by_the_hour(tmp_path):
    async with opened(tmp_path) as keys:
        _, secret = await keys.add_session("owner", "Firefox", "", NOW)
        for later in (1.0, SEEN_EVERY_S - 1):
            assert (await keys.find(secret, NOW + later)).seen_at == NOW
        assert (await keys.find(secret, NOW + SEEN_EVERY_S)).seen_at == NOW + SEEN_EVERY_S
    async with opened(tmp_path) as keys:
        assert [key.seen_at for key in keys.list("owner")] == [NOW + SEEN_EVERY_S]


async def test_a_disk_that_is_full_locks_nobody_out(tmp_path, caplog):
    class FullDisk(SqliteKeyStore):
        async def seen(self, *_told):
            raise StoreError("the database cannot be written: the disk is full")

    async with Database.open(tmp_path / "roomtone.db") as database:
        keys = await Keys.open(FullDisk(database), on_gone=lambda _id: None)
        _, secret = await keys.add_session("owner", "Firefox", "", NOW)
        assert await keys.find(secret, NOW + SEEN_EVERY_S) is not None
    assert "the disk is full" in caplog.text


async def test_the_session_that_was_unused_for_longest_gives_way(tmp_path):
    async with opened(tmp_path) as keys:
        first, first_secret = await keys.add_session("owner", "first", "", NOW)
        for number in range(MAX_SESSIONS - 1):
            await keys.add_session("family", str(number), "", NOW + 1)
        await keys.find(first_secret, NOW + SEEN_EVERY_S)
        await keys.add_session("family", "one more", "", NOW + SEEN_EVERY_S)
        names = {key.name for key in keys.list("owner", "family")}
        assert (len(names), first.name in names, "0" in names) == (MAX_SESSIONS, True, False)


async def test_whoever_is_gone_is_told_of_once_whatever_the_reason(tmp_path):
    gone = []
    async with opened(tmp_path, gone.append) as keys:
        unused, _ = await keys.add_session("family", "unused", "", NOW)
        for number in range(MAX_SESSIONS):
            await keys.add_session("family", str(number), "", NOW + 1 + number)
        assert gone == [unused.id], "it gave way"
        token, _ = await keys.add_token("script", frozenset({"read"}), NOW)
        await asyncio.gather(keys.remove(token.id), keys.remove(token.id))
        assert gone == [unused.id, token.id]
        over = {key.id for key in keys.list("family")}
        await keys.add_session("owner", "years later", "", NOW + 3 * LIFE_S["family"])
        assert set(gone[2:]) == over
        assert len(gone) == 2 + len(over)


async def test_a_key_that_was_removed_lets_nobody_in(tmp_path):
    async with opened(tmp_path) as keys:
        key, secret = await keys.add_session("family", "tablet", "", NOW)
        assert await keys.remove(key.id)
        assert await keys.find(secret, NOW) is None
        assert not await keys.remove(key.id)
    async with opened(tmp_path) as keys:
        assert keys.list("family") == []


async def test_a_token_has_the_scopes_it_was_given_and_no_end(tmp_path):
    async with opened(tmp_path) as keys:
        key, token = await keys.add_token("Prometheus", frozenset({"metrics"}), NOW)
        assert token.startswith("roomtone_")
        assert key.seen_at is None
    async with opened(tmp_path) as keys:
        found = await keys.find(token, NOW + 1000 * DAY_S)
        assert who_has(found).scopes == {"metrics"}
        assert found.seen_at == NOW + 1000 * DAY_S


async def test_there_are_only_so_many_tokens(tmp_path):
    async with opened(tmp_path) as keys:
        for number in range(MAX_TOKENS):
            await keys.add_token(str(number), frozenset({"read"}), NOW)
        with pytest.raises(UsageError, match="revoke one"):
            await keys.add_token("one more", frozenset({"read"}), NOW)


async def test_the_family_may_not_change_the_server(tmp_path):
    async with opened(tmp_path) as keys:
        key, _ = await keys.add_session("family", "tablet", "", NOW)
        assert who_has(key).scopes == FAMILY_SCOPES
        assert not FAMILY_SCOPES & {"admin", "metrics"}


async def test_a_password_is_kept_as_argon2id_and_recognised(tmp_path):
    async with Database.open(tmp_path / "roomtone.db") as database:
        passwords = await Passwords.open(SqlitePasswordStore(database))
        assert not passwords.is_set
        assert not await passwords.is_right("")
        await passwords.set("Sch\u00f6nes Wetter")
        again = await Passwords.open(SqlitePasswordStore(database))
        assert again.is_set
        assert await again.is_right("Scho\u0308nes Wetter"), "an umlaut, as another keyboard sends it"
        assert not await again.is_right("Schones Wetter")
        [(kept,)] = await database.select("SELECT hash FROM web_password")
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=1$")


async def test_a_new_password_takes_the_place_of_the_old_one(tmp_path):
    async with Database.open(tmp_path / "roomtone.db") as database:
        passwords = await Passwords.open(SqlitePasswordStore(database))
        await passwords.set("the first one")
        await passwords.set("the second one")
        assert [await passwords.is_right(each) for each in ("the first one", "the second one")] == [False, True]
