"""`roomtone turns`, over a database that is there, empty, old, or missing."""

import asyncio
import json
import re
import sqlite3
import time

import pytest
from click.testing import CliRunner
from support.traces import ANSWERED, ZERO_NS, trace, until

from roomtone import cli
from roomtone.paths import state_dir
from roomtone_server.store.base import PairedSatellite
from roomtone_server.store.database import FILE_NAME, Database
from roomtone_server.store.satellites import SqliteSatelliteStore
from roomtone_server.store.turns import SqliteTurnStore
from roomtone_server.telemetry.folding import fold
from roomtone_server.telemetry.record import to_json

NOW = time.time()


def command(*arguments):
    return CliRunner().invoke(cli.roomtone, ["turns", *arguments], prog_name="roomtone")


def database():
    folder = state_dir() / "server"
    folder.mkdir(parents=True, exist_ok=True)
    return Database.open(folder / FILE_NAME)


async def _keep(*records):
    async with database() as opened:
        await SqliteSatelliteStore(opened).add(PairedSatellite("k1", "Kitchen", None, b"", 0.0))
        for record in records:
            await SqliteTurnStore(opened).add(record.satellite, record.began_at, to_json(record))


@pytest.fixture
def turns():
    """The command, over three turns: one answered, two days ago; one rejected; one that failed, elsewhere."""
    rejected = ("rejected", 2325, {"text": "turn on the fright", "doubt": 0.814})
    asyncio.run(
        _keep(
            fold(trace(*ANSWERED), began_at=NOW - 48 * 3600, engines={"stt": "pocketsphinx", "tts": "espeak"}),
            fold(
                until("level", rejected, ("ended", 2400, {"outcome": "not-understood"})),
                began_at=NOW - 60,
                store_transcripts=True,
            ),
            fold(trace(("ended", 0, {"outcome": "failed", "text": "no voice"}), satellite="o1"), began_at=NOW - 30),
        )
    )
    return command


def test_the_table(turns):
    heading, *rows = turns().stdout.splitlines()
    assert heading.split() == ["turn", "began", "satellite", "outcome", "V2V", "S", "why"]
    assert [re.sub(r"\S+ \S+:\S+", "T", re.sub(" +", " ", row.strip()), count=1) for row in rows] == [
        "1 T Kitchen answered 762 ms 700 ms",
        "2 T Kitchen not-understood - 700 ms rejected, distance 0.81",
        "3 T o1 failed - - no voice",
    ]
    assert rows[0].index(" ms") + len(" ms") == heading.index("V2V") + len("V2V"), "figures stand below one another"


def test_the_table_of_one_satellite_or_of_the_last_ones(turns):
    assert [row.split()[0] for row in turns("--satellite", "Kitchen").stdout.splitlines()[1:]] == ["1", "2"]
    assert [row.split()[0] for row in turns("--limit", "1").stdout.splitlines()[1:]] == ["3"]
    assert turns("--satellite", "attic").stdout == "There is no turn yet.\n"


def test_one_turn(turns):
    shown = turns("show", "1").stdout
    assert re.match(r"turn 1: Kitchen, \S+ \S+, begun by wake-word\nanswered\n", shown)
    for line in (
        "V2V 762 ms, of which S, the silence waited for, 700 ms",
        "level: speech -21 dBFS, noise -48 dBFS",
        "partials: 2; characters: understood 17, rejected 0, replied 19",
        "speculations: made 0, discarded 0, committed 0",
        "engines: stt pocketsphinx, tts espeak",
        "the satellite's clock: not known, no round trip: what it did stands where it arrived",
    ):
        assert line in shown.splitlines()
    assert "━ 10 ms" in shown
    assert "heard" not in shown


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({"round_trip_ms": 2.04, "clock_error_ms": 1.26, "happened_ns": ZERO_NS}, "known to 1.3 ms, round trip 2.0 ms"),
        ({"round_trip_ms": 2.04}, "not known, round trip 2.0 ms: what it did stands where it arrived"),
    ],
)
def test_how_well_the_satellites_clock_is_known(told, shown):
    what, at_ms, data = ANSWERED[0]
    asyncio.run(_keep(fold(trace((what, at_ms, data | told), *ANSWERED[1:]), began_at=NOW)))
    assert f"the satellite's clock: {shown}" in command("show", "1").stdout.splitlines()


def test_one_turn_whose_words_are_kept(turns):
    shown = turns("show", "2").stdout.splitlines()
    assert "not-understood: rejected, distance 0.81" in shown
    assert "heard: turn on the fright" in shown


def test_a_turn_of_which_little_is_known(turns):
    assert turns("show", "3").stdout.splitlines()[1] == "failed: no voice"


def test_one_turn_as_json(turns):
    told = json.loads(turns("show", "1", "--json").stdout)
    assert (told["number"], told["name"], told["v2v_ms"], told["words"]) == (1, "Kitchen", 762.0, None)
    assert told["stages"]["silence"] == [1600.0, 2300.0]


def test_a_turn_that_is_not_there(turns):
    refused = turns("show", "77")
    assert refused.exit_code == 2
    assert (
        refused.stderr == "roomtone: there is no turn 77, or no longer; `roomtone turns` lists those that there are\n"
    )


def test_figures(turns):
    shown = turns("stats", "--hours", "72").stdout.splitlines()
    assert shown[0] == "turns in the last 72 h: 3 (answered 1, not-understood 1, failed 1)"
    assert shown[1] == "not understood: 1 (rejected 1)"
    assert shown[3].split() == ["ms", "turns", "p50", "p95", "p99"]
    assert shown[4].split() == ["V2V", "1", "762", "762", "762"]
    assert ["stt", "2", "45", "76", "79"] in [line.split() for line in shown]


def test_figures_of_the_last_hours_only_and_of_one_satellite(turns):
    told = json.loads(turns("stats", "--json").stdout)
    assert (told["turns"], told["outcomes"], told["v2v_ms"]) == (2, {"not-understood": 1, "failed": 1}, None)
    assert told["stages"]["stt"] == {"count": 1, "p50": 80.0, "p95": 80.0, "p99": 80.0}
    assert json.loads(turns("stats", "--json", "--satellite", "o1").stdout)["turns"] == 1


def test_before_the_first_turn():
    asyncio.run(_keep())
    assert command().stdout == "There is no turn yet.\n"
    assert command("stats").stdout == "turns in the last 24 h: 0\n"


def test_before_the_first_server():
    refused = command()
    assert refused.exit_code == 1
    assert "`roomtone server` makes it when it first runs" in refused.stderr


def test_a_database_of_an_older_version_says_what_to_do():
    asyncio.run(_keep())
    connection = sqlite3.connect(state_dir() / "server" / FILE_NAME)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    assert "start the server once" in command("stats").stderr


def test_options_of_the_table_are_not_swallowed_by_a_subcommand(turns):
    refused = turns("--satellite", "Kitchen", "stats")
    assert refused.exit_code == 2
    assert "mean nothing to `stats`" in refused.stderr
