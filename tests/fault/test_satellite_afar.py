"""A whole satellite that is set from afar, over real TLS; only the room is scripted."""

import asyncio
from array import array

import pytest
from support.satellite_parts import WORD, Bench, ScriptedWake, frame
from support.server_end import say, serving, speak
from wyoming.audio import AudioChunk
from wyoming.event import Event

from roomtone.ears.base import TunedWord
from roomtone.link.events import (
    Chime,
    Listen,
    Played,
    Reply,
    SatelliteLevel,
    SatelliteState,
    SetSatellite,
    TurnEnded,
    Wake,
    WakeWord,
    WatchLevel,
    parse,
)
from roomtone.satellite.course import State
from roomtone_satellite.connection import pair_with
from roomtone_satellite.devices.null import NullSpeaker, NullSpeakerSettings
from roomtone_satellite.kept import kept_path
from roomtone_satellite.settings import ServerSettings
from roomtone_satellite.volume import gain_of

LOUD = array("h", [10_000] * 160).tobytes()  # 20 ms at 8 kHz
QUIET = {"chimes": {"awake": False, "invited": False, "error": False, "done": False}}


class Listener(NullSpeaker):
    """A speaker that remembers what it was given."""

    def __init__(self) -> None:
        super().__init__(NullSpeakerSettings(rate_hz=8_000))
        self.given = array("h")
        self._more = asyncio.Event()

    async def write(self, pcm, turn):
        self.given.frombytes(pcm)
        self._more.set()
        await super().write(pcm, turn)

    async def until(self, samples: int) -> None:
        while len(self.given) < samples:
            self._more.clear()
            await self._more.wait()


class TunedWake(ScriptedWake):
    def __init__(self, threshold: float = 0.85) -> None:
        super().__init__()
        self.threshold = threshold

    @property
    def tuning(self):
        return [TunedWord("okay_nabu", "okay nabu", self.threshold)]

    def tune(self, name, threshold):
        assert name == "okay_nabu"
        self.threshold = threshold


async def pair(server) -> None:
    await pair_with(ServerSettings(host="127.0.0.1", port=server.port), server.code(), name="bench", area=None)


async def next_state(server, **expected) -> SatelliteState:
    """The next that says so."""
    while True:
        state = await server.next(SatelliteState)
        if all(getattr(state, name) == value for name, value in expected.items()):
            return state


async def until_kept(text: str, link, server) -> None:
    """What is set is written beside everything else."""
    while not kept_path().exists() or text not in kept_path().read_text():
        say(link, SetSatellite())
        await server.next(SatelliteState)


async def test_it_tells_how_it_is_set_once_it_is_welcome_and_whenever_that_changes(tmp_path):
    async with serving(tmp_path) as server:
        await pair(server)
        async with Bench(server, wake=TunedWake(), volume=0.8).running() as bench:
            link = await bench.meet(server)
            nabu = WakeWord("okay_nabu", "okay nabu", 0.85)
            everything = ("mute", "volume", "level", "thresholds")
            first = await server.next(SatelliteState)
            assert first == SatelliteState(False, False, 0.8, (nabu,), everything)
            say(link, SetSatellite(volume=0.5))
            assert (await server.next(SatelliteState)).volume == 0.5
            say(link, SetSatellite(thresholds={"okay_nabu": 0.95, "never_heard_of": 0.5}))
            tuned = await server.next(SatelliteState)
            assert tuned.wake_words == (WakeWord("okay_nabu", "okay nabu", 0.95),)
            bench.satellite.toggle_mute()
            assert await next_state(server, muted=True, muted_there=True)


async def test_one_whose_engine_takes_no_thresholds_says_so_and_shows_its_words(tmp_path):
    async with serving(tmp_path) as server:
        await pair(server)
        async with Bench(server).running() as bench:
            link = await bench.meet(server)
            told = await server.next(SatelliteState)
            assert told.wake_words == (WakeWord("okay_nabu", "okay nabu", None),)
            assert "thresholds" not in told.can
            say(link, SetSatellite(thresholds={"okay_nabu": 0.95}))
            assert await server.next(SatelliteState) == told


async def test_the_server_mutes_and_lifts_its_own_mute(tmp_path):
    async with serving(tmp_path) as server:
        await pair(server)
        async with Bench(server, **QUIET).running() as bench:
            link = await bench.meet(server)
            say(link, SetSatellite(muted=True))
            assert not (await next_state(server, muted=True)).muted_there
            bench.microphone.hear(WORD, frame(7))
            await bench.microphone.has_heard_all()
            say(link, WatchLevel(10), Listen(2, 5.0), SetSatellite(muted=False))
            while (event := await server.heard.get()).type != SatelliteState.TYPE:
                assert event.type == "roomtone-cancel"
            assert not parse(event).muted
            bench.microphone.hear(WORD)
            assert (await server.next(Wake)).turn == 1


async def test_the_room_s_own_mute_stays_whatever_the_server_asks(tmp_path):
    async with serving(tmp_path) as server:
        await pair(server)
        async with Bench(server, **QUIET).running() as bench:
            link = await bench.meet(server)
            bench.satellite.toggle_mute()
            say(link, *[SetSatellite(muted=muted) for muted in (False, True, False)], Listen(2, 5.0), WatchLevel(9))
            say(link, Reply(4, "hello"), SetSatellite(muted=False, volume=0.5))
            state = await next_state(server, volume=0.5)
            assert (state.muted, state.muted_there) == (True, True)
            bench.microphone.hear(WORD, frame(7))
            await bench.microphone.has_heard_all()
            assert bench.satellite.state is State.MUTED
            bench.satellite.toggle_mute()
            while (event := await server.heard.get()).type != SatelliteState.TYPE:
                assert not AudioChunk.is_type(event.type)
                assert event.type != SatelliteLevel.TYPE
            assert not parse(event).muted


async def test_a_button_in_the_room_lifts_what_was_muted_from_afar(tmp_path):
    async with serving(tmp_path) as server:
        await pair(server)
        async with Bench(server).running() as bench:
            link = await bench.meet(server)
            say(link, SetSatellite(muted=True))
            await next_state(server, muted=True)
            bench.satellite.toggle_mute()
            await next_state(server, muted=False)


async def test_levels_are_told_for_so_long_and_of_what_was_heard(tmp_path):
    async with serving(tmp_path) as server:
        await pair(server)
        async with Bench(server).running() as bench:
            link = await bench.meet(server)
            bench.microphone.hear(*[frame(3277)] * 50)
            await bench.microphone.has_heard_all()
            say(link, WatchLevel(0.5), SetSatellite(volume=0.9))
            await next_state(server, volume=0.9)
            bench.microphone.hear(*[frame(3277)] * 100, WORD)
            levels = []
            while (event := await server.heard.get()).type != Wake.TYPE:
                levels.append(parse(event))
            assert levels == [SatelliteLevel(-20.0)] * 2, "half a second, four times a second"


async def test_replies_and_chimes_are_as_loud_as_was_asked(tmp_path):
    listener = Listener()
    async with serving(tmp_path) as server:
        await pair(server)
        chimes = {"chimes": QUIET["chimes"] | {"timer": True, "volume": 1.0}}
        async with Bench(server, speaker=listener, **chimes).running() as bench:
            link = await bench.meet(server)
            say(link, SetSatellite(volume=0.5))
            await next_state(server, volume=0.5)
            say(link, Reply(2, "hello"))
            speak(link, LOUD * 20, 8_000)
            while not (await server.next(Played)).done:
                pass
            lowered = round(10_000 * gain_of(0.5))
            assert set(listener.given[160:]) == {lowered}, "after a block in which it grew softer"
            assert sorted(listener.given[:160], reverse=True) == list(listener.given[:160])
            say(link, TurnEnded(2, "answered"))
            del listener.given[:]
            say(link, Chime("timer"), SetSatellite(volume=0.6), Listen(4, 5.0))
            while (await server.next(Wake)).turn != 4:
                pass
            await listener.until(1600)
            assert 0 < max(listener.given) <= round(32_767 * gain_of(0.6))


@pytest.mark.parametrize(("setting", "holds"), [(1.0, 0.4), (0.7, 0.7)], ids=["as before", "changed"])
async def test_a_volume_and_a_threshold_outlive_a_restart_until_the_settings_say_something_else(
    tmp_path, setting, holds
):
    async with serving(tmp_path) as server:
        await pair(server)
        async with Bench(server, wake=TunedWake(0.85)).running() as bench:
            link = await bench.meet(server)
            say(link, SetSatellite(volume=0.4, thresholds={"okay_nabu": 0.4}))
            await next_state(server, volume=0.4)
            await until_kept("okay_nabu", link, server)
        async with Bench(server, wake=TunedWake(setting - 0.15), volume=setting).running() as bench:
            await bench.meet(server)
            state = await server.next(SatelliteState)
            assert state.volume == holds
            assert state.wake_words[0].threshold == (0.4 if holds == 0.4 else setting - 0.15)
        assert kept_path().stat().st_mode & 0o777 == 0o600


async def test_a_mute_from_afar_outlives_a_restart_too(tmp_path):
    async with serving(tmp_path) as server:
        await pair(server)
        async with Bench(server).running() as bench:
            link = await bench.meet(server)
            say(link, SetSatellite(muted=True))
            await next_state(server, muted=True)
            await until_kept("true", link, server)
        async with Bench(server).running() as bench:
            link = await bench.meet(server)
            state = await server.next(SatelliteState)
            assert (state.muted, state.muted_there) == (True, False)
            say(link, SetSatellite(muted=False))
            await until_kept("false", link, server)


async def test_what_was_kept_and_is_broken_costs_no_more_than_itself(tmp_path, caplog):
    async with serving(tmp_path) as server:
        await pair(server)
        kept_path().write_text('{"volume": {"value": 7, "instead_of": 1}}')
        async with Bench(server).running() as bench:
            await bench.meet(server)
            assert (await server.next(SatelliteState)).volume == 1.0
    assert "what was set from afar is forgotten" in caplog.text


@pytest.mark.parametrize(
    "event",
    [
        Event("roomtone-set", {"volume": 1.5}),
        Event("roomtone-set", {"volume": True}),
        Event("roomtone-set", {"muted": "yes"}),
        Event("roomtone-set", {"thresholds": {"okay_nabu": 0}}),
        Event("roomtone-set", {"thresholds": {str(number): 0.5 for number in range(33)}}),
        Event("roomtone-watch-level", {"seconds": 61}),
        Event("roomtone-watch-level", {}),
        Event("roomtone-state", {"muted": False, "muted_there": False, "volume": 1.0}),
        Event("roomtone-level", {"dbfs": -20.0}),
    ],
    ids=lambda event: f"{event.type} {event.data}"[:40],
)
async def test_nonsense_ends_the_connection_and_sets_nothing(tmp_path, event):
    async with serving(tmp_path) as server:
        await pair(server)
        async with Bench(server).running() as bench:
            link = await bench.meet(server)
            link.send(event)
            await bench.meet(server)
            await server.next(SatelliteState)
            assert await server.next(SatelliteState) == SatelliteState(
                False, False, 1.0, (WakeWord("okay_nabu", "okay nabu"),), ("mute", "volume", "level")
            )


async def test_what_a_newer_server_sets_besides_is_passed_over(tmp_path):
    async with serving(tmp_path) as server:
        await pair(server)
        async with Bench(server).running() as bench:
            link = await bench.meet(server)
            link.send(Event("roomtone-set", {"volume": 0.3, "colour": "green"}))
            await next_state(server, volume=0.3)
