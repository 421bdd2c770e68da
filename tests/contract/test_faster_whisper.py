"""What is faster-whisper's own: windows, languages, models by name. The library is the real one, with small models."""

import asyncio
import shutil
from dataclasses import replace

import pytest

pytest.importorskip("faster_whisper")

from support.entry_points import declare, in_project
from support.recognisers import feed, listening
from support.sound import noise, silence
from support.vocabularies import SMALL
from support.voice import replies_in_turn
from support.whisper_models import Taught, make_model

from roomtone import engines
from roomtone.engines import EngineChoice, ModelWanted, Surroundings
from roomtone.errors import EngineError, EngineMissing, LanguageMissing
from roomtone.paths import cache_dir
from roomtone_server.engines.base import HearingRequest, Transcript
from roomtone_server.engines.stt import whisper_decoding
from roomtone_server.grammar.vocabulary import NamedThing

ENGLISH, GERMAN = "turn on the ceiling light", "schalte das Licht ein"


@pytest.fixture(autouse=True)
def _declared(monkeypatch):
    declare(monkeypatch, engines, "roomtone.stt", in_project("roomtone.stt"))


@pytest.fixture(scope="module")
def sounds():
    return dict(zip((ENGLISH, GERMAN), replies_in_turn(ENGLISH, GERMAN), strict=True))


@pytest.fixture(scope="module")
def model(tmp_path_factory, sounds):
    taught = [Taught(ENGLISH, sounds[ENGLISH]), Taught(GERMAN, sounds[GERMAN], "de")]
    return make_model(tmp_path_factory.mktemp("whisper") / "small", taught)


@pytest.fixture(scope="module")
def english_model(tmp_path_factory, sounds):
    folder = tmp_path_factory.mktemp("whisper") / "small.en"
    return make_model(folder, [Taught(ENGLISH, sounds[ENGLISH])], multilingual=False)


@pytest.fixture
def install(tmp_path):
    """Puts a model where `roomtone models` does, under a name."""

    def install(folder, name):
        shutil.copytree(folder, tmp_path / "models" / "whisper" / name)

    return install


@pytest.fixture
def make(tmp_path):
    def make(house="en", **settings):
        chosen = engines.choose("stt", EngineChoice("faster-whisper", settings))
        return chosen.make(Surroundings(tmp_path, tmp_path, house))

    return make


async def transcript(engine, pcm, language="en"):
    hearing = await engine.hear(HearingRequest(language))
    await feed(hearing, silence(0.3) + pcm + silence(0.5))
    return await hearing.finish()


@pytest.mark.parametrize("beam_size", [1, 5])
@pytest.mark.parametrize("window", ["full", "fit"])
async def test_both_windows_hear_the_same(make, model, sounds, window, beam_size):
    async with listening(make(model=str(model), window=window, beam_size=beam_size)) as engine:
        assert await transcript(engine, sounds[ENGLISH]) == Transcript(ENGLISH)
        assert (await transcript(engine, sounds[ENGLISH] + noise(5, peak=3) + silence(1))).text == ENGLISH


async def test_the_language_is_told_by_the_sound_where_that_is_asked_for(make, model, sounds):
    async with listening(make(model=str(model), language="auto")) as engine:
        assert await transcript(engine, sounds[GERMAN]) == Transcript(GERMAN, language="de")
        assert await transcript(engine, sounds[ENGLISH], "fr") == Transcript(ENGLISH, language="en")
    async with listening(make(model=str(model))) as engine:
        assert await transcript(engine, sounds[GERMAN], "auto") == Transcript(GERMAN, language="de")
        assert await transcript(engine, sounds[GERMAN], "de-AT") == Transcript(GERMAN)


async def test_a_model_of_english_hears_nothing_else(make, english_model, sounds):
    async with listening(make(model=str(english_model))) as engine:
        assert (await transcript(engine, sounds[ENGLISH])).text == ENGLISH
        assert (await transcript(engine, sounds[ENGLISH], "auto")).language == "en"
        with pytest.raises(LanguageMissing, match="does not hear 'de'; it hears: en"):
            await engine.hear(HearingRequest("de"))


async def test_a_home_of_a_thousand_names_is_no_longer_a_prompt_than_the_model_takes(make, model, sounds):
    things = tuple(NamedThing(f"light.{number}", (f"Lamp {number} of the old house",)) for number in range(1000))
    async with listening(make(model=str(model)), replace(SMALL, things=things)) as engine:
        assert (await transcript(engine, sounds[ENGLISH])).text == ENGLISH


@pytest.mark.parametrize("tell_names", [True, False])
async def test_it_is_told_the_home_s_names_unless_the_settings_forbid_it(make, model, sounds, monkeypatch, tell_names):
    asked = []
    hear = whisper_decoding.Whisper.hear

    def noting(self, question, *rest):
        asked.append(question)
        return hear(self, question, *rest)

    monkeypatch.setattr(whisper_decoding.Whisper, "hear", noting)
    async with listening(make(model=str(model), tell_names=tell_names)) as engine:
        assert (await transcript(engine, sounds[ENGLISH])).text == ENGLISH
    assert ("Ceiling Light, " in asked[-1].names) == tell_names


async def test_a_long_utterance_is_heard_as_far_as_the_encoder_reaches(make, model, sounds):
    async with listening(make(model=str(model), window="fit")) as engine:
        assert (await transcript(engine, sounds[ENGLISH] + silence(40) + sounds[GERMAN])).text == ENGLISH


async def test_a_model_is_found_by_its_name_and_without_one_the_largest_of_the_language(
    make, install, model, english_model, sounds
):
    install(model, "small")
    install(english_model, "small.en")
    with (model / "model.bin").open("rb") as small, (english_model / "model.bin").open("rb") as english:
        assert len(small.read()) > len(english.read())
    async with listening(make(model="small.en")) as engine:
        assert (await transcript(engine, sounds[ENGLISH])).text == ENGLISH
        with pytest.raises(LanguageMissing):
            await engine.hear(HearingRequest("de"))
    async with listening(make("de"), replace(SMALL, language="de")) as engine:
        assert (await transcript(engine, sounds[GERMAN], "de")).text == GERMAN


async def test_what_is_not_there_is_said_with_what_is_and_nothing_is_fetched(make, install, english_model, tmp_path):
    with pytest.raises(EngineError, match=r"no model for 'en'; it has: none. `roomtone models pull --for en`"):
        await make().start()
    install(english_model, "small.en")
    with pytest.raises(EngineError, match=r"no model for 'de'; it has: small.en. `roomtone models pull --for de`"):
        await make("de").start()
    with pytest.raises(EngineError, match=r"no model 'base'; it has: small.en. `roomtone models pull base`"):
        await make(model="base").start()
    (tmp_path / "models" / "whisper" / "small.en" / "tokenizer.json").unlink()
    with pytest.raises(EngineError, match=r"it has: none"):
        await make(model="small.en").start()
    with pytest.raises(EngineError, match=r"cannot be used: it lacks tokenizer.json"):
        await make(model=f"{tmp_path}/models/whisper/small.en").start()


async def test_a_model_that_is_broken_says_so(make, model, tmp_path):
    broken = shutil.copytree(model, tmp_path / "broken")
    (broken / "model.bin").write_bytes((model / "model.bin").read_bytes()[:5000])
    with pytest.raises(EngineError, match=f"the model {broken} cannot be used"):
        await make(model=str(broken)).start()


async def test_auto_takes_it_where_the_grammar_knows_no_language_and_a_model_does(model):
    with pytest.raises(EngineMissing, match=r"faster-whisper: no model for 'de' is installed"):
        engines.choose("stt", EngineChoice(), "de")
    shutil.copytree(model, cache_dir() / "models" / "whisper" / "small")
    assert engines.choose("stt", EngineChoice(), "de").name == "faster-whisper"


async def test_it_tells_which_model_it_lacks(tmp_path):
    def lacks(**settings):
        chosen = engines.choose("stt", EngineChoice("faster-whisper", settings))
        return list(chosen.spec.lacks(chosen.settings, Surroundings(tmp_path, tmp_path, "de")))

    assert lacks() == [ModelWanted("whisper", language="de")]
    assert lacks(model="base") == [ModelWanted("whisper", "base")]
    assert lacks(model=str(tmp_path)) == []


async def test_what_nobody_wants_any_more_ends_with_its_step(make, model, sounds, monkeypatch):
    steps = []

    def text(*asked):
        steps.append(asked)
        return ENGLISH

    async with listening(make(model=str(model))) as engine:
        monkeypatch.setattr(whisper_decoding.Whisper, "_text", text)
        hearing = await engine.hear(HearingRequest())
        await feed(hearing, sounds[ENGLISH] + silence(0.5))
        async with asyncio.TaskGroup() as tasks:
            asked = tasks.create_task(_refused(hearing.preview()))
            await asyncio.sleep(0)
            await hearing.close()
        assert asked.result()
    assert steps == []


async def _refused(answer):
    with pytest.raises(EngineError):
        await answer
    return True
