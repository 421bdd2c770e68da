"""What happens in a house, as those are told who listen: beside real conversations, over the real store."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from support import virtual_time
from support.inline import InlineExecutor
from support.scripted import ScriptedSatellite, parts

from roomtone.engines import Surroundings
from roomtone.link.background import alongside
from roomtone_server.home.base import ServiceCall
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings
from roomtone_server.ports.web.api.happenings import Happenings
from roomtone_server.ports.web.api.live import HEARTBEAT_S, Live, _Listener
from roomtone_server.recorder import Recorder
from roomtone_server.runtime.house import House
from roomtone_server.store.database import Database
from roomtone_server.store.turns import SqliteTurnStore
from roomtone_server.telemetry.metrics import Metrics

HEALTH = {"satellites": [], "faults": {}, "chains": {}, "status": "ok"}


class Scene:
    """A house with a home, and one who listens."""

    def __init__(self, home, store, topics):
        self.home = home
        self.health = dict(HEALTH)
        self.house = House(parts())
        self.live = Live()
        self.listener = _Listener(topics, None)
        self._recorder = Recorder(
            store, Metrics(lambda: HEALTH), engines={}, faults=self.house.parts.faults, store_transcripts=False
        )
        self._happenings = Happenings(self.live, self.house, home, store, lambda: self.health)

    @asynccontextmanager
    async def follow(self):
        async with alongside(self._recorder.follow(self.house.parts.trace)), alongside(self._happenings.tell()):
            with self.live._listening(self.listener):
                await asyncio.sleep(0.001)  # by then all is followed
                yield self

    async def next(self):
        """The next event's name and data; a heartbeat has neither."""
        lines = (await self.listener.unread.get()).decode().split("\n")
        return None if lines[0] == ":" else (lines[0].removeprefix("event: "), json.loads(lines[1][len("data: ") :]))


def played(folder, topics, script):
    async def main():
        home = VirtualHome(VirtualHomeSettings(), Surroundings(folder, folder), executor=InlineExecutor())
        await home.start()
        async with (
            Database.open(folder / "roomtone.db", InlineExecutor()) as database,
            Scene(home, SqliteTurnStore(database), topics).follow() as scene,
        ):
            return await script(scene)

    return virtual_time.run(main())


def test_a_turn_is_told_as_it_goes_on_and_when_it_is_kept(tmp_path):
    async def script(scene):
        satellite, told = ScriptedSatellite(), []
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(scene.house.attend(satellite))
            await asyncio.sleep(0)
            await satellite.utter(1)
            while not told or told[-1][0] != "turn-ended":
                told.append(await scene.next())
            satellite.switch_off()
        return told

    *turn, (_, ended) = played(tmp_path, ["turns"], script)
    assert {name for name, _ in turn} == {"turn"}
    whats = [event["what"] for _, event in turn]
    assert (whats[0], whats[-1]) == ("wake", "ended")
    assert {"partial", "endpoint", "transcript", "reply", "first-audio"} <= set(whats)
    assert {(event["satellite"], event["turn"]) for _, event in turn} == {("s1", 1)}
    assert (ended["number"], ended["satellite"], ended["turn"], ended["outcome"]) == (1, "s1", 1, "answered")


def test_satellites_that_come_and_go_are_told(tmp_path):
    async def script(scene):
        satellite = ScriptedSatellite()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(scene.house.attend(satellite))
            came = await scene.next()
            satellite.switch_off()
            return [came, await scene.next()]

    assert played(tmp_path, ["satellites"], script) == [("satellites", {})] * 2


def test_states_of_the_home_are_told(tmp_path):
    async def script(scene):
        await scene.home.call(ServiceCall("light.turn_on", "light.kitchen"))
        return await scene.next()

    event, entity = played(tmp_path, ["home"], script)
    assert (event, entity["id"], entity["state"], entity["area"]) == ("state", "light.kitchen", "on", "Kitchen")


def test_health_is_told_when_it_is_otherwise(tmp_path):
    async def script(scene):
        await asyncio.sleep(10)
        scene.health |= {"status": "degraded", "faults": {"turns": "the disk is full"}}
        return await scene.next()

    told = played(tmp_path, ["health"], script)
    assert told == ("health", {"status": "degraded", "faults": {"turns": "the disk is full"}})


def test_who_hears_nothing_knows_that_the_line_is_alive(tmp_path):
    async def script(scene):
        begun = asyncio.get_running_loop().time()
        assert [await scene.next() for _ in range(3)] == [None] * 3
        return asyncio.get_running_loop().time() - begun

    assert played(tmp_path, ["turns"], script) == pytest.approx(3 * HEARTBEAT_S, abs=0.01)
