"""The embedded recogniser turns down what is no command, and never loses a command to the part that does."""

import contextlib
import signal

import psutil
import pytest
from support.vocabularies import SMALL
from support.voice import spoken

from roomtone.ears.formats import FRAME_BYTES
from roomtone.engines import Surroundings
from roomtone_server.engines.base import HearingRequest
from roomtone_server.engines.stt.pocketsphinx import ENGINE, PocketSphinxSettings
from roomtone_server.engines.stt.sphinx import verification

COMMAND = "turn on the ceiling light"
FOREIGN = "my sister bought a new bicycle"  # the grammar alone hears "please turn off the light"

pytestmark = pytest.mark.skipif(ENGINE.missing() is not None, reason="pocketsphinx is not installed")


@contextlib.asynccontextmanager
async def listening(folder, **settings):
    engine = ENGINE.make(PocketSphinxSettings(**settings), Surroundings(folder, folder))
    await engine.start()
    try:
        await engine.learn(SMALL)
        yield engine
    finally:
        await engine.close()


async def feed(hearing, pcm):
    for start in range(0, len(pcm), FRAME_BYTES):
        await hearing.feed(pcm[start : start + FRAME_BYTES])


async def heard(engine, pcm, wake_phrase=""):
    hearing = await engine.hear(HearingRequest(wake_phrase=wake_phrase))
    await feed(hearing, pcm)
    return (await hearing.finish()).text


def verifier():
    (process,) = (child for child in psutil.Process().children() if child.cmdline()[-1] == "verify")
    return process


async def test_speech_outside_the_grammar_is_nothing_and_commands_pass(tmp_path):
    foreign, command = await spoken(FOREIGN), await spoken(COMMAND)
    async with listening(tmp_path) as engine:
        for wake_phrase in ("", "okay nabu"):
            assert await heard(engine, foreign, wake_phrase) == ""
            assert await heard(engine, command, wake_phrase) == COMMAND


async def test_who_wants_everything_heard_can_have_it(tmp_path):
    foreign = await spoken(FOREIGN)
    async with listening(tmp_path, reject_from=1.1) as engine:
        assert await heard(engine, foreign) != ""


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
async def test_a_verifier_that_dies_costs_no_command_and_comes_back(tmp_path, monkeypatch, share):
    monkeypatch.setattr(verification, "FIRST_BACKOFF_S", 0)
    pcm = await spoken(COMMAND)
    middle = round(len(pcm) * share) // FRAME_BYTES * FRAME_BYTES
    async with listening(tmp_path) as engine:
        hearing = await engine.hear(HearingRequest())
        await feed(hearing, pcm[:middle])
        dead = verifier()
        dead.kill()
        dead.wait()
        await feed(hearing, pcm[middle:])
        assert (await hearing.finish()).text == COMMAND
        assert await heard(engine, await spoken(FOREIGN)) == ""
        assert verifier() != dead


async def test_an_utterance_that_a_new_verifier_did_not_hear_is_taken_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(verification, "FIRST_BACKOFF_S", 0)
    pcm = await spoken(COMMAND)
    async with listening(tmp_path) as engine:
        hearing = await engine.hear(HearingRequest())
        await feed(hearing, pcm)
        dead = verifier()
        dead.kill()
        assert await heard(engine, pcm) == COMMAND
        assert await heard(engine, pcm) == COMMAND
        assert verifier() != dead
        assert (await hearing.finish()).text == COMMAND


async def test_a_verifier_that_hangs_is_not_waited_for_long(tmp_path, monkeypatch):
    pcm = await spoken(COMMAND)
    async with listening(tmp_path) as engine:
        hung = verifier()
        hung.send_signal(signal.SIGSTOP)
        hearing = await engine.hear(HearingRequest())
        await feed(hearing, pcm)
        monkeypatch.setattr(verification, "PATIENCE_S", 0)
        assert (await hearing.finish()).text == COMMAND
        assert not hung.is_running()
