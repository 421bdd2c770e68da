"""What every text-to-speech engine promises in engines/base.py, asked of each that is declared and can work here.

Engines that ask a service find one on loopback, and must bear what services do.
"""

import asyncio
import contextlib
import logging
import threading

import numpy as np
import psutil
import pytest
from support.entry_points import declare, in_project
from support.threaded_servers import KEY, Fault
from support.tts_servers import http_server, wyoming_server

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines.base import SpeechRequest
from roomtone_server.engines.chains import provider

SHORT = SpeechRequest("Turned on the kitchen light.")
LONG = SpeechRequest("The quick brown fox jumps over the lazy dog, and the lazy dog sleeps on. " * 60)


# Of each engine that asks a service: the server, and the settings that lead there.
SERVICES = {
    "elevenlabs": (http_server, lambda server: {"base_url": f"{server.url}/elevenlabs", "api_key": KEY}),
    "http": (http_server, lambda server: {"url": f"{server.url}/xtts", "preset": "xtts"}),
    "openai": (http_server, lambda server: {"base_url": f"{server.url}/openai/v1", "api_key": KEY}),
    "wyoming": (wyoming_server, lambda server: {"uri": server.uri}),
}
HASTY = {"first_audio_s": 0.5, "silence_s": 0.5}  # far above what a service here takes
PATIENT = {}
CHAIN = "wyoming, espeak"  # as it calls itself
CHAIN_PATIENCE_S = 60  # far above what any engine here takes


DECLARED = in_project("roomtone.tts")


@pytest.fixture(params=[*sorted(DECLARED), CHAIN])
def name(request, monkeypatch):
    declare(monkeypatch, engines, "roomtone.tts", DECLARED)
    for each in request.param.split(", "):
        if remedy := engines.load("tts", each).missing():
            pytest.skip(f"{each} cannot work here: {remedy}")
    return request.param


@pytest.fixture
def service(name):
    """The service that the engine asks; None for one that speaks itself."""
    first = name.partition(", ")[0]
    if first not in SERVICES:
        yield None
        return
    with SERVICES[first][0]() as server:
        yield server


@pytest.fixture(scope="session")
def voice_file(tmp_path_factory):
    """For an engine that ships no voice."""
    from support.piper_voices import make_voice

    return make_voice(tmp_path_factory.mktemp("voices") / "en_US-beeps-low.onnx")


@pytest.fixture
def make(name, service, tmp_path, request):
    """Makes the engine, not yet started."""

    def settings_of(engine):
        if engine == "piper":
            return {"voice": str(request.getfixturevalue("voice_file"))}
        return SERVICES[engine][1](service) if engine in SERVICES else {}

    def make(**options):
        choices = [EngineChoice(each, {**settings_of(each), **options}) for each in name.split(", ")]
        chosen = provider.choose("tts", choices, CHAIN_PATIENCE_S)
        return chosen.make(Surroundings(state=tmp_path / "state", cache=tmp_path / "cache"))

    return make


@pytest.fixture
def served(name, service):
    """The service; skips what speaks itself, or has another to do so."""
    if service is None or name == CHAIN:
        pytest.skip(f"{name} asks no service, or does not depend on it")
    return service


@contextlib.asynccontextmanager
async def started(engine):
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


async def spoken(engine, request):
    return b"".join([chunk async for chunk in engine.speak(request)])


def seconds(engine, pcm):
    return len(pcm) / 2 / engine.rate_hz


def loudness(pcm):
    return float(np.sqrt(np.mean(np.square(np.frombuffer(pcm, np.int16).astype(np.float64)))))


async def test_it_speaks(make):
    async with started(make()) as engine:
        pcm = await spoken(engine, SHORT)
        assert 0.8 < seconds(engine, pcm) < 4
        assert loudness(pcm) > 500


async def test_chunks_are_whole_samples_of_at_most_100_ms(make):
    async with started(make()) as engine:
        sizes = [len(chunk) async for chunk in engine.speak(SHORT)]
        assert len(sizes) > 3
        assert all(0 < size <= 2 * engine.rate_hz // 10 and size % 2 == 0 for size in sizes)


async def test_longer_text_is_longer_speech(make):
    async with started(make()) as engine:
        one = seconds(engine, await spoken(engine, SHORT))
        assert seconds(engine, await spoken(engine, SpeechRequest(f"{SHORT.text} {SHORT.text}"))) > 1.6 * one


async def test_the_first_chunk_comes_before_the_rest_is_made(make):
    """Of hours of speech one chunk is taken; an engine that makes all of it would hold some 500 MB."""
    async with started(make()) as engine:
        await spoken(engine, SHORT)
        process = psutil.Process()
        before = process.memory_info().rss
        speech = engine.speak(SpeechRequest(LONG.text * 40))
        assert await anext(speech)
        assert process.memory_info().rss - before < 50 * 2**20
        await speech.aclose()


async def test_closing_stops_in_mid_word_and_the_next_speech_is_whole(make):
    async with started(make()) as engine:
        whole = seconds(engine, await spoken(engine, SHORT))
        for _ in range(5):
            speech = engine.speak(LONG)
            await anext(speech)
            await speech.aclose()
            again = await spoken(engine, SHORT)
            assert seconds(engine, again) == pytest.approx(whole, rel=0.05)
            assert loudness(again) > 500


async def test_a_cancelled_listener_stops_it(make):
    async with started(make()) as engine:
        heard = asyncio.Event()

        async def listen():
            async with contextlib.aclosing(engine.speak(LONG)) as speech:
                async for _ in speech:
                    heard.set()

        listener = asyncio.create_task(listen())
        await heard.wait()
        listener.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listener
        assert await spoken(engine, SHORT)


async def test_two_at_once_each_get_their_own(make):
    async with started(make()) as engine:
        first, second = SHORT, SpeechRequest("No.")
        alone = [seconds(engine, await spoken(engine, request)) for request in (first, second)]
        async with asyncio.TaskGroup() as tasks:
            together = [tasks.create_task(spoken(engine, request)) for request in (first, second)]
        lengths = [seconds(engine, task.result()) for task in together]
        assert lengths == [pytest.approx(length, rel=0.05) for length in alone]


async def test_one_that_is_closed_before_its_turn_keeps_nobody_waiting(make):
    async with started(make()) as engine:
        speaking = engine.speak(LONG)
        await anext(speaking)
        waiting = asyncio.create_task(spoken(engine, SHORT))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await speaking.aclose()
        assert await spoken(engine, SHORT)


@pytest.mark.parametrize("text", ["", "   ", "\n\n", ".", "...", "?!", " - ", "\x00\x01"])
async def test_text_with_nothing_to_say_yields_nothing(make, text):
    async with started(make()) as engine:
        assert await spoken(engine, SpeechRequest(text)) == b""


async def test_a_language_it_lacks_is_an_error_that_lists_those_it_has(make):
    async with started(make()) as engine:
        with pytest.raises(EngineError, match=r"'xx-unknown'.*\ben\b"):
            await spoken(engine, SpeechRequest("hello", language="xx-unknown"))
        assert await spoken(engine, SHORT)


@pytest.mark.parametrize("text", ["one \x00 two", "\x01250S one two", "café ✓ naïve", "a lone \ud800 surrogate"])
async def test_any_text_can_be_spoken(make, text):
    async with started(make()) as engine:
        assert seconds(engine, await spoken(engine, SpeechRequest(text))) > 0.2


async def test_markup_is_plain_text(make):
    async with started(make()) as engine:
        plain = seconds(engine, await spoken(engine, SpeechRequest("hello")))
        marked = seconds(engine, await spoken(engine, SpeechRequest('<break time="30s"/> hello')))
        assert plain < marked < 20


async def test_before_it_is_started_it_says_so(make):
    with pytest.raises(EngineError, match="started"):
        await anext(make().speak(SHORT))


async def test_after_it_is_closed_it_says_so(make):
    engine = make()
    async with started(engine):
        pass
    with pytest.raises(EngineError, match="closed"):
        await anext(engine.speak(SHORT))


async def test_close_is_idempotent_and_ends_what_is_being_said(make):
    engine = make()
    await engine.close()
    await engine.start()
    speech = engine.speak(LONG)
    await anext(speech)
    await engine.close()
    await engine.close()
    with pytest.raises(EngineError, match="closed"):
        _ = [chunk async for chunk in speech]


async def test_it_leaves_no_thread_behind(make):
    before = set(threading.enumerate())
    async with started(make()) as engine:
        speech = engine.speak(LONG)
        await anext(speech)
        await speech.aclose()
        during = set(threading.enumerate()) - before
    # The event loop's own pool outlives what ran in it.
    assert not {thread.name for thread in during if thread.is_alive() and not thread.name.startswith("asyncio")}


async def test_it_can_be_started_again(make):
    engine = make()
    for _ in range(2):
        async with started(engine):
            assert await spoken(engine, SHORT)


async def test_it_tells_its_voices(make):
    async with started(make()) as engine:
        voices = await engine.voices()
        assert [voice.name for voice in voices] == sorted({voice.name for voice in voices})
        assert voices


async def test_closing_ends_the_request_at_once(make, served):
    async with started(make()) as engine:
        speech = engine.speak(SpeechRequest(LONG.text * 40))
        await anext(speech)
        await speech.aclose()
        assert await served.was_hung_up_on()


async def test_different_texts_sound_differently(make):
    async with started(make()) as engine:
        assert await spoken(engine, SpeechRequest("abc")) != await spoken(engine, SpeechRequest("xyz"))


FAULTS = {
    Fault.BAD_KEY: r"refuses the key.*\(401",
    Fault.NOT_FOUND: r"settings \(404",
    Fault.TOO_MANY: r"\(429",
    Fault.FAILS: "failed.*log",
    Fault.MOVED: r"address.*\(307",
    Fault.CUT: "broke .* off",
    Fault.STALLS: "silent for 0.5 s.*silence_s",
    Fault.SILENT: "silent for 0.5 s.*first_audio_s",
    Fault.EMPTY: "no sound",
    Fault.NO_SOUND: "text/html instead of|does not speak Wyoming",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.lower())
async def test_what_goes_wrong_is_said_in_a_sentence_without_secrets_and_survived(make, served, fault, caplog):
    if fault not in served.faults:
        pytest.skip("cannot happen in this protocol")
    caplog.set_level(logging.INFO)
    async with started(make(**(HASTY if fault in {Fault.STALLS, Fault.SILENT} else PATIENT))) as engine:
        assert await spoken(engine, SHORT)
        served.fault = fault
        with pytest.raises(EngineError, match=FAULTS[fault]) as raised:
            await spoken(engine, SHORT)
        # What httpx logs of addresses at INFO nobody sees: roomtone.logs shows libraries from WARNING on.
        logged = [record.getMessage() for record in caplog.records if record.name != "httpx"]
        said = f"{raised.value} {logged}"
        assert f"127.0.0.1:{served.port}" in said
        assert KEY not in said
        assert SHORT.text not in said
        served.fault = Fault.NONE
        assert await spoken(engine, SHORT)


async def test_a_refused_connection_is_an_error_each_time(make, served):
    async with started(make()) as engine:
        assert await spoken(engine, SHORT)
        served.stop()
        for _ in range(2):
            with pytest.raises(EngineError, match="does it run"):
                await spoken(engine, SHORT)


async def test_it_leaves_no_connection_behind(make, served):
    async with started(make(**HASTY)) as engine:
        for fault in served.faults:
            served.fault = fault
            with contextlib.suppress(EngineError):
                await spoken(engine, SHORT)
    connections = [each for each in psutil.Process().net_connections("tcp") if each.raddr]
    assert not [each for each in connections if each.raddr.port == served.port]
