"""The real wyoming-faster-whisper with a small model, asked by the engine `wyoming`."""

import importlib.util

import pytest

if importlib.util.find_spec("wyoming_faster_whisper") is None:
    pytest.skip("wyoming-faster-whisper is not installed", allow_module_level=True)

from support.entry_points import declare_project
from support.recognisers import feed, heard, listening
from support.sound import silence
from support.voice import replies_in_turn
from support.whisper_models import Taught, make_model
from support.wyoming_programs import wyoming_program

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines.base import HearingRequest

NAME = "roomtone-tests-whisper"
TEXTS = ("turn on the ceiling light", "lock the front door")


@pytest.fixture(autouse=True)
def _declared(monkeypatch):
    declare_project(monkeypatch, engines)


@pytest.fixture
def sounds():
    return dict(zip(TEXTS, replies_in_turn(*TEXTS), strict=True))


@pytest.fixture
async def uri(tmp_path, sounds):
    """Where wyoming-faster-whisper listens."""
    model = make_model(tmp_path / "model", [Taught(*each) for each in sounds.items()])
    library = ("--stt-library", "faster-whisper", "--local-files-only", "--beam-size", "1")
    options = ("--model", str(model), "--data-dir", str(tmp_path), "--zeroconf", NAME, *library)
    async with wyoming_program("wyoming_faster_whisper", *options) as address:
        yield address


async def test_it_hears_by_its_address_by_its_name_and_as_any_that_hears(uri, sounds):
    for place in ({"uri": uri}, {"find": NAME}, {}):
        engine = engines.choose("stt", EngineChoice("wyoming", place)).make(Surroundings(None, None))
        async with listening(engine):
            for text, pcm in sounds.items():
                assert await heard(engine, silence(0.3) + pcm + silence(0.5)) == text
            hearing = await engine.hear(HearingRequest())
            await feed(hearing, silence(0.3) + sounds[TEXTS[0]])
            assert (await hearing.preview()).text == TEXTS[0]
            assert (await hearing.finish()).text == TEXTS[0]


@pytest.mark.usefixtures("uri")
async def test_a_name_of_a_service_that_does_something_else_is_not_taken():
    engine = engines.choose("tts", EngineChoice("wyoming", {"find": NAME})).make(Surroundings(None, None))
    await engine.start()
    with pytest.raises(EngineError, match=f"no service called '{NAME}' for tts"):
        await engine.voices()
    await engine.close()
