"""Media players make room for a voice, on virtual time: turned down by the wake, and brought back whatever happens."""

import asyncio
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import virtual_time
from support.inline import InlineExecutor
from support.scripted import SILENCE, SPEECH, ScriptedAgent, ScriptedSatellite, parts

from roomtone.engines import Surroundings
from roomtone.errors import HomeError
from roomtone_server.home.base import ServiceCall
from roomtone_server.home.ducking import BACK_AFTER_S, DuckingHome
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings
from roomtone_server.runtime.house import House
from roomtone_server.store.database import FILE_NAME, Database
from roomtone_server.store.ducked import SqliteDuckedStore

SHARE = 0.3
RADIO, TV = "media_player.radio", "media_player.tv"
HOME = """
areas: [{name: Kitchen}, {name: Attic}]
entities:
  - {id: media_player.radio, name: Radio, area: Kitchen, state: playing, volume_level: 0.5}
  - {id: media_player.tv, name: TV, area: Kitchen, state: paused, volume_level: 0.4}
  - {id: media_player.attic, name: Speaker, area: Attic, state: playing, volume_level: 0.6}
"""


class Players(VirtualHome):
    """A home that takes its time, or is not there."""

    takes_s = 0.0
    refuses = False

    async def call(self, call, order=None):
        await asyncio.sleep(self.takes_s)
        if self.refuses:
            raise HomeError("it starts anew")
        await super().call(call, order)

    def volume(self, entity_id=RADIO):
        return next(each.attributes["volume_level"] for each in self.entities() if each.id == entity_id)


@asynccontextmanager
async def scratch():
    """A home, and where it is kept what is turned down there."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "home.yaml").write_text(HOME)
        players = Players(
            VirtualHomeSettings(file=folder / "home.yaml"), Surroundings(folder, folder), executor=InlineExecutor()
        )
        async with Database.open(folder / FILE_NAME, InlineExecutor()) as database:
            yield players, SqliteDuckedStore(database)


@asynccontextmanager
async def ducking():
    async with scratch() as (players, store):
        home = DuckingHome(players, SHARE, store)
        await home.start()
        yield home, players
        await home.close()
        assert await store.list() == []


async def killed(home):
    """Its server, in the middle of whatever it did."""
    for task in home._holding:
        task.cancel()
    await home._running.aclose()


def told(home, entity_id=RADIO):
    return next(each.attributes["volume_level"] for each in home.entities() if each.id == entity_id)


async def a_moment():
    await asyncio.sleep(0.01)


def set_volume(level, entity_id=RADIO):
    return ServiceCall("media_player.volume_set", entity_id, {"volume_level": level})


def on_virtual_time(scene):
    def test():
        virtual_time.run(scene())

    test.__name__, test.__doc__ = scene.__name__, scene.__doc__
    return test


@asynccontextmanager
async def talking(satellite, home, **chosen):
    house = House(parts(attention=home, **chosen))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(house.attend(satellite))
        await asyncio.sleep(0)
        yield house
        satellite.switch_off()


@on_virtual_time
async def test_from_the_wake_to_the_end_of_the_reply():
    satellite = ScriptedSatellite(plays=False)
    async with ducking() as (home, players), talking(satellite, home):
        satellite.wake(1)
        await a_moment()
        assert players.volume() == 0.15
        assert (players.volume(TV), players.volume("media_player.attic")) == (0.4, 0.6), (
            "not what is silent, or elsewhere"
        )
        assert told(home) == 0.5, "whoever asks is told how loud it is without us"
        await satellite.utter(3)
        await satellite.until("end-reply")
        assert players.volume() == 0.15
        satellite.plays_to_the_end(3)
        await satellite.until("ended", 2)
        await a_moment()
        assert players.volume() == 0.5


@on_virtual_time
async def test_a_turn_that_fails():
    satellite = ScriptedSatellite()
    async with (
        ducking() as (home, players),
        talking(satellite, home, agent=ScriptedAgent(breaks=ZeroDivisionError())),
    ):
        satellite.wake(1)
        await satellite.stream(SPEECH, 1000)
        assert players.volume() == 0.15
        await satellite.stream(SILENCE, 1000)
        await satellite.until("ended")
        await a_moment()
        assert players.volume() == 0.5


@on_virtual_time
async def test_a_satellite_that_leaves_in_the_middle():
    satellite = ScriptedSatellite()
    async with ducking() as (home, players):
        async with talking(satellite, home):
            satellite.wake(1)
            await satellite.stream(SPEECH, 100)
            assert players.volume() == 0.15
        await a_moment()
        assert players.volume() == 0.5


@on_virtual_time
async def test_a_server_that_stops_in_the_middle():
    async with ducking() as (home, players):
        home.talk_began("Kitchen")
        await a_moment()
        assert players.volume() == 0.15
    assert players.volume() == 0.5


@pytest.mark.parametrize("meanwhile", ["nothing", "set", "away", "talk"])
def test_a_server_that_is_killed_in_the_middle_brings_it_back_when_it_starts_again(meanwhile):
    async def main():
        async with scratch() as (players, store):
            home = DuckingHome(players, SHARE, store)
            await home.start()
            home.talk_began("Kitchen")
            await a_moment()
            await killed(home)
            assert players.volume() == 0.15
            if meanwhile == "set":
                await players.call(set_volume(0.8))
            players.refuses = meanwhile == "away"
            home = DuckingHome(players, SHARE, store)
            await home.start()
            assert told(home) == (0.8 if meanwhile == "set" else 0.5)
            if meanwhile == "talk":
                home.talk_began("Kitchen")
                await a_moment()
                assert players.volume() == 0.15
                home.talk_ended("Kitchen")
            await a_moment()
            players.refuses = False
            await asyncio.sleep(BACK_AFTER_S[1])
            assert players.volume() == (0.8 if meanwhile == "set" else 0.5)
            assert await store.list() == []
            await home.close()

    virtual_time.run(main())


@on_virtual_time
async def test_no_turn_waits_for_a_slow_home():
    satellite = ScriptedSatellite()
    async with ducking() as (home, players), talking(satellite, home):
        players.takes_s = 10.0
        await satellite.utter(1)
        await satellite.until("ended")
        assert asyncio.get_running_loop().time() < 3
        assert players.volume() == 0.5
        await asyncio.sleep(30)
        assert players.volume() == 0.5


@on_virtual_time
async def test_two_who_talk_in_one_area_are_counted():
    async with ducking() as (home, players):
        home.talk_began("Kitchen")
        home.talk_began("kitchen")
        await a_moment()
        home.talk_ended("Kitchen")
        await a_moment()
        assert players.volume() == 0.15
        home.talk_ended("kitchen")
        await a_moment()
        assert players.volume() == 0.5


@pytest.mark.parametrize("level", [0.05, 0.8])
def test_what_somebody_sets_meanwhile_stays(level):
    async def main():
        for elsewhere in (False, True):
            async with ducking() as (home, players):
                home.talk_began("Kitchen")
                await a_moment()
                await (players if elsewhere else home).call(set_volume(level))
                home.talk_ended("Kitchen")
                await a_moment()
                assert players.volume() == told(home) == level
                home.talk_began("Kitchen")
                await a_moment()
                assert players.volume() == pytest.approx(level * 0.3, abs=0.01)
                home.talk_ended("Kitchen")
                await a_moment()
                assert players.volume() == level

    virtual_time.run(main())


@on_virtual_time
async def test_louder_is_louder_than_before_the_wake():
    async with ducking() as (home, players):
        home.talk_began("Kitchen")
        await a_moment()
        await home.call(ServiceCall("media_player.volume_up", RADIO))
        home.talk_ended("Kitchen")
        await a_moment()
        assert players.volume() == 0.6


@on_virtual_time
async def test_a_volume_that_is_set_to_what_it_was_turned_down_to_is_meant():
    async with ducking() as (home, players):
        home.talk_began("Kitchen")
        await a_moment()
        await home.call(set_volume(0.15))
        home.talk_ended("Kitchen")
        await a_moment()
        assert players.volume() == told(home) == 0.15


@on_virtual_time
async def test_a_home_that_is_away_for_a_while_brings_it_back_later():
    async with ducking() as (home, players):
        home.talk_began("Kitchen")
        await a_moment()
        players.refuses = True
        home.talk_ended("Kitchen")
        await a_moment()
        home.talk_began("Kitchen")
        await a_moment()
        players.refuses = False
        await asyncio.sleep(BACK_AFTER_S[1])
        assert players.volume() == 0.15, "somebody talks again"
        home.talk_ended("Kitchen")
        await a_moment()
        assert players.volume() == 0.5, "and never less than before the first of them"


@on_virtual_time
async def test_what_was_paused_is_brought_back_by_who_talks_last():
    async with ducking() as (home, players):
        home.talk_began("Kitchen")
        await a_moment()
        await home.call(ServiceCall("media_player.media_pause", RADIO))
        home.talk_ended("Kitchen")
        home.talk_began("Kitchen")
        await a_moment()
        home.talk_ended("Kitchen")
        await a_moment()
        assert players.volume() == 0.5


@on_virtual_time
async def test_who_is_not_heard_at_all_turns_nothing_down():
    async with ducking() as (home, players):
        players.takes_s = 1.0
        home.talk_began("Kitchen")
        home.talk_ended("Kitchen")
        await asyncio.sleep(1.5)
        assert players.volume() == 0.5


@on_virtual_time
async def test_what_was_paused_by_the_command_is_brought_back_too():
    async with ducking() as (home, players):
        home.talk_began("Kitchen")
        await a_moment()
        await home.call(ServiceCall("media_player.media_pause", RADIO))
        home.talk_ended("Kitchen")
        await a_moment()
        assert players.volume() == 0.5


def test_a_satellite_without_an_area_turns_nothing_down():
    class Nowhere(ScriptedSatellite):
        def __init__(self):
            super().__init__(name="")

    async def main():
        satellite = Nowhere()
        async with ducking() as (home, players), talking(satellite, home):
            await satellite.utter(1)
            assert players.volume() == 0.5

    virtual_time.run(main())


HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(["began", "began", "ended", "ended", "away", "back", "slow", "swift", "pause", "play"]),
        st.sampled_from([0.0, 0.0, 0.005, 0.3, 2.0, 40.0]),
    ),
    max_size=24,
)


@settings(max_examples=100, deadline=None)
@given(happenings=HAPPENINGS)
def test_whatever_happens_it_is_as_loud_as_before_and_never_louder(happenings):
    async def main():
        async with ducking() as (home, players):
            talking = 0
            for what, then_s in happenings:
                if what == "began":
                    home.talk_began("Kitchen")
                    talking += 1
                elif what == "ended" and talking:
                    home.talk_ended("Kitchen")
                    talking -= 1
                elif what in {"away", "back"}:
                    players.refuses = what == "away"
                elif what in {"slow", "swift"}:
                    players.takes_s = 3.0 if what == "slow" else 0.0
                elif what in {"pause", "play"} and not players.refuses:
                    await home.call(ServiceCall(f"media_player.media_{what}", RADIO))
                await asyncio.sleep(then_s)
                assert players.volume() in {0.5, 0.15}
                assert told(home) == 0.5
            players.refuses, players.takes_s = False, 0.0
            for _ in range(talking):
                home.talk_ended("Kitchen")
            await asyncio.sleep(sum(BACK_AFTER_S))
            assert players.volume() == 0.5

    virtual_time.run(main())
