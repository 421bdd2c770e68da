"""Our satellites as Home Assistant sees them, over real sockets: described, announced to, never asking for a turn."""

import asyncio
import logging
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from support.links import bytes_from, plainly_dialled, stranger
from support.scripted import ScriptedSatellite, parts
from support.server_end import free_port
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.info import Describe, Info
from wyoming.satellite import PauseSatellite, RunSatellite
from wyoming.timer import TimerCancelled, TimerFinished, TimerStarted

from roomtone.errors import FrameError, PortUnusable
from roomtone.link.allow import AllowList
from roomtone.link.background import alongside
from roomtone_server.ports.presented.driver import MAX_ANNOUNCEMENT_BYTES, Driver, TimerDone
from roomtone_server.ports.presented.port import MAX_WAITING, Places, present
from roomtone_server.runtime.house import House
from roomtone_server.store.base import PairedSatellite
from roomtone_server.store.database import Database
from roomtone_server.store.presented import SqlitePresentedStore
from roomtone_server.store.satellites import SqliteSatelliteStore

RATE_HZ = 22_050


class Announced:
    """What is announced on the network at the moment: the ports of satellites, by their ids."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        self._changed = asyncio.Event()

    async def __call__(self, satellite, port):
        self.names[satellite.id] = port
        self._changed.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            del self.names[satellite.id]
            self._changed.set()

    async def are(self, *names):
        while set(self.names) != set(names):
            self._changed.clear()
            await self._changed.wait()
        return [self.names[name] for name in names]


@asynccontextmanager
async def presenting(*satellites):
    """The house in which these are connected, and what is announced of them."""
    house, announced, ports = House(parts()), Announced(), {}

    async def port_of(satellite):
        return ports.setdefault(satellite.id, free_port())

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(
            alongside(present(house, Places(port_of, announced, AllowList((), setting="allow"))))
        )
        for satellite in satellites:
            await stack.enter_async_context(alongside(house.attend(satellite)))
        yield house, announced


def announcement(link, seconds=0.1, rate_hz=RATE_HZ):
    link.send(AudioStart(rate_hz, 2, 1, timestamp=0).event())
    for _ in range(round(seconds * 10)):
        link.send(AudioChunk(rate_hz, 2, 1, b"\x01\x02" * (rate_hz // 10)).event())
    link.send(AudioStop().event())


async def test_it_is_a_satellite_with_a_name_and_an_area_and_asks_for_nothing():
    async with presenting(ScriptedSatellite("s1", "Kitchen")) as (_, announced):
        [port] = await announced.are("s1")
        async with plainly_dialled(port) as link:
            for event in (Describe(), RunSatellite(), PauseSatellite(), Describe()):
                link.send(event.event())
            for _ in range(2):
                info = Info.from_event(await link.receive())
                assert (info.satellite.name, info.satellite.area) == ("Kitchen", "Kitchen")
                assert not any((info.asr, info.tts, info.wake, info.handle, info.intent))


async def test_an_announcement_is_played_and_told_when_it_was_heard():
    satellite = ScriptedSatellite("s1", "Kitchen", plays=False)
    async with presenting(satellite) as (_, announced):
        [port] = await announced.are("s1")
        async with plainly_dialled(port) as link:
            announcement(link, 0.3, 24_000)
            await satellite.until("end-reply")
            assert satellite.of("begin") == [(2, 24_000)]
            assert sum(samples for _, samples in satellite.of("play")) == 24_000 * 3 // 10
            link.send(Describe().event())
            assert Info.is_type((await link.receive()).type), "it has not been heard yet"
            satellite.plays_to_the_end(2)
            assert (await link.receive()).type == "played"


async def test_its_timers_ring_there():
    satellite = ScriptedSatellite("s1", "Kitchen")
    async with presenting(satellite) as (_, announced):
        [port] = await announced.are("s1")
        async with plainly_dialled(port) as link:
            link.send(TimerStarted("a", 300, "pasta").event())
            link.send(TimerStarted("b", 90).event())
            link.send(TimerStarted("c", 3600).event())
            link.send(TimerCancelled("c").event())
            link.send(TimerFinished("a").event())
            link.send(TimerFinished("b").event())
            await satellite.until("ended", 2)
        assert [text for _, text in satellite.of("reply")] == [
            "Your pasta timer is done.",
            "Your 1 minute 30 second timer is done.",
        ]
        assert satellite.of("chime") == [("timer",), ("timer",)]


async def test_it_is_presented_for_as_long_as_it_is_connected_and_again_at_the_same_port():
    kitchen, office = ScriptedSatellite("s1", "Kitchen"), ScriptedSatellite("s2", "Office")
    async with presenting(kitchen) as (house, announced):
        [first] = await announced.are("s1")
        async with alongside(house.attend(office)):
            assert len(set(await announced.are("s1", "s2"))) == 2
            kitchen.switch_off()
            await announced.are("s2")
            async with alongside(house.attend(ScriptedSatellite("s1", "Pantry"))):
                assert (await announced.are("s1", "s2"))[0] == first
                async with plainly_dialled(first) as link:
                    link.send(Describe().event())
                    assert Info.from_event(await link.receive()).satellite.name == "Pantry"


async def test_where_no_port_is_to_be_had_the_others_are_presented(caplog):
    house, announced, free = House(parts()), Announced(), free_port()

    async def port_of(satellite):
        if satellite.id == "s1":
            raise PortUnusable("all ports are taken")
        return None if satellite.id == "s2" else free

    places = Places(port_of, announced, AllowList((), setting="allow"))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(alongside(present(house, places)))
        for name in ("s1", "s2", "s3"):
            await stack.enter_async_context(alongside(house.attend(ScriptedSatellite(name))))
        assert await announced.are("s3") == [free]
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [
        "not presented to Home Assistant: all ports are taken"
    ]


async def test_what_cannot_wait_any_longer_is_not_played(caplog):
    satellite = ScriptedSatellite("s1", "Kitchen")
    async with presenting(satellite) as (_, announced):
        [port] = await announced.are("s1")
        satellite.wake(1)  # a turn is going on, so that all of it has to wait
        async with plainly_dialled(port) as link:
            for _ in range(MAX_WAITING + 1):
                announcement(link)
            link.send(Describe().event())
            await link.receive()
    assert "4 announcements wait already: one more is not played" in caplog.text


async def test_who_sends_what_is_no_event_is_disconnected():
    async with presenting(ScriptedSatellite("s1", "Kitchen")) as (_, announced):
        [port] = await announced.are("s1")
        for said in (b"GET / HTTP/1.1\r\n\r\n", b'{"type":"audio-start","data":{"rate":1,"width":2,"channels":1}}\n'):
            async with stranger(port, tls=False) as (reader, writer):
                writer.write(said)
                assert [data async for data in bytes_from(reader)] == []
        async with plainly_dialled(port) as link:
            link.send(Describe().event())
            assert Info.is_type((await link.receive()).type)


# --- what it is told ---


def test_an_announcement_is_bounded_and_mono():
    driver = Driver()
    driver.take(AudioStart(RATE_HZ, 2, 2).event())
    chunk = AudioChunk(RATE_HZ, 2, 2, b"\x02\x00\x04\x00" * 1000).event()
    assert driver.take(chunk) is None
    assert driver.take(AudioStop().event()).pcm == b"\x03\x00" * 1000
    assert driver.take(AudioStop().event()) is None
    driver.take(AudioStart(RATE_HZ, 2, 1).event())
    chunk = AudioChunk(RATE_HZ, 2, 1, bytes(65_000)).event()
    for _ in range(MAX_ANNOUNCEMENT_BYTES // 65_000 + 2):
        driver.take(chunk)
    assert len(driver.take(AudioStop().event()).pcm) == MAX_ANNOUNCEMENT_BYTES


def test_audio_that_nobody_announced_or_in_another_format_is_left_out():
    driver = Driver()
    chunk = AudioChunk(RATE_HZ, 2, 1, bytes(100)).event()
    driver.take(chunk)
    assert driver.take(AudioStop().event()) is None
    driver.take(AudioStart(16_000, 2, 1).event())
    driver.take(chunk)
    assert driver.take(AudioStop().event()) is None


def test_a_timer_that_is_not_known_rings_without_a_name():
    driver = Driver()
    assert driver.take(TimerFinished("x").event()) == TimerDone()
    for number in range(200):
        driver.take(TimerStarted(str(number), 60, "tea").event())
    assert driver.take(TimerFinished("0").event()) == TimerDone()
    assert driver.take(TimerFinished("199").event()) == TimerDone("tea", 60)


@pytest.mark.parametrize(
    "event", [TimerStarted("x", -1).event(), TimerStarted("x", 10**12).event(), AudioStart(10**9, 2, 1).event()]
)
def test_what_is_malformed_is_refused(event):
    with pytest.raises(FrameError):
        Driver().take(event)


# --- where it stands ---


async def test_a_satellite_keeps_its_port_until_it_is_no_longer_paired(tmp_path):
    async with Database.open(tmp_path / "roomtone.db") as database:
        paired, store = SqliteSatelliteStore(database), SqlitePresentedStore(database)
        for name in "abcd":
            await paired.add(PairedSatellite(name, name, None, b"", 0.0))
        async with asyncio.TaskGroup() as tasks:
            chosen = [tasks.create_task(store.port_of(name, range(1000, 1003))) for name in "abcd"]
        assert [each.result() for each in chosen] == [1000, 1001, 1002, None]
        await paired.remove("b")
        assert await store.port_of("d", range(1000, 1003)) == 1001
    async with Database.open(tmp_path / "roomtone.db") as database:
        store = SqlitePresentedStore(database)
        assert await store.port_of("c", range(1000, 1003)) == 1002
        assert await store.port_of("c", range(2000, 2003)) == 2000, "the settings have others now"
