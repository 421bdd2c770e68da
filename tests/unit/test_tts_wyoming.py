"""What a Wyoming service is asked, and what of its answers is used: what the contract does not see."""

import asyncio
import contextlib

import pytest
from support.entry_points import declare, in_project
from support.threaded_servers import Fault, crowded_port
from support.tts_servers import speech, wyoming_server

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError, SettingsError
from roomtone_server.engines.base import SpeechRequest, Voice


@pytest.fixture(autouse=True)
def _declared(monkeypatch):
    declare(monkeypatch, engines, "roomtone.tts", in_project("roomtone.tts"))


@pytest.fixture
def server():
    with wyoming_server() as server:
        yield server


@contextlib.asynccontextmanager
async def engine(uri, **options):
    chosen = engines.choose("tts", EngineChoice("wyoming", {"uri": uri, **options}))
    voice = chosen.make(Surroundings(state=None, cache=None))
    await voice.start()
    try:
        yield voice
    finally:
        await voice.close()


async def spoken(voice, *request):
    return b"".join([chunk async for chunk in voice.speak(SpeechRequest(*request))])


@pytest.mark.parametrize(
    ("language", "options", "asked"),
    [
        ("en", {}, None),  # the language of the house: the service knows best
        ("de_AT", {}, "de_DE-eva-low"),
        ("de", {"voice": "en_US-ryan-low"}, "de_DE-eva-low"),
        ("en", {"voice": "en_US-ryan-low"}, "en_US-ryan-low"),
        ("mr", {"voices": {"mr": "mr_IN-new"}}, "mr_IN-new"),
    ],
)
async def test_it_asks_for_a_voice_of_the_language(server, language, options, asked):
    async with engine(server.uri, **options) as voice:
        assert await spoken(voice, "hello", language)
    assert [each.voice and each.voice.name for each in server.asked] == [asked]


async def test_voices_that_would_have_to_be_downloaded_are_not_there(server):
    async with engine(server.uri) as voice:
        assert await voice.voices() == [
            Voice("de_DE-eva-low", ("de-de",)),
            Voice("en_GB-alan-low", ("en-gb",)),
            Voice("en_US-ryan-low", ("en-us",)),
        ]
        with pytest.raises(EngineError, match=r"no voice for 'fr'; it has: de-de, en-gb, en-us"):
            await spoken(voice, "bonjour", "fr")


async def test_a_speaker_and_the_rate_of_the_settings(server):
    async with engine(server.uri, voice="en_US-ryan-low", speaker="p1", rate_hz=16_000) as voice:
        assert (await spoken(voice, "hello"))[-2000:] == b"".join(speech("hello", 16_000))[-2000:]
        one = len(await spoken(voice, "hello hello"))
    async with engine(server.uri, rate_hz=48_000) as voice:
        assert len(await spoken(voice, "hello hello")) == pytest.approx(3 * one, rel=0.02)
    assert server.asked[0].voice.speaker == "p1"


async def test_the_speaker_of_a_request(server):
    async with engine(server.uri) as voice:
        wanted = SpeechRequest("hello", voice="en_US-ryan-low", speaker="p2")
        assert [chunk async for chunk in voice.speak(wanted)]
    assert server.asked[0].voice.speaker == "p2"


async def test_closing_the_engine_ends_a_request_that_waits(server):
    async with engine(server.uri) as voice, asyncio.TaskGroup() as tasks:
        await spoken(voice, "hello")
        server.fault = Fault.SILENT
        server.reached.clear()

        async def wait():
            with pytest.raises(EngineError, match="closed while it spoke"):
                await spoken(voice, "hello")

        tasks.create_task(wait())
        await server.was_reached()
        await voice.close()


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b'{"type": "info", "data": {"tts": 3}}\n', "event 'info' that it should not"),
        (b'{"type": "info", "data_length": 999999999999}\n', "does not speak Wyoming"),
        (b"x" * 10_000, "does not speak Wyoming"),
        (b'{"type": "error", "data": {"text": "secret", "code": "Broken"}}\n', r"failed \(Broken\)"),
        (b'{"type": "error", "data": {"text": "secret", "code": "a secret"}}\n', "failed: see its log"),
        (b"", "broke its answer off"),
    ],
)
async def test_a_service_that_is_none(sent, words):
    def answer(_, writer):
        writer.write(sent)
        writer.close()

    async with (
        await asyncio.start_server(answer, "127.0.0.1", 0) as impostor,
        engine(f"tcp://127.0.0.1:{impostor.sockets[0].getsockname()[1]}") as voice,
    ):
        with pytest.raises(EngineError, match=words) as raised:
            await voice.voices()
    assert "secret" not in str(raised.value)


async def test_a_host_that_cannot_be_one():
    async with engine(f"tcp://{'x' * 80}.lan:1") as voice:
        with pytest.raises(EngineError, match=r"cannot be reached.*does it run"):
            await voice.voices()


async def test_one_that_lets_nobody_in_is_not_waited_for_forever():
    with crowded_port() as port:
        async with engine(f"tcp://127.0.0.1:{port}", connect_s=0.2) as voice:
            with pytest.raises(EngineError, match=r"cannot be reached within 0\.2 s"):
                await voice.voices()


async def test_a_text_too_long_for_the_protocol_is_an_error(server):
    async with engine(server.uri) as voice:
        with pytest.raises(EngineError, match="cannot be asked"):
            await spoken(voice, "long " * 600_000)


@pytest.mark.parametrize(
    "uri", ["nas.lan:10200", "tcp://nas.lan", "unix:///run/piper", "tcp://nas.lan:10200/x", "tcp://nas:99999"]
)
def test_addresses_that_are_none_are_refused(uri):
    with pytest.raises(SettingsError, match="uri"):
        engines.choose("tts", EngineChoice("wyoming", {"uri": uri}))


@pytest.mark.parametrize("kind", ["stt", "tts"])
def test_an_address_and_a_name_at_once_are_refused(monkeypatch, kind):
    declare(monkeypatch, engines, f"roomtone.{kind}", in_project(f"roomtone.{kind}"))
    with pytest.raises(SettingsError, match="set one of them"):
        engines.choose(kind, EngineChoice("wyoming", {"uri": "tcp://nas.lan:10200", "find": "piper"}))
