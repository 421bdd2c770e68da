"""The database: made, migrated, refused, reopened; and what its stores promise."""

import sqlite3
import stat
from dataclasses import replace

import pytest

from roomtone.errors import StoreError
from roomtone_server.store.base import PairedSatellite, StoredFact, StoredReminder, StoredTimer
from roomtone_server.store.database import Database
from roomtone_server.store.facts import SqliteFactStore
from roomtone_server.store.migrations import VERSION, migrate
from roomtone_server.store.reminders import SqliteReminderStore
from roomtone_server.store.satellites import SqliteSatelliteStore
from roomtone_server.store.timers import SqliteTimerStore

KITCHEN = PairedSatellite("k1", "Kitchen speaker", "Kitchen", b"\x00" * 32, 1000.0)
ATTIC = PairedSatellite("a1", "Attic", None, b"\x01" * 32, 1001.0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "roomtone.db"


def layout(path):
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return version, rows


async def test_an_empty_file_becomes_the_newest_version_and_private(path):
    async with Database.open(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in path.parent.iterdir())
    assert layout(path)[0] == VERSION


@pytest.mark.parametrize("version", range(VERSION))
async def test_each_older_version_becomes_the_newest(path, tmp_path, version):
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, to=version)
    connection.close()
    async with Database.open(path), Database.open(tmp_path / "new.db"):
        pass
    assert layout(path) == layout(tmp_path / "new.db")


async def test_what_an_older_version_held_is_still_there(path):
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, to=1)
    connection.execute("INSERT INTO satellite VALUES ('k1', 'Kitchen speaker', 'Kitchen', zeroblob(32), 1000.0, NULL)")
    connection.close()
    async with Database.open(path) as database:
        assert await SqliteSatelliteStore(database).list() == [KITCHEN]


def test_a_migration_that_fails_changes_nothing(path):
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE timer (in_the_way INTEGER)")
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection)
    connection.close()
    version, tables = layout(path)
    assert version == 0
    assert [name for name, _ in tables] == ["timer"]


async def test_a_newer_database_is_refused_in_one_sentence(path):
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(StoreError, match=rf"roomtone\.db has version {VERSION + 1}.*update Roomtone"):
        async with Database.open(path):
            pass


async def test_a_file_that_is_no_database_is_refused_and_left_alone(path):
    path.write_bytes(b"dear diary, " * 1000)
    with pytest.raises(StoreError, match=r"roomtone\.db is damaged: .*move it away"):
        async with Database.open(path):
            pass
    assert path.read_bytes() == b"dear diary, " * 1000


async def test_a_damaged_page_is_found_when_the_file_is_opened(path):
    async with Database.open(path) as database:
        await SqliteSatelliteStore(database).add(KITCHEN)
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xa5" * 4096
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged"):
        async with Database.open(path):
            pass


async def test_a_folder_that_is_missing_is_named(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened: No such file"):
        async with Database.open(tmp_path / "nowhere" / "roomtone.db"):
            pass


async def test_a_refused_statement_is_a_store_error(path):
    async with Database.open(path) as database:
        with pytest.raises(StoreError, match="no such table: attic"):
            await database.select("SELECT * FROM attic")


async def test_satellites_are_added_found_seen_and_revoked(path):
    async with Database.open(path) as database:
        store = SqliteSatelliteStore(database)
        await store.add(KITCHEN)
        await store.add(ATTIC)
        assert await store.find("k1") == KITCHEN
        assert await store.find("nobody") is None
        assert await store.list() == [ATTIC, KITCHEN]
        await store.seen("k1", 2000.0, name="Cooker", area="Larder")
        assert await store.remove("a1")
        assert not await store.remove("a1")
        await store.seen("a1", 2000.0, name="Ghost", area=None)
    async with Database.open(path) as database:
        assert await SqliteSatelliteStore(database).list() == [
            PairedSatellite("k1", "Cooker", "Larder", b"\x00" * 32, 1000.0, 2000.0)
        ]


async def test_timers_keep_their_order_and_survive(path):
    running = StoredTimer("t1", "k1", "Kitchen", "pasta", 300, ends_at=1300.0, left_s=None)
    later = StoredTimer("t2", "", None, None, 60, ends_at=1060.0, left_s=None, command="turn off the lights")
    paused = StoredTimer("t1", "k1", "Kitchen", "pasta", 300, ends_at=None, left_s=200.0)
    async with Database.open(path) as database:
        store = SqliteTimerStore(database)
        for timer in (running, later, paused):
            await store.save(timer)
    async with Database.open(path) as database:
        store = SqliteTimerStore(database)
        assert await store.list() == [paused, later]
        await store.remove("t1")
        await store.remove("t1")
        assert await store.list() == [later]


async def test_reminders_and_facts_are_kept_in_their_order_replaced_and_removed(path):
    late, soon = StoredReminder("b", "k1", "pay the rent", 2000.0), StoredReminder("a", "", "call mum", 1000.0)
    facts = [StoredFact("z", "the spare key is under the pot", 5.0), StoredFact("a", "the bins go out on monday", 5.0)]
    async with Database.open(path) as database:
        reminders, memory = SqliteReminderStore(database), SqliteFactStore(database)
        for reminder in (late, soon):
            await reminders.save(reminder)
        for fact in facts:
            await memory.save(fact)
    async with Database.open(path) as database:
        reminders, memory = SqliteReminderStore(database), SqliteFactStore(database)
        assert await reminders.list() == [soon, late]
        assert await memory.list() == facts
        await reminders.save(replace(soon, text="call dad"))
        await reminders.remove("b")
        await memory.remove("z")
        await memory.remove("never there")
        assert [each.text for each in await reminders.list()] == ["call dad"]
        assert await memory.list() == facts[1:]
