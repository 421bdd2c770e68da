"""The embedded recogniser while its home changes. A named pipe in the place of the cached automaton holds up the new
worker for as long as the test likes.
"""

import asyncio
import os
from dataclasses import replace

import pytest
from support.recognisers import feed, heard, listening, pocketsphinx, workers
from support.vocabularies import SMALL
from support.voice import spoken

from roomtone.errors import EngineError
from roomtone_server.engines.base import HearingRequest
from roomtone_server.engines.stt.automata import cached_file
from roomtone_server.grammar.vocabulary import NamedThing

COMMAND = "turn on the ceiling light"
OTHER_HOME = replace(SMALL, things=(NamedThing("light.piano", ("Piano",)),))


def hold_up(cache, vocabulary):
    """The file from which the next worker will read, until `let_go`."""
    file = cached_file(vocabulary, cache)
    os.mkfifo(file)
    return file


def let_go(file):
    """What it read was nothing: it compiles the home."""
    file.write_text("")


async def test_it_hears_the_home_as_it_was_until_the_new_one_is_learned(tmp_path):
    command, other = await spoken(COMMAND), await spoken("turn on the piano")
    async with listening(pocketsphinx(tmp_path)) as engine:
        held = hold_up(tmp_path, OTHER_HOME)
        async with asyncio.TaskGroup() as tasks:
            learning = tasks.create_task(engine.learn(OTHER_HOME))
            assert await heard(engine, command) == COMMAND
            open_still = await engine.hear(HearingRequest())
            await feed(open_still, command)
            assert not learning.done()
            await asyncio.to_thread(let_go, held)
        assert len(workers()) == 3  # the one that retires, the new one, the verifier
        assert await heard(engine, other) == "turn on the piano"
        retired = workers()[0]
        assert (await open_still.finish()).text == COMMAND
        await asyncio.to_thread(retired.wait, 30)
        assert len(workers()) == 2


async def test_a_worker_that_takes_its_time_to_leave_is_gone_when_the_engine_is_closed(tmp_path):
    async with listening(pocketsphinx(tmp_path)) as engine:
        retires = workers()[0]
        retires.suspend()
        await engine.learn(OTHER_HOME)
        assert retires in workers()
    assert workers() == []


async def test_a_home_that_cannot_be_learned_leaves_the_one_before(tmp_path):
    command = await spoken(COMMAND)
    async with listening(pocketsphinx(tmp_path)) as engine:
        before = workers()
        held = hold_up(tmp_path, OTHER_HOME)
        async with asyncio.TaskGroup() as tasks:
            learning = tasks.create_task(_refused(engine))
            assert await heard(engine, command) == COMMAND
            (fresh,) = set(workers()) - set(before)
            fresh.kill()
            await learning
        assert await heard(engine, command) == COMMAND
        held.unlink()
        assert await engine.learn(OTHER_HOME) == []
        assert await heard(engine, await spoken("turn on the piano")) == "turn on the piano"


async def _refused(engine):
    with pytest.raises(EngineError, match="stopped in mid-work"):
        await engine.learn(OTHER_HOME)


async def test_what_was_learned_once_is_not_learned_again(tmp_path):
    async with listening(pocketsphinx(tmp_path)) as engine:
        before = workers()
        assert await engine.learn(SMALL) == []
        assert workers() == before


async def test_a_transcript_says_what_was_turned_down(tmp_path):
    async with listening(pocketsphinx(tmp_path, reject_from=1e-6)) as engine:
        hearing = await engine.hear(HearingRequest())
        await feed(hearing, await spoken("what shall we have for dinner tonight my dear"))
        transcript = await hearing.finish()
    assert transcript.text == ""
    assert transcript.spoken
    assert bool(transcript.rejected) == (transcript.doubt is not None)
