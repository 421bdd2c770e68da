"""The real wyoming-piper with a small voice, asked by the engine `wyoming`."""

import importlib.util

import pytest

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines.base import SpeechRequest, Voice

if importlib.util.find_spec("wyoming_piper") is None:
    pytest.skip("wyoming-piper is not installed", allow_module_level=True)

from support.entry_points import declare, in_project
from support.piper_voices import make_voice
from support.wyoming_programs import wyoming_program

NAME = "roomtone-tests-piper"


@pytest.fixture(autouse=True)
def _declared(monkeypatch):
    declare(monkeypatch, engines, "roomtone.tts", in_project("roomtone.tts"))


@pytest.fixture
async def uri(tmp_path):
    """Where wyoming-piper listens."""
    make_voice(tmp_path / "en_US-beeps-low.onnx", rate_hz=16_000)
    options = ("--voice", "en_US-beeps-low", "--data-dir", str(tmp_path), "--zeroconf", NAME)
    async with wyoming_program("wyoming_piper", *options) as address:
        yield address


async def test_its_voice_is_heard_as_it_is_made(uri):
    engine = engines.choose("tts", EngineChoice("wyoming", {"uri": uri})).make(Surroundings(state=None, cache=None))

    async def spoken(text, language="en"):
        return b"".join([chunk async for chunk in engine.speak(SpeechRequest(text, language))])

    await engine.start()
    assert Voice("en_US-beeps-low", ("en-us",)) in await engine.voices()
    one = await spoken("Turned on the light.")
    assert 0.5 < len(one) / 2 / engine.rate_hz < 3
    assert len(await spoken("Turned on the light. Turned on the light.")) > 1.8 * len(one)
    assert await spoken("Closed the blinds.") != one
    with pytest.raises(EngineError, match="no voice for 'xx'"):
        await spoken("hello", "xx")
    speech = engine.speak(SpeechRequest("Turned on the light. " * 200))
    assert await anext(speech)
    await speech.aclose()
    assert len(await spoken("Turned on the light.")) == len(one)
    await engine.close()


@pytest.mark.usefixtures("uri")
async def test_it_is_found_by_its_name():
    for name, spoken in ((NAME.upper(), True), ("roomtone-tests-nobody", False)):
        engine = engines.choose("tts", EngineChoice("wyoming", {"find": name})).make(Surroundings(None, None))
        await engine.start()
        if spoken:
            assert await anext(engine.speak(SpeechRequest("Turned on the light.")))
        else:
            with pytest.raises(EngineError, match=f"no service called '{name}' for tts.*heard of: .*{NAME}"):
                await engine.voices()
        await engine.close()
