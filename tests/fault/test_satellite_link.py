"""A whole satellite against a server's end: real TLS, real pairing; only the room is scripted."""

import asyncio
import logging

import pytest
from support.satellite_parts import WORD, Bench, frame
from support.server_end import free_port, say, serving, speak
from wyoming.audio import AudioChunk
from wyoming.event import Event

from roomtone.errors import DeviceError, PeerGone
from roomtone.link.events import (
    Cancel,
    Chime,
    Flush,
    Heard,
    Listen,
    Played,
    Released,
    Reply,
    SatelliteState,
    TurnEnded,
    Wake,
    parse,
)
from roomtone.link.pairing import Credentials
from roomtone.satellite.course import State
from roomtone_satellite.connection import credentials_path, pair_with
from roomtone_satellite.settings import ServerSettings

TONE = frame(1000)[:320]  # 20 ms at 8 kHz


async def paired_bench(server, **options) -> Bench:
    address = ServerSettings(host="127.0.0.1", port=server.port)
    await pair_with(address, server.code(), name="bench", area=None)
    return Bench(server, **options)


class LogLines(logging.Handler):
    """What the satellite logs, to be waited for."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: asyncio.Queue[str] = asyncio.Queue()
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record.getMessage())
        self.lines.put_nowait(record.getMessage())

    async def until(self, text: str) -> None:
        while text not in await self.lines.get():
            pass


@pytest.fixture
def log():
    handler = LogLines()
    logger = logging.getLogger("roomtone_satellite")
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


async def test_a_turn_from_the_wake_word_to_the_end(tmp_path):
    async with serving(tmp_path) as server, (await paired_bench(server)).running() as bench:
        link = await bench.meet(server)
        before = [frame(n) for n in range(1, 31)]
        bench.microphone.hear(*before, WORD, frame(100), frame(101))

        wake = await server.next(Wake)
        assert (wake.turn, wake.name, wake.phrase) == (1, "okay_nabu", "okay nabu")
        assert wake.sample == 31 * 320, "the detection stands at the end of its frame"
        assert wake.first_sample == wake.sample - 8_000
        assert wake.word_dbfs > -20, "the one loud frame"
        assert wake.room_dbfs < -65, "the quiet ones before it"
        assert 0 < wake.at_us <= asyncio.get_running_loop().time() * 1e6

        say(link, Heard(1))
        bench.microphone.hear(frame(102))
        chunks = await server.utterance()
        assert [chunk.timestamp * 16 for chunk in chunks[:2]] == [wake.first_sample, wake.first_sample + 320]
        first = [*before[6:], WORD]
        assert [chunk.audio for chunk in chunks[: len(first)]] == first
        assert {chunk.audio for chunk in chunks[len(first) :]} <= {frame(100), frame(101), frame(102)}

        say(link, Reply(1, "the light is on"))
        speak(link, TONE * 20, 8_000)
        first = played = await server.next(Played)
        while not played.done:
            played = await server.next(Played)
        assert (played.turn, played.samples) == (1, 20 * 160)
        assert 0 < first.samples < played.samples, "it is told when the reply begins to sound"
        assert wake.at_us < first.at_us < played.at_us
        say(link, TurnEnded(1, "answered"))
        bench.microphone.hear(WORD)
        assert (await server.next(Wake)).turn == 3


async def test_a_wake_word_during_the_reply_stops_it_at_a_known_place(tmp_path):
    async with serving(tmp_path) as server, (await paired_bench(server)).running() as bench:
        link = await bench.meet(server)
        bench.microphone.hear(WORD)
        await server.next(Wake)
        say(link, Heard(1), Reply(1, "once upon a time"))
        speak(link, TONE * 100, 8_000, stop=False)
        await server.next(Played)
        bench.microphone.hear(WORD)
        stopped = await server.next(Played)
        assert stopped.done
        assert 0 < stopped.samples < 100 * 160
        assert await server.next(Cancel) == Cancel(1)
        assert (await server.next(Wake)).turn == 3


async def test_the_server_may_flush_and_ask_back(tmp_path):
    async with serving(tmp_path) as server, (await paired_bench(server)).running() as bench:
        link = await bench.meet(server)
        bench.microphone.hear(WORD)
        await server.next(Wake)
        say(link, Reply(1, "really?"))
        speak(link, TONE * 100, 8_000, stop=False)
        await server.next(Played)
        say(link, Flush(1), TurnEnded(1, "answered"), Listen(2, 5.0))
        asked = await server.next(Wake)
        assert (asked.turn, asked.name, asked.first_sample) == (2, "", asked.sample)
        bench.microphone.hear(frame(7))
        assert AudioChunk.from_event(await server.heard.get()).audio == frame(7)


async def test_muted_it_hears_nothing_and_says_nothing(tmp_path):
    async with serving(tmp_path) as server, (await paired_bench(server)).running() as bench:
        link = await bench.meet(server)
        bench.microphone.hear(WORD)
        await server.next(Wake)
        bench.satellite.toggle_mute()
        assert bench.microphone.eager, "a frame that is handed over late would be heard after the ear opened"
        assert await server.next(Cancel) == Cancel(1)
        listened = bench.wake.processed
        bench.microphone.hear(WORD, frame(5))
        await bench.microphone.has_heard_all()
        assert bench.wake.processed == listened
        bench.satellite.toggle_mute()
        assert not bench.microphone.eager

        bench.microphone.hear(frame(6), WORD)
        assert (await server.next(Wake)).turn == 3
        say(link, Heard(3))
        preroll = {chunk.audio for chunk in await server.utterance()}
        assert preroll == {frame(6), WORD}, "what was said while muted is in no pre-roll either"


async def test_muted_no_audio_leaves_it_whatever_the_server_asks(tmp_path):
    async with serving(tmp_path) as server, (await paired_bench(server, button="hold")).running() as bench:
        link = await bench.meet(server)
        bench.satellite.toggle_mute()
        say(link, Listen(2, 5.0), Heard(2), Reply(4, "speak"), Flush(4), Chime("timer"), TurnEnded(4, "answered"))
        speak(link, TONE, 8_000)
        say(link, Listen(6, 5.0), Listen(8, 5.0))
        assert [await server.next(Cancel) for _ in range(4)] == [Cancel(turn) for turn in (2, 4, 6, 8)]
        bench.satellite.press_button()
        bench.microphone.hear(WORD, frame(7))
        await bench.microphone.has_heard_all()
        bench.satellite.release_button()
        bench.satellite.toggle_mute()

        bench.satellite.press_button()
        told = [await server.heard.get()]
        while told[-1].type != Wake.TYPE:
            told.append(await server.heard.get())
        assert {event.type for event in told} == {SatelliteState.TYPE, Wake.TYPE}, "not a frame before it"
        first = parse(told[-1])
        assert (first.turn, first.held) == (1, True)


async def test_what_is_said_while_the_button_is_held_is_the_utterance(tmp_path):
    async with serving(tmp_path) as server, (await paired_bench(server, button="hold")).running() as bench:
        await bench.meet(server)
        bench.satellite.press_button()
        bench.microphone.hear(frame(1), frame(2))
        await bench.microphone.has_heard_all()
        bench.satellite.release_button()
        bench.microphone.hear(frame(3))
        assert {chunk.audio for chunk in await server.utterance()} == {frame(1), frame(2)}
        assert await server.next(Released) == Released(1)


async def test_a_server_that_vanishes_in_the_middle_of_its_reply(tmp_path, log):
    port = free_port()
    async with serving(tmp_path, port) as server:
        bench = await paired_bench(server)
    async with bench.running():
        async with serving(tmp_path, port) as second:
            second.satellites = server.satellites
            link = await bench.meet(second)
            bench.microphone.hear(WORD)
            await second.next(Wake)
            say(link, Reply(1, "and then"))
            speak(link, TONE * 100, 8_000, stop=False)
            await second.next(Played)
        async with serving(tmp_path, port) as third:
            third.satellites = server.satellites
            await bench.meet(third)
            assert bench.satellite.state is State.WAITING
            bench.microphone.hear(WORD)
            assert (await third.next(Wake)).turn == 3
            assert sum("lost in the middle" in line for line in log.seen) == 1


async def test_a_satellite_that_the_server_no_longer_knows_is_told_and_sends_no_audio(tmp_path, log):
    async with serving(tmp_path) as server:
        bench = await paired_bench(server)
        server.satellites.clear()
        async with bench.running():
            bench.microphone.hear(WORD, WORD)
            await server.refused.get()
            assert server.links.empty()
            await log.until("pair it again")
    assert server.heard.empty()


async def test_another_server_in_its_place_is_sent_nothing(tmp_path, log):
    async with serving(tmp_path / "old") as server:
        bench = await paired_bench(server)
        port = server.port
    async with serving(tmp_path / "new", port) as impostor, bench.running():
        bench.microphone.hear(WORD, WORD)
        await log.until("another fingerprint")
        assert impostor.links.empty()
        assert impostor.heard.empty()


async def test_unpaired_it_says_so_once_and_goes_on_by_itself_when_it_is_paired(tmp_path, log, monkeypatch):
    monkeypatch.setattr("roomtone_satellite.connection._LOOK_S", 0.001)
    async with serving(tmp_path) as server, Bench(server).running() as bench:
        await log.until("not paired")
        address = ServerSettings(host="127.0.0.1", port=server.port)
        kept = await pair_with(address, server.code(), name="bench", area="Kitchen")
        await bench.meet(server)
    assert ["not paired" in line for line in log.seen] == [True]
    assert Credentials.load(credentials_path()) == kept
    assert credentials_path().stat().st_mode & 0o777 == 0o600


async def test_a_malformed_event_ends_the_connection_not_the_satellite(tmp_path):
    async with serving(tmp_path) as server, (await paired_bench(server)).running() as bench:
        link = await bench.meet(server)
        say(link, Reply(2, "hello"))
        link.send(Event("audio-chunk", {"rate": 10**9, "width": 2, "channels": 1}, b"\0\0"))
        await bench.meet(server)
        bench.microphone.hear(WORD)
        assert (await server.next(Wake)).turn == 1


async def test_a_microphone_that_fails_is_opened_again(tmp_path, log):
    async with serving(tmp_path) as server, (await paired_bench(server)).running() as bench:
        await bench.meet(server)
        bench.microphone.hear(frame(1), DeviceError("the cable is out"), WORD)
        wake = await server.next(Wake)
        assert wake.sample == 640
        assert bench.microphone.opened == 2
    assert sum("the cable is out" in line for line in log.seen) == 1


async def test_a_microphone_that_was_never_there_ends_the_satellite(tmp_path):
    async with serving(tmp_path) as server:
        bench = await paired_bench(server)
        bench.microphone.hear(DeviceError("there is no microphone"))
        with pytest.raises(ExceptionGroup) as raised:
            await bench.satellite.run()
    assert raised.group_contains(DeviceError, match="there is no microphone")


async def test_pairing_with_nobody_there(tmp_path):
    async with serving(tmp_path) as server:
        code = server.code()
    with pytest.raises(PeerGone):
        await pair_with(ServerSettings(host="127.0.0.1", port=free_port()), code, name="bench", area=None)
    assert not credentials_path().exists()


async def test_the_real_wake_word_crosses_the_link(tmp_path, recordings):
    from roomtone import engines
    from roomtone.paths import cache_dir, state_dir
    from roomtone_satellite.devices.wav import read_frames

    chosen = engines.choose("wake", engines.EngineChoice("microwakeword"))
    engine = chosen.make(engines.Surroundings(state_dir(), cache_dir()))
    heard = [bytes(640)] * 50 + read_frames(recordings / "wake" / "okay_nabu_2.wav")
    async with serving(tmp_path) as server, (await paired_bench(server, wake=engine)).running() as bench:
        await bench.meet(server)
        bench.microphone.hear(*heard)
        wake = await server.next(Wake)
    engine.close()
    assert wake.name == "okay_nabu"
    assert wake.sample - wake.first_sample == 8_000
