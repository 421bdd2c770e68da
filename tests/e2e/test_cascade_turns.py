"""Turns in a house whose two recognisers hear together: the real ones, the real agent and the real runtime."""

import asyncio
from contextlib import asynccontextmanager

import pytest

pytest.importorskip("faster_whisper")

from support.entry_points import declare_project
from support.scripted import ScriptedSatellite
from support.scripted_model import ScriptedModel, thinking_house
from support.sound import frames, silence
from support.voice import replies_in_turn
from support.whisper_models import Taught, make_model

from roomtone import engines
from roomtone.ears.formats import FRAME_SAMPLES
from roomtone.engines import EngineChoice, Surroundings
from roomtone_server.engines.base import ChatEnd
from roomtone_server.home.names import vocabulary_of
from roomtone_server.runtime.hints import Hints
from roomtone_server.runtime.house import House
from roomtone_server.runtime.parts import Parts
from roomtone_server.runtime.replies import Replies
from roomtone_server.runtime.session import Audio

COMMAND, QUESTION = "turn on the kitchen light", "who painted the mona lisa and why"


@asynccontextmanager
async def a_house(folder, sounds, model):
    """Its Whisper writes the question, whatever sounds."""
    around = Surroundings(folder, folder)
    heard = make_model(folder / "whisper", [Taught(QUESTION, sounds[QUESTION])])
    settings = {"open": {"engine": "faster-whisper", "model": str(heard)}, "busy_from": 1000}
    stt = engines.choose("stt", EngineChoice("cascade", settings)).make(around)
    tts = engines.choose("tts", EngineChoice("espeak")).make(around)
    vad = engines.choose("vad", EngineChoice())
    async with thinking_house(folder, model) as thinking:
        try:
            await tts.start()
            await stt.start()
            vocabulary = vocabulary_of(thinking.home.areas(), thinking.home.entities(), "en")
            hints = Hints(folder)
            await stt.learn(vocabulary)
            await hints.learn(vocabulary)
            yield House(Parts(stt, Replies(tts), lambda: vad.make(around), thinking.agent, hints))
        finally:
            await stt.close()
            await tts.close()


@pytest.mark.parametrize(
    ("said", "reply", "asked"),
    [(COMMAND, "Turned on the light", []), (QUESTION, "Leonardo did.", [QUESTION])],
    ids=["command", "question"],
)
async def test_a_command_is_heard_by_the_grammar_and_a_question_by_whisper(tmp_path, monkeypatch, said, reply, asked):
    declare_project(monkeypatch, engines)
    for kind, name in (("stt", "pocketsphinx"), ("tts", "espeak")):
        if remedy := engines.load(kind, name).missing():
            pytest.skip(f"{name} cannot work here: {remedy}")
    sounds = dict(zip((COMMAND, QUESTION), await asyncio.to_thread(replies_in_turn, COMMAND, QUESTION), strict=True))
    model = ScriptedModel()
    model.will_answer("Leonardo did.", ChatEnd("stop"))
    satellite = ScriptedSatellite()
    async with a_house(tmp_path, sounds, model) as house, asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(house.attend(satellite))
        satellite.wake(1)
        for frame in frames(silence(0.3) + sounds[said] + silence(2)):
            satellite.send(Audio(frame, satellite.position))
            satellite.position += FRAME_SAMPLES
        await satellite.until("ended")
        satellite.switch_off()
    assert satellite.of("transcript") == [(1, said)]
    assert satellite.of("ended") == [(1, "answered", "")]
    assert [request.messages[-1].text.splitlines()[-1] for request in model.asked] == asked
    assert reply in "".join(text for _, text in satellite.of("reply"))
