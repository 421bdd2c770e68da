"""The recorder beside real conversations, over the real store: each turn leads to a row, and none waits for it."""

import asyncio
import logging
from contextlib import asynccontextmanager
from itertools import groupby
from operator import itemgetter

import pytest
from support import virtual_time
from support.inline import InlineExecutor
from support.scripted import SPEECH, ScriptedAgent, ScriptedSatellite, ScriptedStt, parts
from support.traces import ANSWERED, trace

from roomtone.ears.level import FLOOR_DBFS
from roomtone.errors import StoreError
from roomtone.link.background import alongside
from roomtone_server.agent.base import Finished
from roomtone_server.recorder import Recorder
from roomtone_server.runtime.house import House
from roomtone_server.store.database import Database
from roomtone_server.store.turns import SqliteTurnStore
from roomtone_server.telemetry.metrics import Metrics
from roomtone_server.telemetry.record import from_json
from roomtone_server.telemetry.trace import MAX_UNREAD_EVENTS, Trace

SAID, REPLIED = "turn on the light", "Turned on the light"


def recorder(store, faults=None, *, store_transcripts=False, name_of=lambda _: None):
    metrics = Metrics(lambda: {"satellites": [], "faults": {}, "chains": {}})
    faults = {} if faults is None else faults
    kept = {"engines": {"stt": "x"}, "faults": faults, "store_transcripts": store_transcripts}
    return Recorder(store, metrics, **kept, name_of=name_of), metrics


class Recorded:
    """A house whose turns are recorded, one satellite in it, and what has been kept."""

    def __init__(self, database, **scripted):
        self.store = SqliteTurnStore(database)
        self.satellite = ScriptedSatellite()
        self.house = House(parts(**scripted))

    @asynccontextmanager
    async def follow(self, **options):
        faults = self.house.parts.faults
        follower, self.metrics = recorder(self.store, faults, name_of=self.house.name_of, **options)
        async with alongside(follower.follow(self.house.parts.trace)), asyncio.TaskGroup() as tasks:
            tasks.create_task(self.house.attend(self.satellite))
            await asyncio.sleep(0)
            yield
            self.satellite.switch_off()

    async def records(self):
        return [from_json(turn.record) for turn in await self.store.latest(99)]


def recorded(path, script, *, store_transcripts=False, **scripted):
    """Runs a script with a house whose turns are recorded; what was kept in the end, and the figures."""

    async def main():
        async with Database.open(path, InlineExecutor()) as database:
            house = Recorded(database, **scripted)
            async with house.follow(store_transcripts=store_transcripts):
                await script(house.satellite)
            return await house.records(), house.metrics.exposition().decode()

    return virtual_time.run(main())


async def one_turn(satellite):
    await satellite.utter(1)
    await satellite.until("ended")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "roomtone.db"


def in_files(path, text):
    return any(text.encode() in file.read_bytes() for file in path.parent.iterdir())


def test_a_turn_leads_to_a_row(path):
    [record], figures = recorded(path, one_turn)
    assert (record.satellite, record.satellite_name, record.turn) == ("s1", "Kitchen", 1)
    assert (record.begun_by, record.outcome) == ("wake-word", "answered")
    assert (record.silence_ms, record.engines) == (500, {"stt": "x"})
    assert list(record.stages) == ["wake", "speech", "silence", "stt", "agent", "tts", "speaker", "sound"]
    assert record.lengths.transcript == len(SAID)
    assert record.speech_dbfs == pytest.approx(-12.2, abs=0.1), "the scripted speech, of amplitude 8000"
    assert record.noise_dbfs == FLOOR_DBFS
    assert 'roomtone_turns_total{outcome="answered"} 1.0' in figures


@pytest.mark.parametrize("store_transcripts", [False, True])
def test_words_are_in_the_file_if_they_are_asked_for_and_never_in_the_log(path, caplog, store_transcripts):
    with caplog.at_level(logging.DEBUG):
        [record], _ = recorded(path, one_turn, store_transcripts=store_transcripts)
    assert (record.words is not None) == store_transcripts
    assert in_files(path, "wake-word"), "the record itself is there to be seen"
    assert in_files(path, SAID) == in_files(path, REPLIED) == store_transcripts
    assert SAID not in caplog.text
    assert REPLIED not in caplog.text


def test_barge_in_is_two_turns(path):
    async def script(satellite):
        await satellite.utter(1)
        await satellite.until("begin")
        await satellite.utter(3)
        await satellite.until("ended", 2)

    records, _ = recorded(path, script)
    assert [(record.turn, record.outcome) for record in records] == [(1, "cancelled"), (3, "answered")]


def test_a_muted_microphone_is_told_from_a_silent_user(path):
    async def script(satellite):
        satellite.wake(1)
        await satellite.stream(bytes(640), 6000)
        await satellite.until("ended")

    [record], figures = recorded(path, script, stt=ScriptedStt(text=""))
    assert (record.outcome, record.why) == ("nothing-said", "level-too-low")
    assert 'roomtone_turns_not_understood_total{why="level-too-low"} 1.0' in figures


def test_a_cough_is_told_from_silence(path):
    [record], _ = recorded(path, one_turn, stt=ScriptedStt(text="", spoken=False))
    assert (record.outcome, record.why) == ("nothing-said", "not-speech")


def test_what_no_words_were_found_in(path):
    agent = ScriptedAgent(reply="", finished=Finished(understood=False))
    [record], _ = recorded(path, one_turn, stt=ScriptedStt(text=""), agent=agent)
    assert (record.outcome, record.why) == ("not-understood", "no-words")


def test_a_recogniser_that_fails(path):
    [record], figures = recorded(path, one_turn, stt=ScriptedStt(fails="the worker died"))
    assert (record.outcome, record.why_words) == ("failed", "the worker died")
    assert "worker" not in figures


def test_a_satellite_that_is_lost_when_the_server_ends(path):
    async def script(satellite):
        satellite.wake(1)
        await satellite.stream(SPEECH, 400)

    [record], _ = recorded(path, script)
    assert record.outcome == "lost"


class SlowStore:
    """Keeps a turn only when it is let."""

    def __init__(self):
        self.asked = 0
        self.let = asyncio.Event()

    async def add(self, *_row):
        self.asked += 1
        await self.let.wait()


def test_a_disk_that_hangs_delays_no_turn_and_costs_bounded_memory():
    async def main():
        store, house, satellite = SlowStore(), House(parts()), ScriptedSatellite()
        follower, _ = recorder(store)
        async with alongside(follower.follow(house.parts.trace)), asyncio.TaskGroup() as tasks:
            tasks.create_task(house.attend(satellite))
            await asyncio.sleep(0)
            for number in (1, 3, 5):
                await satellite.utter(number)
            await satellite.until("ended", 3)
            for number in range(101, 301, 2):
                for event in trace(*ANSWERED, turn=number):
                    house.parts.trace.record(event)
            assert store.asked == 1
            [waiting] = house.parts.trace._watchers
            assert waiting.full()
            assert waiting.maxsize == MAX_UNREAD_EVENTS
            satellite.switch_off()
            store.let.set()
        assert store.asked > 20

    virtual_time.run(main())


class Disk:
    """Takes its time for each turn."""

    def __init__(self):
        self.kept = []

    async def add(self, _satellite, _began_at, record):
        await asyncio.sleep(0.01)
        self.kept.append(from_json(record))


def test_turns_that_go_on_while_many_others_are_kept_lose_nothing():
    """One begins every 2 ms, and has an event every ms: 150 are kept in 1.5 s, and all has happened after 0.3 s."""

    async def main():
        disk, trace_ = Disk(), Trace()
        follower, _ = recorder(disk)
        turns = [trace(*ANSWERED, satellite=f"k{number}") for number in range(150)]
        happened = [(2 * number + at, event) for number, turn in enumerate(turns) for at, event in enumerate(turn)]
        happened.sort(key=itemgetter(0))
        async with alongside(follower.follow(trace_)):
            for _, together in groupby(happened, key=itemgetter(0)):
                await asyncio.sleep(0.001)
                for _, event in together:
                    trace_.record(event)
            await asyncio.sleep(2)
        assert len({record.satellite for record in disk.kept}) == len(disk.kept) == 150
        assert all(record.stages.keys() == disk.kept[0].stages.keys() for record in disk.kept)
        assert "silence" in disk.kept[0].stages

    virtual_time.run(main())


class FullDisk:
    def __init__(self):
        self.full = True
        self.kept = 0

    async def add(self, *_row):
        if self.full:
            raise StoreError("the database x cannot be used now: database or disk is full")
        self.kept += 1


def test_a_full_disk_is_a_fault_that_is_said_once_and_passes(caplog):
    async def main():
        store, trace_, faults = FullDisk(), Trace(), {}
        follower, _ = recorder(store, faults)

        async def turn(number):
            for event in trace(*ANSWERED, turn=number):
                trace_.record(event)
            await asyncio.sleep(1)

        async with alongside(follower.follow(trace_)):
            await asyncio.sleep(0)
            await turn(1)
            await turn(3)
            assert "disk is full" in faults["turns"]
            store.full = False
            await turn(5)
            assert faults == {}
        assert store.kept == 1

    virtual_time.run(main())
    assert caplog.text.count("turns are not kept: the database x") == 1


def test_turns_that_ended_before_it_is_stopped_are_kept():
    async def main():
        store, trace_ = FullDisk(), Trace()
        store.full = False
        follower, _ = recorder(store)
        async with alongside(follower.follow(trace_)):
            await asyncio.sleep(0)
            for event in trace(*ANSWERED):
                trace_.record(event)
        assert store.kept == 1

    virtual_time.run(main())
