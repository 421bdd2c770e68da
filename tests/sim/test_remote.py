"""Satellites from afar, in the house: who is there, what it tells, and what it may be asked. On virtual time."""

import asyncio
from contextlib import aclosing, asynccontextmanager

import pytest
from support import virtual_time
from support.scripted import ScriptedSatellite, parts

from roomtone.errors import SatelliteAway, SatelliteUnable
from roomtone_server.runtime.house import House
from roomtone_server.runtime.remote import (
    LEVEL_LASTS_S,
    Change,
    LevelWanted,
    Remote,
    Renamed,
    SatelliteState,
    WakeWord,
    Wish,
)

NABU = WakeWord("okay_nabu", "okay nabu", 0.85)
OPEN = SatelliteState(muted=False, muted_there=False, volume=1.0, wake_words=(NABU,))
EVERYTHING = ("announce", "listen", "mute", "volume", "level", "thresholds", "rename", "revoke")


class Asked:
    """A remote, and what its satellite was asked."""

    def __init__(self, *, tells: SatelliteState | None = OPEN) -> None:
        self.wishes: list[Wish] = []
        self.remote = Remote(EVERYTHING, self.wishes.append)
        if tells is not None:
            self.remote.told(tells, ())


@asynccontextmanager
async def attended(satellite: ScriptedSatellite, remote: Remote | None = None):
    house = House(parts())
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(house.attend(satellite, remote))
        await asyncio.sleep(0)
        yield house
        satellite.switch_off()


def on_virtual_time(test):
    def checked():
        virtual_time.run(test())

    checked.__name__ = test.__name__
    return checked


@on_virtual_time
async def test_what_is_asked_is_passed_on_and_what_is_told_is_known():
    asked = Asked()
    async with attended(ScriptedSatellite(), asked.remote) as house:
        remote = house.presence("s1").remote
        remote.mute(muted=True)
        remote.set_volume(0.3)
        remote.set_thresholds({"okay_nabu": 0.9})
        remote.watch_level(5)
        remote.rename("Stove", "Kitchen")
        assert asked.wishes == [
            Change(muted=True),
            Change(volume=0.3),
            Change(thresholds={"okay_nabu": 0.9}),
            LevelWanted(5),
            Renamed("Stove", "Kitchen"),
        ]
        assert remote.state == OPEN


@on_virtual_time
async def test_a_mute_of_the_room_s_own_is_not_lifted_from_afar():
    asked = Asked(tells=SatelliteState(muted=True, muted_there=True, volume=1.0))
    with pytest.raises(SatelliteUnable, match="only there"):
        asked.remote.mute(muted=False)
    asked.remote.mute(muted=True)
    assert asked.wishes == [Change(muted=True)]


@on_virtual_time
async def test_one_that_tells_nothing_is_asked_nothing():
    async with attended(ScriptedSatellite()) as house:
        remote = house.presence("s1").remote
        for ask in (
            lambda: remote.mute(muted=True),
            lambda: remote.set_volume(0.5),
            lambda: remote.set_thresholds({}),
            lambda: remote.rename("Stove", None),
        ):
            with pytest.raises(SatelliteUnable):
                ask()
        remote.watch_level(5)
        assert (remote.state, remote.level_dbfs) == (None, None)


@on_virtual_time
async def test_a_threshold_of_a_word_that_it_does_not_know_is_refused():
    with pytest.raises(SatelliteUnable, match="alexa"):
        Asked().remote.set_thresholds({"alexa": 0.5})


@on_virtual_time
async def test_a_level_is_of_now_or_of_nobody():
    remote = Asked().remote
    remote.heard(-42.0)
    assert remote.level_dbfs == -42.0
    await asyncio.sleep(LEVEL_LASTS_S + 0.1)
    assert remote.level_dbfs is None
    remote.heard(-42.0)
    remote.told(SatelliteState(muted=True, muted_there=False, volume=1.0), ())
    assert remote.level_dbfs is None


@on_virtual_time
async def test_it_listens_when_it_is_asked_but_not_into_a_turn():
    satellite = ScriptedSatellite()
    async with attended(satellite) as house:
        house.listen("s1")
        assert satellite.of("invite") == [(2, 5.0)]
        with pytest.raises(SatelliteUnable, match="just now"):
            house.listen("s1")
        satellite.wake(2, word="")
        await satellite.stream(b"\x40\x1f" * 320, 1000)
        await satellite.stream(bytes(640), 1000)
        await satellite.until("ended")
        assert satellite.of("ended") == [(2, "answered", "")]


@on_virtual_time
async def test_it_does_not_listen_while_it_is_muted_or_away():
    muted = Asked(tells=SatelliteState(muted=True, muted_there=False, volume=1.0))
    async with attended(ScriptedSatellite(), muted.remote) as house:
        with pytest.raises(SatelliteUnable, match="muted"):
            house.listen("s1")
        with pytest.raises(SatelliteAway):
            house.listen("s2")


@on_virtual_time
async def test_whoever_watches_hears_of_each_change_and_of_several_at_once():
    asked = Asked()
    house = House(parts())
    satellite = ScriptedSatellite()
    async with aclosing(house.changes()) as one, aclosing(house.changes()) as another, asyncio.TaskGroup() as tasks:
        await anext(one)
        await anext(another)
        tasks.create_task(house.attend(satellite, asked.remote))
        await anext(one)
        asked.remote.told(OPEN, ())
        asked.remote.told(OPEN, ())
        await anext(one)
        await anext(another)
        assert [presence.satellite.id for presence in house.present()] == ["s1"]
        satellite.switch_off()
        await anext(one)
        assert house.present() == []
