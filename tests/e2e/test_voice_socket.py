"""Browsers that talk over real sockets; engines do as a test says."""

import asyncio
import json
import struct
from contextlib import aclosing, asynccontextmanager

import aiohttp
import pytest
from support.browser_voice import SILENCE, SPEECH, WORD, TolerantVad, away
from support.satellite_parts import ScriptedWake
from support.scripted import ScriptedAgent, ScriptedStt, ScriptedTts, parts
from support.web import OWNER, DoorsFor, serving

from roomtone.errors import EngineMissing
from roomtone.link.background import alongside
from roomtone_server.ports.web.voice import line, port
from roomtone_server.ports.web.voice.messages import MAX_AUDIO_BYTES, MAX_EVENT_BYTES
from roomtone_server.ports.web.voice.port import VoicePort
from roomtone_server.runtime.house import House

UTTERANCE = SPEECH * 50 + SILENCE * 60


async def make_wake() -> ScriptedWake:
    return ScriptedWake()


@asynccontextmanager
async def served(house: House | None = None, wake=make_wake, **limits):
    """Yields the address and the house behind it."""
    house = house or House(parts(tts=ScriptedTts(seconds=0.3)))
    voice = VoicePort(house, wake, "Home", **limits)
    async with serving(voice.routes(), DoorsFor(OWNER)) as address, alongside(voice.tell_stages()):
        yield address, house


async def nobody_in(house):
    async with aclosing(house.presences()) as presences:
        async for satellites in presences:
            if not satellites:
                return


@pytest.mark.parametrize("rate", [16_000, 48_000])
@pytest.mark.parametrize("mode", ["hold", "wake", "open"])
async def test_a_turn_in_each_mode(mode, rate):
    house = House(parts(tts=ScriptedTts(seconds=0.3), make_vad=TolerantVad))
    async with served(house) as (address, _), away(address) as browser:
        browser.tell("start", rate=rate, mode=mode)
        started = await browser.until("started")
        assert started == {"mode": mode, "wake_words": ["okay nabu"] if mode == "wake" else []}
        if mode == "hold":
            browser.tell("hold")
        if mode == "wake" and rate == 16_000:
            browser.hear(WORD)
        elif mode == "wake":
            browser.tell("listen")  # what was resampled is not the frame that the scripted engine knows
        utterance = UTTERANCE if rate == 16_000 else b"\x40\x1f" * 48_000 + bytes(2 * 58_000)
        for at in range(0, len(utterance), 9_600):
            browser.hear(utterance[at : at + 9_600])
        if mode == "hold":
            browser.tell("release")
        await browser.until("ended")
        assert browser.of("transcript") == [{"turn": 1, "text": "turn on the light"}]
        assert len(browser.audio[1]) == 22_050 * 3 // 10 * 2
        assert browser.of("ended") == [{"turn": 1, "outcome": "answered", "text": ""}]
        await browser.until("stage", stage="endpoint")


async def test_the_house_knows_a_browser_for_as_long_as_it_is_there():
    async with served() as (address, house):
        async with away(address) as browser:
            [known] = house.satellites
            assert (known.name, known.area, known.kind) == ("Tablet", "Kitchen", "browser")
            assert browser.of("welcome") == [{"satellite": known.id, "server": "Home"}]
            assert house.presence(known.id).remote.can == {"announce"}
            browser.tell("start", rate=16_000, mode="hold")
            await browser.until("started")
            assert house.presence(known.id).remote.can == {"announce", "listen"}
            house.listen(known.id)
            assert (await browser.until("listening"))["by"] == "invitation"
        async with away(address, browser="browser-1") as another:
            assert another.of("welcome")[0]["satellite"] != known.id
        async with away(address) as again:
            assert again.of("welcome")[0]["satellite"] == known.id


async def test_a_second_connection_of_one_browser_takes_the_place_of_the_first():
    async with served() as (address, house), away(address) as first:
        first.tell("start", rate=16_000, mode="hold")
        first.tell("hold")
        first.hear(SPEECH * 10)
        await first.until("partial")
        async with away(address) as second:
            assert await first.closed() == port.REPLACED
            assert len(house.satellites) == 1
            house.announce(house.satellites[0].id, "The tea is ready", "timer")
            await second.until("ended")
            assert house.parts.stt.open == 0, "the turn that went on was given up"


async def test_one_that_goes_in_the_middle_of_a_turn_leaves_nothing_behind():
    closed = []

    class Closing(ScriptedWake):
        def close(self):
            closed.append(self)

    async def wake():
        return Closing()

    async with served(wake=wake) as (address, house):
        with house.parts.trace.watch() as traced:
            async with away(address) as browser:
                browser.tell("start", rate=16_000, mode="wake")
                await browser.until("started")
                browser.hear(WORD + SPEECH * 10)
                await browser.until("partial")
            await nobody_in(house)
            told = [traced.get_nowait() for _ in range(traced.qsize())]
        assert next(event for event in told if event.what == "ended").data["outcome"] == "lost"
        assert house.parts.stt.open == 0
        assert len(closed) == 1
        async with away(address) as browser:
            assert len(house.satellites) == 1


async def test_one_that_does_not_read_is_cut_off_and_no_other_notices():
    async with served() as (address, house), away(address, browser="browser-1") as other:
        async with aiohttp.ClientSession() as client:
            # Flow control stops what the client's own library would read on.
            socket = await client.ws_connect(f"{address}/voice", max_msg_size=0)
            await socket.send_json({"type": "hello", "browser": "browser-0", "name": "Deaf"})
            await socket.receive()
            transport = socket._conn.transport
            transport.pause_reading()
            [deaf] = [each for each in house.satellites if each.name == "Deaf"]
            session = house.presence(deaf.id).session
            async with asyncio.timeout(5):
                while len(house.satellites) > 1:
                    session.show_transcript(1, "x" * 60_000)
                    await asyncio.sleep(0)
            transport.abort()
        other.tell("start", rate=16_000, mode="hold")
        other.tell("hold")
        other.hear(SPEECH * 20)
        other.tell("release")
        assert (await other.until("ended"))["outcome"] == "answered"


async def test_too_many_are_asked_to_come_later():
    async with served(max_sockets=2, max_per_login=1) as (address, _), away(address):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with away(address):
                pass
        assert refused.value.status == 429
    async with served(max_sockets=1) as (address, _):
        async with away(address):
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                async with away(address):
                    pass
            assert refused.value.status == 503
        async with away(address) as browser:
            assert browser.kinds() == ["welcome"], "who has gone makes room"


@pytest.mark.parametrize(
    "frames",
    [
        ["no json"],
        [b"\0\0"],
        ['{"type": "hello", "browser": "browser-0", "name": ""}'],
        ['{"type": "start", "rate": 16000, "mode": "hold"}'],
        ['{"type": "hello", "browser": "browser-0", "name": "x"}'] * 2,
        ['{"type": "hello", "browser": "browser-0", "name": "x"}', b"\0"],
        [
            '{"type": "hello", "browser": "browser-0", "name": "x"}',
            '{"type": "start", "rate": 16000, "mode": "hold"}',
            b"\0\0" * 320,
            '{"type": "position", "sample": 319}',
        ],
        [json.dumps({"type": "hello", "browser": "browser-0", "name": "x", "more": "x" * MAX_EVENT_BYTES})],
    ],
)
async def test_what_is_malformed_ends_the_connection(frames):
    async with served() as (address, house), away(address, name=None) as browser:
        for frame in frames:
            browser.hear(frame)
        assert await browser.closed() == port.MALFORMED
        assert house.satellites == []


async def test_a_piece_that_is_too_large_ends_the_connection_before_it_is_stored():
    async with served() as (address, _), away(address) as browser:
        browser.hear(bytes(MAX_AUDIO_BYTES + 2))
        assert await browser.closed() == 1009


async def test_who_does_not_say_who_it_is_is_sent_away(monkeypatch):
    monkeypatch.setattr(port, "HELLO_WITHIN_S", 0.01)
    async with served() as (address, _), away(address, name=None) as browser:
        assert await browser.closed() == port.NO_HELLO


async def test_more_than_time_brings_ends_the_connection():
    async with served() as (address, _):
        async with away(address) as browser:
            for _ in range(round(line.EVENTS_AT_ONCE) + 50):
                browser.tell("cancel")
            assert await browser.closed() == port.TOO_MUCH
        async with away(address) as browser:
            browser.tell("start", rate=16_000, mode="hold")
            for _ in range(round(line.MAX_AHEAD_S * 10) + 20):
                browser.hear(bytes(3_200))
            assert await browser.closed() == port.TOO_MUCH


async def test_a_wake_engine_that_is_missing_costs_the_microphone_and_not_the_browser():
    async def wake():
        raise EngineMissing("no wake engine works here")

    async with served(wake=wake) as (address, house), away(address) as browser:
        browser.tell("start", rate=16_000, mode="wake")
        assert await browser.until("problem") == {"turn": None, "text": "no wake engine works here"}
        assert house.presence(house.satellites[0].id).remote.can == {"announce"}
        browser.tell("start", rate=16_000, mode="hold")
        await browser.until("started")


async def test_who_cannot_be_heard_learns_why():
    async with served(House(parts(stt=ScriptedStt(fails="the worker died")))) as (address, _), away(address) as browser:
        browser.tell("start", rate=16_000, mode="hold")
        browser.tell("hold")
        browser.hear(SPEECH * 5)
        assert await browser.until("ended") == {"turn": 1, "outcome": "failed", "text": "the worker died"}
        assert browser.of("problem")[0]["text"] == "the worker died"


async def test_somebody_who_speaks_into_a_reply_is_heard():
    agent = ScriptedAgent(reply="It is seven o'clock. The sun shines on the roof. All windows are closed.")
    house = House(parts(agent=agent, tts=ScriptedTts(seconds=1.0)))
    async with served(house) as (address, _), away(address, plays=False) as browser:
        browser.tell("start", rate=16_000, mode="hold")
        browser.tell("hold")
        browser.hear(SPEECH * 20)
        browser.tell("release")
        await browser.until_audio(1, 4_000)
        agent.reply = "Four"
        browser.hear(SPEECH * 4)
        await browser.until("pause")
        assert "flush" not in browser.kinds()
        browser.played(1, 1_000)
        for _ in range(6):
            browser.hear(SPEECH * 10)
        async with alongside(browser.hear_on(SILENCE)):
            assert (await browser.until("listening", turn=3))["by"] == "interruption"
            assert browser.of("flush") == [{"turn": 1}]
            await browser.until("audio-end", turn=3)
            browser.played(3, done=True)
            await browser.until("ended", turn=3)
        assert struct.unpack("<h", browser.audio[3][:2]) == (0,)
