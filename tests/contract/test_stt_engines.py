"""What every speech-to-text engine promises in engines/base.py, asked of each that is declared and can work here.

What it hears is spoken by a text-to-speech engine. Engines that ask a service find one on loopback, which knows the
sound of the texts of this suite, and must bear what services do.
"""

import asyncio
import contextlib
import logging
from dataclasses import replace
from itertools import pairwise

import psutil
import pytest
from support.entry_points import declare, in_project
from support.recognisers import feed, heard, listening, workers
from support.sound import silence
from support.stt_servers import http_recogniser, wyoming_recogniser
from support.threaded_servers import KEY, Fault
from support.vocabularies import SMALL
from support.voice import reply_of, spoken

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines.base import HearingRequest
from roomtone_server.engines.chains import provider
from roomtone_server.grammar.vocabulary import NamedThing

COMMAND = "turn on the ceiling light"
OTHER = "lock the front door"


WITH_REST = f"nabu {COMMAND}"  # of a wake word
NEW = "turn on the piano"

# Of each engine that asks a service: the service, and the settings that lead there.
SERVICES = {
    "deepgram": (http_recogniser, lambda server: {"base_url": f"{server.url}/deepgram".replace("http", "ws")}),
    "openai": (http_recogniser, lambda server: {"base_url": f"{server.url}/openai/v1"}),
    "wyoming": (wyoming_recogniser, lambda server: {"uri": server.uri}),
}
KEYED = {"deepgram", "openai"}
# Of each engine that hears with a model that is made here: its settings.
WHISPERS = {
    "cascade": lambda model: {"open": {"engine": "faster-whisper", "model": model}, "busy_from": 1000},
    "faster-whisper": lambda model: {"model": model},
}
CHAIN = "wyoming, faster-whisper"  # as it calls itself
TAKING_OVER = {"cascade", CHAIN}  # where one fails
WITHOUT_PARTIALS = {"openai"}
HASTY = {"answer_s": 0.5}  # far above what a service here takes
PATIENT = {}
CHAIN_PATIENCE_S = 60  # far above what any engine here takes

DECLARED = in_project("roomtone.stt")


@pytest.fixture(params=[*sorted(DECLARED), CHAIN])
def name(request, monkeypatch):
    declare(monkeypatch, engines, "roomtone.stt", DECLARED)
    for each in request.param.split(", "):
        if remedy := engines.load("stt", each).missing():
            pytest.skip(f"{each} cannot work here: {remedy}")
    return request.param


@pytest.fixture
def service(name):
    """The service that the engine asks; None for one that hears itself."""
    first = name.partition(", ")[0]
    if first not in SERVICES:
        yield None
        return
    with SERVICES[first][0]() as server:
        server.sounds = {text: reply_of(text) for text in (WITH_REST, COMMAND, OTHER, NEW)}
        yield server


@pytest.fixture(scope="session")
def whisper(tmp_path_factory):
    """A model of Whisper's that knows the sound of the texts of this suite."""
    pytest.importorskip("faster_whisper")
    from support.whisper_models import Taught, make_model

    taught = [Taught(text, reply_of(text)) for text in (WITH_REST, COMMAND, OTHER, NEW)]
    return make_model(tmp_path_factory.mktemp("whisper"), taught)


@pytest.fixture
def make(name, service, tmp_path, request):
    """Makes the engine, not yet started."""

    def settings_of(engine):
        if engine in SERVICES:
            return {**SERVICES[engine][1](service), **({"api_key": KEY} if engine in KEYED else {})}
        return WHISPERS[engine](str(request.getfixturevalue("whisper"))) if engine in WHISPERS else {}

    def make(**options):
        choices = [EngineChoice(each, {**settings_of(each), **options}) for each in name.split(", ")]
        chosen = provider.choose("stt", choices, CHAIN_PATIENCE_S)
        return chosen.make(Surroundings(state=tmp_path / "state", cache=tmp_path / "cache"))

    return make


@pytest.fixture
def served(name, service):
    """The service; skips what hears itself, or has another to do so."""
    if service is None or name in TAKING_OVER:
        pytest.skip(f"{name} asks no service, or does not depend on it")
    return service


async def test_it_hears_a_command(make):
    async with listening(make()) as engine:
        assert await heard(engine, await spoken(COMMAND)) == COMMAND


async def test_partials_come_while_audio_comes_and_each_is_news(make, name):
    if name in WITHOUT_PARTIALS:
        pytest.skip(f"{name} has none")
    async with listening(make()) as engine:
        pcm = await spoken(COMMAND)
        hearing = await engine.hear(HearingRequest())
        partials = hearing.partials()
        await feed(hearing, pcm)
        seen = [await anext(partials)]
        while seen[-1].text != COMMAND:
            seen.append(await anext(partials))
        assert (await hearing.finish()).text == COMMAND
        assert [partial async for partial in partials] == []
        texts = [partial.text for partial in seen]
        assert all(texts)
        assert all(one != following for one, following in pairwise(texts))
        assert all(0 < partial.samples <= len(pcm) // 2 for partial in seen)


async def test_partials_end_when_the_utterance_is_finished(make):
    async with listening(make()) as engine:
        hearing = await engine.hear(HearingRequest())
        pcm = await spoken(COMMAND)

        async def watch():
            async for partial in hearing.partials():
                assert partial.text

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch())
            await feed(hearing, pcm)
            await hearing.finish()


async def test_silence_is_nothing(make):
    async with listening(make()) as engine:
        assert await heard(engine, silence(1.5)) == ""
        assert await heard(engine, b"") == ""


async def test_what_is_left_of_the_wake_phrase_is_dropped(make):
    async with listening(make()) as engine:
        request = HearingRequest(wake_phrase="okay nabu")
        assert await heard(engine, await spoken(WITH_REST), request) == COMMAND
        assert await heard(engine, await spoken(COMMAND), request) == COMMAND


async def test_two_at_once(make):
    async with listening(make()) as engine:
        one, other = await engine.hear(HearingRequest()), await engine.hear(HearingRequest())
        first, second = await spoken(COMMAND), await spoken(OTHER)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(feed(one, first))
            tasks.create_task(feed(other, second))
        assert (await other.finish()).text == OTHER
        assert (await one.finish()).text == COMMAND


async def test_closed_in_the_middle(make):
    async with listening(make()) as engine:
        pcm = await spoken(COMMAND)
        hearing = await engine.hear(HearingRequest())
        await feed(hearing, pcm[: len(pcm) // 2])
        await hearing.close()
        await hearing.close()
        assert [partial async for partial in hearing.partials()] == []
        assert await heard(engine, pcm) == COMMAND


async def test_finished_and_then_closed(make):
    async with listening(make()) as engine:
        hearing = await engine.hear(HearingRequest())
        await feed(hearing, await spoken(COMMAND))
        await hearing.finish()
        await hearing.close()
        with pytest.raises(EngineError):
            await hearing.finish()


async def test_a_preview_says_what_is_heard_so_far_and_settles_nothing(make):
    async with listening(make()) as engine:
        pcm = await spoken(COMMAND)
        hearing = await engine.hear(HearingRequest())
        assert not (await hearing.preview()).spoken
        await feed(hearing, pcm)
        async with asyncio.TaskGroup() as tasks:
            previews = [tasks.create_task(hearing.preview()) for _ in range(3)]
        assert {preview.result().text for preview in previews} == {COMMAND}
        assert (await hearing.finish()).text == COMMAND
        with pytest.raises(EngineError):
            await hearing.preview()


async def test_previews_and_a_transcript_come_while_somebody_listens_to_partials(make):
    async with listening(make()) as engine:
        hearing = await engine.hear(HearingRequest())
        pcm = await spoken(COMMAND)

        async def watch():
            async for partial in hearing.partials():
                assert partial.text

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(watch())
            await feed(hearing, pcm)
            for _ in range(2):
                assert (await hearing.preview()).text == COMMAND
                await feed(hearing, silence(0.3))
            assert (await hearing.finish()).text == COMMAND


async def test_a_preview_that_nobody_waits_for_any_more_disturbs_nothing(make):
    async with listening(make()) as engine:
        hearing = await engine.hear(HearingRequest())
        await feed(hearing, await spoken(COMMAND))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await hearing.preview()
        assert (await hearing.finish()).text == COMMAND


async def test_an_unknown_language_is_refused(make):
    async with listening(make()) as engine:
        with pytest.raises(EngineError, match="tlh"):
            await engine.hear(HearingRequest(language="tlh"))
        with pytest.raises(EngineError, match="tlh"):
            await engine.learn(replace(SMALL, language="tlh"))


async def test_a_new_name_is_learned_while_an_open_utterance_keeps_the_old_ones(make):
    async with listening(make()) as engine:
        pcm = await spoken(COMMAND)
        hearing = await engine.hear(HearingRequest())
        await feed(hearing, pcm)
        await engine.learn(replace(SMALL, things=(NamedThing("light.piano", ("Piano",)),)))
        assert (await hearing.finish()).text == COMMAND
        assert await heard(engine, await spoken(NEW)) == NEW


async def test_a_worker_that_dies_fails_what_is_open_and_comes_back(make, name):
    async with listening(make()) as engine:
        if not workers():
            pytest.skip("it has no worker process")
        if name in TAKING_OVER:
            pytest.skip(f"{name} is not brought down by that")
        pcm = await spoken(COMMAND)
        for _ in range(2):
            hearing = await engine.hear(HearingRequest())
            await feed(hearing, pcm)
            for worker in workers():
                worker.kill()
            with pytest.raises(EngineError, match="stopped in mid-work"):
                await hearing.finish()
            with pytest.raises(EngineError):
                await hearing.feed(pcm)
            with pytest.raises(EngineError):
                await anext(hearing.partials())
            assert await heard(engine, pcm) == COMMAND


async def test_nothing_is_left_behind(make):
    pcm = await spoken(COMMAND)
    engine = make()
    await engine.close()
    before = psutil.Process().num_fds()
    async with listening(engine):
        forgotten = await engine.hear(HearingRequest())
        await feed(forgotten, pcm)
    assert workers() == []
    assert psutil.Process().num_fds() <= before  # what others had left is closed at any time
    with pytest.raises(EngineError):
        await forgotten.finish()
    with pytest.raises(EngineError, match="closed"):
        await engine.hear(HearingRequest())
    await engine.close()


FAULTS = {
    Fault.BAD_KEY: r"refuses the key.*\(401",
    Fault.NOT_FOUND: r"settings \(404",
    Fault.TOO_MANY: r"\(429",
    Fault.FAILS: "failed.*log|failed.*console",
    Fault.MOVED: r"address.*\(307|no such server",
    Fault.CUT: "broke .*off",
    Fault.STALLS: "silent for 0.5 s.*answer_s",
    Fault.SILENT: "silent for 0.5 s.*answer_s",
    Fault.EMPTY: "no such server|no message of its protocol",
    Fault.NO_SOUND: "no such server|does not speak Wyoming|no message of its protocol",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.lower())
async def test_what_goes_wrong_is_said_in_a_sentence_without_secrets_and_survived(make, served, fault, caplog):
    if fault not in served.faults:
        pytest.skip("cannot happen in this protocol")
    caplog.set_level(logging.INFO)
    async with listening(make(**(HASTY if fault in {Fault.STALLS, Fault.SILENT} else PATIENT))) as engine:
        pcm = await spoken(COMMAND)
        assert await heard(engine, pcm) == COMMAND
        served.fault = fault
        with pytest.raises(EngineError, match=FAULTS[fault]) as raised:
            await heard(engine, pcm)
        # What httpx logs of addresses at INFO nobody sees: roomtone.logs shows libraries from WARNING on.
        logged = [record.getMessage() for record in caplog.records if record.name != "httpx"]
        said = f"{raised.value} {logged}"
        assert f"127.0.0.1:{served.port}" in said
        assert KEY not in said
        assert COMMAND not in said
        served.fault = Fault.NONE
        assert await heard(engine, pcm) == COMMAND


async def test_a_preview_fails_as_the_transcript_does(make, served):
    async with listening(make(**HASTY)) as engine:
        for fault in (Fault.CUT, Fault.SILENT):
            served.fault = fault
            hearing = await engine.hear(HearingRequest())
            with pytest.raises(EngineError, match=r"broke .*off|silent for"):
                await _fed_and_previewed(hearing, await spoken(COMMAND))
            await hearing.close()
        served.fault = Fault.NONE
        assert await heard(engine, await spoken(COMMAND)) == COMMAND


async def _fed_and_previewed(hearing, pcm):
    await feed(hearing, pcm)
    await hearing.preview()


async def test_a_refused_connection_is_an_error_each_time(make, served):
    async with listening(make()) as engine:
        pcm = await spoken(COMMAND)
        assert await heard(engine, pcm) == COMMAND
        served.stop()
        for _ in range(2):
            with pytest.raises(EngineError, match="does it run"):
                await heard(engine, pcm)


async def test_closing_ends_the_request_at_once_and_tells_who_waits(make, served):
    async with listening(make()) as engine:
        served.fault = Fault.SILENT
        hearing = await engine.hear(HearingRequest())
        await feed(hearing, await spoken(COMMAND))
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(_refusal(hearing.preview()))
            await served.was_reached()
            await hearing.close()
        assert waiting.result()
        assert await served.was_hung_up_on()


async def _refusal(answer):
    with pytest.raises(EngineError) as raised:
        await answer
    return str(raised.value)


async def test_it_leaves_no_connection_behind(make, served):
    async with listening(make(**HASTY)) as engine:
        for fault in served.faults:
            served.fault = fault
            with contextlib.suppress(EngineError):
                await heard(engine, await spoken(COMMAND))
    connections = [each for each in psutil.Process().net_connections("tcp") if each.raddr]
    assert not [each for each in connections if each.raddr.port == served.port]


async def test_the_home_s_names_are_told_unless_the_settings_forbid_it(make, served):
    for options, told in (({}, True), ({"tell_names": False}, False)):
        async with listening(make(**options)) as engine:
            served.asked.clear()
            assert await heard(engine, await spoken(COMMAND)) == COMMAND
            assert any("Ceiling Light" in str(asked) for asked in served.asked) == told
