"""The first engine of each kind is killed in the middle of one turn, and the turn is answered all the same.

Real engines, the real agent and the real runtime; the first engines ask servers on loopback, which die when they have
begun to answer.
"""

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest
from support.entry_points import declare_project
from support.llm_servers import OllamaServer, OpenAIServer
from support.scripted import ScriptedSatellite
from support.scripted_model import thinking_house
from support.stt_servers import wyoming_recogniser
from support.threaded_servers import KEY, Fault
from support.tts_servers import http_server
from support.vocabularies import SMALL
from support.voice import spoken

from roomtone import engines
from roomtone.ears.formats import FRAME_BYTES, FRAME_SAMPLES
from roomtone.engines import EngineChoice, Surroundings
from roomtone_server.engines.base import ChatEnd, TextDelta
from roomtone_server.engines.chains import provider
from roomtone_server.runtime.hints import Hints
from roomtone_server.runtime.house import House
from roomtone_server.runtime.parts import Parts
from roomtone_server.runtime.replies import Replies
from roomtone_server.runtime.session import Audio

COMMAND = "turn on the ceiling light"


@dataclass
class Dying:
    """The servers of the first engines, and the second model's."""

    recogniser: object
    voice: object
    model: OllamaServer
    end_model: object
    second_model: OpenAIServer


@pytest.fixture
async def dying():
    async with AsyncExitStack() as stack, AsyncExitStack() as models:
        recogniser = stack.enter_context(wyoming_recogniser())
        voice = stack.enter_context(http_server())
        model = await models.enter_async_context(OllamaServer().serving())
        second = await stack.enter_async_context(OpenAIServer().serving())
        yield Dying(recogniser, voice, model, models.aclose, second)


@asynccontextmanager
async def chain(kind, around, *choices):
    """As the server makes it of its settings."""
    engine = provider.choose(kind, choices, 5).make(around)
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def a_house(dying, folder):
    around = Surroundings(folder, folder)
    voice = {"base_url": f"{dying.voice.url}/openai/v1", "api_key": KEY, "format": "wav"}
    models = EngineChoice("ollama", dying.model.settings()), EngineChoice("openai", dying.second_model.settings())
    wyoming = EngineChoice("wyoming", {"uri": dying.recogniser.uri})
    async with (
        chain("stt", around, wyoming, EngineChoice("pocketsphinx")) as stt,
        chain("tts", around, EngineChoice("openai", voice), EngineChoice("espeak")) as tts,
        chain("llm", around, *models) as llm,
        thinking_house(folder, llm, order="llm-first") as thinking,
    ):
        hints = Hints(folder)
        await stt.learn(SMALL)
        await hints.learn(SMALL)
        vad = engines.choose("vad", EngineChoice())
        yield House(Parts(stt, Replies(tts), lambda: vad.make(around), thinking.agent, hints)), (stt, tts, llm)


def frames(pcm):
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]


def send(satellite, sent):
    for frame in sent:
        satellite.send(Audio(frame, satellite.position))
        satellite.position += FRAME_SAMPLES


async def test_an_answer_comes_in_the_turn_in_which_they_die(dying, tmp_path, monkeypatch):
    declare_project(monkeypatch, engines)
    for kind, name in (("stt", "wyoming"), ("stt", "pocketsphinx"), ("tts", "openai"), ("tts", "espeak")):
        if remedy := engines.load(kind, name).missing():
            pytest.skip(f"{name} cannot work here: {remedy}")
    pcm = await spoken(COMMAND)
    dying.recogniser.sounds = {COMMAND: pcm}
    dying.voice.fault = Fault.CUT
    dying.model.will_answer(TextDelta("The light"), asyncio.Event())
    dying.second_model.will_answer(TextDelta("is on now. "), TextDelta("It is warm, too."), ChatEnd("stop"))

    satellite = ScriptedSatellite()
    async with a_house(dying, tmp_path) as (house, chains), asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(house.attend(satellite))
        satellite.wake(1)
        heard = frames(pcm)
        send(satellite, heard[: len(heard) // 2])
        await satellite.until("partial")
        await asyncio.to_thread(dying.recogniser.stop)
        send(satellite, [*heard[len(heard) // 2 :], *[bytes(FRAME_BYTES)] * 50])

        await satellite.until("reply")
        await dying.end_model()

        await satellite.until("ended")
        satellite.switch_off()
        assert satellite.of("transcript") == [(1, COMMAND)]
        assert "".join(text for _, text in satellite.of("reply")) == "The light is on now. It is warm, too."
        assert satellite.of("ended") == [(1, "answered", "")]
        for each in chains:
            first, second = each.chain.status()
            assert "broke its answer off half-way" in first.why
            assert second.state == "works"
        assert sum(samples for _, samples in satellite.of("play")) > 2 * chains[1].rate_hz, "both sentences were spoken"
