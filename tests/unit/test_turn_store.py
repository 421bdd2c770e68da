"""Turns in the database: the last ones are kept, found again, and read beside a server that writes."""

import sqlite3
import stat

import pytest
from support.inline import InlineExecutor

from roomtone.errors import StoreError
from roomtone_server.store.base import PairedSatellite, StoredTurn, WhichTurns
from roomtone_server.store.database import Database
from roomtone_server.store.migrations import VERSION, migrate
from roomtone_server.store.satellites import SqliteSatelliteStore
from roomtone_server.store.turns import MAX_TURNS, SqliteTurnStore

KITCHEN = PairedSatellite("k1", "Kitchen", "Kitchen", b"\x00" * 32, 1000.0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "roomtone.db"


async def test_turns_are_numbered_and_found_by_number_satellite_and_time(path):
    async with Database.open(path) as database:
        await SqliteSatelliteStore(database).add(KITCHEN)
        store = SqliteTurnStore(database)
        for number, satellite in enumerate(["k1", "o1", "k1"], 1):
            await store.add(satellite, 1000.0 + number, f'{{"n": {number}}}')
        assert await store.find(2) == StoredTurn(2, "o1", None, 1002.0, '{"n": 2}')
        assert await store.find(4) is None
        assert [turn.number for turn in await store.latest(2)] == [2, 3]
        assert [turn.number for turn in await store.latest(9, WhichTurns(satellite="Kitchen"))] == [1, 3]
        assert [turn.number for turn in await store.latest(9, WhichTurns(satellite="k1"))] == [1, 3]
        assert [turn.name for turn in await store.latest(9)] == ["Kitchen", None, "Kitchen"]
        assert [turn.number for turn in await store.since(1002.0)] == [2, 3]
        assert [turn.number for turn in await store.since(1002.0, WhichTurns(satellite="Kitchen"))] == [3]
        assert await store.latest(9, WhichTurns(satellite="attic")) == []


async def test_turns_are_found_by_area_outcome_and_what_came_before(path):
    async with Database.open(path) as database:
        await SqliteSatelliteStore(database).add(KITCHEN)
        store = SqliteTurnStore(database)
        for number, (satellite, outcome) in enumerate([("k1", "answered"), ("o1", "failed"), ("k1", "failed")], 1):
            await store.add(satellite, 1000.0 + number, f'{{"outcome": "{outcome}"}}')
        found = {
            1: WhichTurns(outcome="answered"),
            3: WhichTurns(outcome="failed", area="Kitchen"),
            2: WhichTurns(outcome="failed", before=3),
        }
        for number, which in found.items():
            assert [turn.number for turn in await store.latest(9, which)] == [number]
        assert [(turn.number, turn.area) for turn in await store.latest(9)] == [
            (1, "Kitchen"),
            (2, None),
            (3, "Kitchen"),
        ]
        assert [turn.number for turn in await store.since(1002.0, WhichTurns(area="Kitchen"))] == [3]
        assert [turn.number for turn in await store.last_of_each()] == [2, 3]


async def test_of_10_001_turns_10_000_are_kept(path):
    async with Database.open(path, InlineExecutor()) as database:
        await database.change("PRAGMA synchronous = OFF")  # ten thousand times to the disk would take a minute
        store = SqliteTurnStore(database)
        for number in range(MAX_TURNS + 1):
            await store.add("k1", float(number), "{}")
        turns = await store.since(0.0)
        assert MAX_TURNS == 10_000
        assert (len(turns), turns[0].number, turns[-1].number) == (MAX_TURNS, 2, MAX_TURNS + 1)


async def test_it_is_read_while_a_writer_is_in_the_middle_of_a_change(path):
    async with Database.open(path) as database:
        await SqliteTurnStore(database).add("k1", 1.0, "{}")
        writer = sqlite3.connect(path, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO turn (satellite, began_at, record) VALUES ('k1', 2.0, '{}')")
        async with Database.read(path) as reading:
            assert [turn.number for turn in await SqliteTurnStore(reading).latest(9)] == [1]
            writer.execute("COMMIT")
            assert [turn.number for turn in await SqliteTurnStore(reading).latest(9)] == [1, 2]
        writer.close()


async def test_it_is_written_while_a_reader_has_it_open(path):
    async with Database.open(path) as database, Database.read(path) as reading:
        await SqliteTurnStore(reading).latest(9)
        await SqliteTurnStore(database).add("k1", 1.0, "{}")
        assert len(await SqliteTurnStore(reading).latest(9)) == 1


async def test_it_is_read_when_no_server_runs_and_nobody_else_may(path):
    async with Database.open(path) as database:
        await SqliteTurnStore(database).add("k1", 1.0, "{}")
    async with Database.read(path) as reading:
        assert len(await SqliteTurnStore(reading).latest(9)) == 1
        assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in path.parent.iterdir())
    async with Database.open(path) as database:
        await SqliteTurnStore(database).add("k1", 2.0, "{}")


async def test_a_reader_changes_nothing(path):
    async with Database.open(path):
        pass
    async with Database.read(path) as reading:
        with pytest.raises(StoreError, match="readonly"):
            await SqliteTurnStore(reading).add("k1", 1.0, "{}")


@pytest.mark.parametrize(
    ("version", "remedy"),
    [(0, "start the server once"), (VERSION - 1, "start the server once"), (VERSION + 1, "update Roomtone")],
)
async def test_a_reader_of_another_version_says_what_to_do(path, version, remedy):
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, to=min(version, VERSION))
    connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    with pytest.raises(StoreError, match=rf"roomtone\.db has version {version}.*{remedy}"):
        async with Database.read(path):
            pass


async def test_a_reader_makes_no_file(path):
    with pytest.raises(StoreError, match="cannot be used now: unable to open"):
        async with Database.read(path):
            pass
    assert not path.exists()
