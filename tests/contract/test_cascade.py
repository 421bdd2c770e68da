"""Two recognisers on one utterance: who is asked when, and what stands when one cannot. Both are the real ones."""

import logging
from dataclasses import replace

import pytest

pytest.importorskip("faster_whisper")

from support.entry_points import declare, in_project
from support.recognisers import feed, heard, listening, workers
from support.sound import silence
from support.stt_servers import wyoming_recogniser
from support.threaded_servers import Fault
from support.vocabularies import SMALL
from support.voice import replies_in_turn
from support.whisper_models import Taught, make_model

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError, SettingsError
from roomtone.paths import cache_dir
from roomtone_server.engines.base import HearingRequest
from roomtone_server.engines.stt import cascade

COMMAND, FOREIGN, GERMAN = "turn on the ceiling light", "who painted the mona lisa and why", "schalte das Licht ein"
BY_WHISPER = "turned on by whisper"  # what it writes for the command
ALWAYS = {"busy_from": 1000}


@pytest.fixture(autouse=True)
def _declared(monkeypatch):
    declare(monkeypatch, engines, "roomtone.stt", in_project("roomtone.stt"))


@pytest.fixture(scope="module")
def sounds():
    texts = (COMMAND, FOREIGN, GERMAN)
    spoken = replies_in_turn(*texts)
    return {text: silence(0.3) + pcm + silence(0.7) for text, pcm in zip(texts, spoken, strict=True)}


@pytest.fixture(scope="module")
def model(tmp_path_factory, sounds):
    written = {COMMAND: BY_WHISPER, FOREIGN: FOREIGN, GERMAN: GERMAN}
    return make_model(
        tmp_path_factory.mktemp("whisper") / "small", [Taught(written[text], pcm) for text, pcm in sounds.items()]
    )


@pytest.fixture
def make(model, tmp_path):
    def make(**settings):
        settings = {"open": {"engine": "faster-whisper", "model": str(model)}, **ALWAYS, **settings}
        return engines.choose("stt", EngineChoice("cascade", settings)).make(Surroundings(tmp_path, tmp_path))

    return make


async def transcript(engine, pcm, language="en"):
    hearing = await engine.hear(HearingRequest(language))
    await feed(hearing, pcm)
    return await hearing.finish()


async def test_a_command_is_the_grammar_s_and_what_it_turns_down_the_open_one_s(make, sounds):
    async with listening(make()) as engine:
        command, foreign = await transcript(engine, sounds[COMMAND]), await transcript(engine, sounds[FOREIGN])
        assert (command.text, command.spoken) == (COMMAND, True)
        assert (foreign.text, foreign.rejected, foreign.spoken) == (FOREIGN, "", True)
        assert not (await transcript(engine, silence(2))).spoken


async def test_a_preview_says_the_same_and_the_utterance_goes_on(make, sounds):
    async with listening(make()) as engine:
        hearing = await engine.hear(HearingRequest())
        await feed(hearing, sounds[FOREIGN])
        assert (await hearing.preview()).text == FOREIGN
        await feed(hearing, silence(0.3))
        assert (await hearing.preview()).text == FOREIGN
        assert (await hearing.finish()).text == FOREIGN


async def test_where_there_is_no_room_the_grammar_s_word_stands(make, sounds, caplog):
    caplog.set_level(logging.INFO)
    async with listening(make(busy_from=0)) as engine:
        assert await heard(engine, sounds[COMMAND]) == COMMAND
        turned_down = await transcript(engine, sounds[FOREIGN])
        assert (turned_down.text, turned_down.spoken) == ("", True)
        assert "too busy, or too small" in caplog.text


async def test_a_worker_that_dies_in_mid_utterance_is_stood_in_for_and_comes_back(make, sounds):
    async with listening(make()) as engine:
        hearing = await engine.hear(HearingRequest())
        half = len(sounds[COMMAND]) // 4 * 2
        await feed(hearing, sounds[COMMAND][:half])
        for worker in workers():
            worker.kill()
            worker.wait()
        await feed(hearing, sounds[COMMAND][half:])
        assert [partial.text async for partial in _until(hearing.partials(), BY_WHISPER)][-1] == BY_WHISPER
        assert (await hearing.preview()).text == BY_WHISPER
        assert (await hearing.finish()).text == BY_WHISPER
        assert await heard(engine, sounds[COMMAND]) == COMMAND


async def _until(partials, text):
    async for partial in partials:
        yield partial
        if partial.text == text:
            return


async def test_a_language_of_the_open_one_alone(make, sounds):
    async with listening(make(), replace(SMALL, language="de")) as engine:
        assert (await transcript(engine, sounds[GERMAN], "de")).text == GERMAN


async def test_a_service_hears_nothing_of_what_the_grammar_understands(make, sounds):
    with wyoming_recogniser() as server:
        server.sounds = {FOREIGN: sounds[FOREIGN].strip(b"\0")}
        async with listening(make(open={"engine": "wyoming", "uri": server.uri}, busy_from=0)) as engine:
            assert await heard(engine, sounds[COMMAND]) == COMMAND
            assert not server.reached.is_set()
            assert await heard(engine, sounds[FOREIGN]) == FOREIGN, "it has a machine of its own"
            server.fault = Fault.CUT
            assert not (await transcript(engine, sounds[FOREIGN])).text
            assert await heard(engine, sounds[COMMAND]) == COMMAND


async def test_one_that_cannot_start_is_named(make, tmp_path):
    with pytest.raises(EngineError, match=r"lacks model\.bin, tokenizer\.json"):
        await make(open={"engine": "faster-whisper", "model": str(tmp_path)}).start()
    assert workers() == []


def test_auto_takes_it_once_a_model_is_installed(model):
    assert engines.choose("stt", EngineChoice()).name == "pocketsphinx"
    folder = cache_dir() / "models" / "whisper"
    folder.mkdir(parents=True)
    (folder / "small").symlink_to(model)
    assert engines.choose("stt", EngineChoice()).name == "cascade"
    assert engines.choose("stt", EngineChoice(), "de").name == "faster-whisper"


@pytest.mark.parametrize("engine", ["auto", "cascade"])
def test_both_are_named(engine):
    with pytest.raises(SettingsError, match=rf"stt\.open: .*{engine} is none of two"):
        engines.choose("stt", EngineChoice("cascade", {"open": engine}))


@pytest.mark.parametrize(
    ("cores", "load", "busy_from", "room"),
    [(1, 0.0, 1.0, False), (2, 1.9, 1.0, True), (2, 2.0, 1.0, False), (4, 3.0, 0.5, False), (4, 1.0, 0.0, False)],
)
def test_room_is_more_than_one_core_and_little_to_do(monkeypatch, cores, load, busy_from, room):
    monkeypatch.setattr(cascade.os, "sched_getaffinity", lambda _: set(range(cores)))
    monkeypatch.setattr(cascade.os, "getloadavg", lambda: (load, 9.0, 9.0))
    assert cascade.has_room(busy_from) == room
