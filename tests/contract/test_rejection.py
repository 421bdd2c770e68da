"""The embedded recogniser turns down what is no command, and never loses a command to the part that does."""

import signal

import psutil
import pytest
from support import recorded
from support.house import open_house
from support.noises import noises
from support.recognisers import feed, heard, listening, pocketsphinx
from support.vocabularies import SMALL
from support.voice import spoken

from roomtone.ears.formats import FRAME_BYTES
from roomtone_server.engines.base import HearingRequest
from roomtone_server.engines.stt.pocketsphinx import ENGINE, PocketSphinxSettings
from roomtone_server.engines.stt.sphinx import verification
from roomtone_server.engines.stt.sphinx.recogniser import Recogniser
from roomtone_server.engines.stt.sphinx.verifier import Utterance
from roomtone_server.grammar.compiler import compile_automaton

COMMAND = "turn on the ceiling light"
FOREIGN = "my sister bought a new bicycle"  # the grammar alone hears "please turn off the light"

pytestmark = pytest.mark.skipif(ENGINE.missing() is not None, reason="pocketsphinx is not installed")


def verifier():
    (process,) = (child for child in psutil.Process().children() if child.cmdline()[-1] == "verify")
    return process


async def test_speech_outside_the_grammar_is_nothing_and_commands_pass(tmp_path):
    foreign, command = await spoken(FOREIGN), await spoken(COMMAND)
    async with listening(pocketsphinx(tmp_path)) as engine:
        for wake_phrase in ("", "okay nabu"):
            request = HearingRequest(wake_phrase=wake_phrase)
            assert await heard(engine, foreign, request) == ""
            assert await heard(engine, command, request) == COMMAND


async def test_who_wants_everything_heard_can_have_it(tmp_path):
    foreign = await spoken(FOREIGN)
    async with listening(pocketsphinx(tmp_path, reject_from=1.1)) as engine:
        assert await heard(engine, foreign) != ""


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
async def test_a_verifier_that_dies_costs_no_command_and_comes_back(tmp_path, monkeypatch, share):
    monkeypatch.setattr(verification, "FIRST_BACKOFF_S", 0)
    pcm = await spoken(COMMAND)
    middle = round(len(pcm) * share) // FRAME_BYTES * FRAME_BYTES
    async with listening(pocketsphinx(tmp_path)) as engine:
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
    async with listening(pocketsphinx(tmp_path)) as engine:
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
    async with listening(pocketsphinx(tmp_path)) as engine:
        hung = verifier()
        hung.send_signal(signal.SIGSTOP)
        hearing = await engine.hear(HearingRequest())
        await feed(hearing, pcm)
        monkeypatch.setattr(verification, "PATIENCE_S", 0)
        assert (await hearing.finish()).text == COMMAND
        assert not hung.is_running()


async def test_who_asks_early_does_not_decide_what_is_heard_later():
    pcm = await spoken("stop")
    early, late = Utterance(0, bytearray(pcm[: len(pcm) // 2])), Utterance(0, bytearray(pcm))
    for utterance in (early, late):
        utterance.verdict(None)
    early.pcm += pcm[len(early.pcm) :]
    assert early.verdict(None) == late.verdict(None) == (None, True)
    assert early.loop.segments() == late.loop.segments()


def acting(recogniser, pcm):
    """What would act: at once, in this process."""
    heard = recogniser.recognise(pcm)
    if heard is None or not heard.is_sentence:
        return ""
    doubt, _ = Utterance(0, bytearray(pcm)).verdict(heard.claim)
    return heard.text if doubt < PocketSphinxSettings().reject_from else ""


async def test_what_people_say_that_is_no_command_does_not_act(recordings, tmp_path):
    async with open_house(tmp_path, recordings / "home.yaml") as house:
        recogniser = Recogniser(compile_automaton(await anext(house.home.changes())))
    acted = {"out-of-vocabulary": [], "foreign": []}
    for command in recorded.commands(recordings):
        kind = command.kind if command.language == "en" else "foreign"
        if kind in acted:
            acted[kind] += filter(None, [acting(recogniser, command.samples().tobytes())])
    assert acted["out-of-vocabulary"] == []
    assert len(acted["foreign"]) <= 1, acted
    for file in ("living_room_light_en.wav", "speech.wav", "silence.wav"):  # there is no living room in that home
        assert acting(recogniser, recorded.read(recordings / "speech" / file).tobytes()) == ""


def test_five_minutes_of_noise_do_not_act():
    recogniser = Recogniser(compile_automaton(SMALL))
    assert [(kind, text) for kind, pcm in noises(300) if (text := acting(recogniser, pcm))] == []


async def test_speech_gets_an_answer_and_little_noise_does():
    def sounds_spoken(pcm):
        return Utterance(0, bytearray(pcm)).verdict(None)[1]

    assert sounds_spoken(await spoken(FOREIGN))
    answered = [kind for kind, pcm in noises(60, seed=2) if sounds_spoken(pcm)]
    assert len(answered) <= 4, answered
