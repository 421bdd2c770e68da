"""What every speech-to-text engine promises in engines/base.py, asked of each that is declared and can work here.

What it hears is spoken by a text-to-speech engine.
"""

import asyncio
from dataclasses import replace
from itertools import pairwise

import psutil
import pytest
from support.recognisers import feed, heard, listening, workers
from support.sound import silence
from support.vocabularies import SMALL
from support.voice import spoken

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines.base import HearingRequest
from roomtone_server.grammar.vocabulary import NamedThing

COMMAND = "turn on the ceiling light"
OTHER = "lock the front door"


@pytest.fixture(params=engines.names("stt"))
def make(request, tmp_path):
    """Makes one of the declared engines, not yet started."""
    spec = engines.load("stt", request.param)
    if remedy := spec.missing():
        pytest.skip(f"{request.param} cannot work here: {remedy}")
    chosen = engines.choose("stt", EngineChoice(request.param))
    return lambda: chosen.make(Surroundings(state=tmp_path / "state", cache=tmp_path / "cache"))


async def test_it_hears_a_command(make):
    async with listening(make()) as engine:
        assert await heard(engine, await spoken(COMMAND)) == COMMAND


async def test_partials_come_while_audio_comes_and_each_is_news(make):
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
        assert await heard(engine, await spoken(f"nabu {COMMAND}"), request) == COMMAND
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
        assert await heard(engine, await spoken("turn on the piano")) == "turn on the piano"


async def test_a_worker_that_dies_fails_what_is_open_and_comes_back(make):
    async with listening(make()) as engine:
        if not workers():
            pytest.skip("it has no worker process")
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
    assert psutil.Process().num_fds() == before
    with pytest.raises(EngineError):
        await forgotten.finish()
    with pytest.raises(EngineError, match="closed"):
        await engine.hear(HearingRequest())
    await engine.close()
