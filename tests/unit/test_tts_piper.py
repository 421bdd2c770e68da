"""What Piper adds to the contract: voices on disk, its settings, and sound that is that of the phonemes."""

import contextlib
import importlib.util
import json

import numpy as np
import pytest

from roomtone import engines
from roomtone.engines import EngineChoice, ModelWanted, Surroundings
from roomtone.errors import EngineError
from roomtone.paths import cache_dir, models_dir
from roomtone_server.engines.base import SpeechRequest, Voice
from roomtone_server.engines.tts.piper import MAX_LOADED

if importlib.util.find_spec("piper") is None:
    pytest.skip("roomtone[piper] is not installed", allow_module_level=True)

from support.entry_points import declare, in_project
from support.piper_voices import PHONEME_MS, RATE_HZ, make_voice

ONE = "Turned on the light."
TWO = "Closed the blinds."


@pytest.fixture(autouse=True)
def _declared(monkeypatch):
    declare(monkeypatch, engines, "roomtone.tts", in_project("roomtone.tts"))


@pytest.fixture(scope="module")
def voices(tmp_path_factory):
    """A state folder and a cache, with a voice in each."""
    home = tmp_path_factory.mktemp("home")
    for where in ("state", "cache"):
        (home / where / "piper").mkdir(parents=True)
    make_voice(home / "state" / "piper" / "en_US-beeps-low.onnx")
    make_voice(home / "cache" / "piper" / "de_DE-beeps-low.onnx", rate_hz=16_000, language="de_DE", espeak="de")
    return Surroundings(home / "state", home / "cache")


@contextlib.asynccontextmanager
async def piper(surroundings, **options):
    engine = engines.choose("tts", EngineChoice("piper", options)).make(surroundings)
    try:
        await engine.start()
        yield engine
    finally:
        await engine.close()


async def spoken(engine, text, language="en", voice=""):
    return b"".join([chunk async for chunk in engine.speak(SpeechRequest(text, language, voice))])


def seconds(pcm):
    return len(pcm) / 2 / RATE_HZ


async def test_the_sound_is_that_of_the_phonemes(voices):
    async with piper(voices) as engine:
        assert engine.rate_hz == RATE_HZ
        assert await spoken(engine, ONE) == await spoken(engine, ONE)
        assert await spoken(engine, ONE) != await spoken(engine, TWO)
        assert await spoken(engine, "read") == await spoken(engine, "reed")


async def test_speed_and_noise(voices):
    async with piper(voices) as engine:
        usual = await spoken(engine, ONE)
    async with piper(voices, speed=2) as engine:
        assert seconds(await spoken(engine, ONE)) == pytest.approx(seconds(usual) / 2, abs=0.05)
    async with piper(voices, noise=1, noise_w=0.5) as engine:
        assert await spoken(engine, ONE) != usual


async def test_silence_stands_between_sentences_and_nowhere_else(voices):
    async with piper(voices, sentence_silence_ms=0) as engine:
        one, two = await spoken(engine, ONE), await spoken(engine, TWO)
        without = await spoken(engine, f"{ONE} {TWO}")
    async with piper(voices, sentence_silence_ms=1000) as engine:
        assert await spoken(engine, ONE) == one
        both = await spoken(engine, f"{ONE} {TWO}")
    assert seconds(both) - seconds(without) == pytest.approx(1.0, abs=0.001)
    assert seconds(without) == pytest.approx(seconds(one) + seconds(two), abs=2 * PHONEME_MS / 1000)


async def test_each_language_has_its_voice_at_the_rate_of_the_engine(voices):
    async with piper(voices) as engine:
        assert await engine.voices() == [Voice("de_DE-beeps-low", ("de-de",)), Voice("en_US-beeps-low", ("en-us",))]
        german = await spoken(engine, "Hallo", "de-AT")
        english = await spoken(engine, "Hello")
        assert seconds(german) == pytest.approx(seconds(english), rel=0.4)  # as many phonemes, about
        assert await spoken(engine, "Hallo", voice="de_DE-beeps-low") == german
        with pytest.raises(EngineError, match="piper has no voice for 'fr'; it has: de-de, en-us"):
            await spoken(engine, "bonjour", "fr")
        with pytest.raises(EngineError, match=r"no voice 'x'; it has: .*, en_US-beeps-low\. `roomtone models pull x`"):
            await spoken(engine, "hello", voice="x")
    async with piper(voices, voices={"en": "de_DE-beeps-low"}) as engine:
        assert engine.rate_hz == 16_000


async def test_a_voice_by_its_path_or_its_name(voices, tmp_path):
    path = make_voice(tmp_path / "en_GB-mine-low.onnx", rate_hz=16_000, language="en_GB", espeak="en-gb-x-rp")
    for named in (str(path), "de_DE-beeps-low"):
        async with piper(voices, voice=named) as engine:
            assert engine.rate_hz == 16_000
            assert await spoken(engine, ONE)
    with pytest.raises(EngineError, match="no voice 'nobody'"):
        async with piper(voices, voice="nobody"):
            pass


async def test_speakers_by_name_and_by_number(voices, tmp_path):
    path = str(make_voice(tmp_path / "en_US-choir-low.onnx", speakers=("low", "high")))
    heard = {}
    for speaker in (None, "low", "high", 1):
        async with piper(voices, voice=path, speaker=speaker) as engine:
            heard[speaker] = await spoken(engine, ONE)
            assert await spoken(engine, "Hallo", "de")  # whose voice has no such speaker, and needs none
    assert heard[None] == heard["low"] != heard["high"] == heard[1]
    async with piper(voices, voice=path) as engine:
        assert next(voice for voice in await engine.voices() if voice.name == "en_US-choir-low").speakers == (
            "high",
            "low",
        )
        high = SpeechRequest(ONE, voice=path, speaker="high")
        assert b"".join([chunk async for chunk in engine.speak(high)]) == heard["high"]
        with pytest.raises(EngineError, match="no speaker 'middle'"):
            await anext(engine.speak(SpeechRequest(ONE, voice=path, speaker="middle")))
    for unknown, known in (("middle", "high, low"), (2, "high, low")):
        with pytest.raises(EngineError, match=f"no speaker {unknown!r}; it has: {known}"):
            async with piper(voices, voice=path, speaker=unknown):
                pass


async def test_brackets_are_no_phonemes(voices):
    async with piper(voices) as engine:
        assert await spoken(engine, "a [[ light ]] b") == await spoken(engine, "a light b")


async def test_without_a_voice_it_says_where_to_put_one(tmp_path):
    remedy = f"`roomtone models pull .* put NAME.onnx .* into {tmp_path / 'state' / 'piper'}"
    with pytest.raises(EngineError, match=f"piper has no voice. {remedy}"):
        async with piper(Surroundings(tmp_path / "state", tmp_path / "cache")):
            pass


async def test_broken_files_are_said_and_take_no_other_with_them(tmp_path, caplog):
    folder = tmp_path / "state" / "piper"
    folder.mkdir(parents=True)
    here = Surroundings(tmp_path / "state", tmp_path / "cache")
    make_voice(folder / "en_US-beeps-low.onnx")
    (folder / "en_US-bare-low.onnx").write_bytes(b"")
    make_voice(folder / "en_US-odd-low.onnx").with_name("en_US-odd-low.onnx.json").write_text("[]")
    make_voice(folder / "en_US-torn-low.onnx").write_bytes(b"torn")
    async with piper(here) as engine:
        assert await spoken(engine, ONE)
        assert [voice.name for voice in await engine.voices()] == ["en_US-beeps-low", "en_US-torn-low"]
        with pytest.raises(EngineError, match=r"en_US-torn-low\.onnx cannot be used: .*Protobuf"):
            await spoken(engine, ONE, voice="en_US-torn-low")
    assert "en_US-bare-low.onnx.json: No such file" in caplog.text
    assert "en_US-odd-low.onnx.json: it does not describe a voice" in caplog.text
    with pytest.raises(EngineError, match="cannot be used"):
        async with piper(here, voice=str(folder / "en_US-odd-low.onnx")):
            pass


async def test_a_voice_that_fails_while_it_speaks_says_so_without_the_text(voices, tmp_path):
    path = make_voice(tmp_path / "en_US-lisps-low.onnx")
    beside = path.with_name(f"{path.name}.json")
    described = json.loads(beside.read_text())
    described["phoneme_id_map"]["z"] = ["no number"]
    beside.write_text(json.dumps(described))
    async with piper(voices, voice=str(path)) as engine:
        assert await spoken(engine, "hello")
        with pytest.raises(EngineError, match=r"failed to speak with .*en_US-lisps-low\.onnx \(ValueError\)$"):
            await spoken(engine, "zoo")
        assert await spoken(engine, "hello")
    path.unlink()
    with pytest.raises(EngineError, match="there is no such file"):
        async with piper(voices, voice=str(path)):
            pass


async def test_a_voice_for_which_piper_would_go_to_the_internet_is_refused(voices, tmp_path):
    path = make_voice(tmp_path / "zh_CN-far-low.onnx", language="zh_CN", espeak="cmn")
    beside = path.with_name(f"{path.name}.json")
    beside.write_text(json.dumps({**json.loads(beside.read_text()), "phoneme_type": "pinyin"}))
    with pytest.raises(EngineError, match="would fetch a model"):
        async with piper(voices, voice=str(path)):
            pass


async def test_few_voices_are_held_at_once(voices, tmp_path):
    languages = ("fr", "it", "es", "nl")
    files = {code: str(make_voice(tmp_path / f"{code}-x-low.onnx", language=code, espeak=code)) for code in languages}
    async with piper(voices, voices=files) as engine:
        heard = {code: await spoken(engine, "1 2 3", code) for code in languages}
        assert len(engine._loaded) == MAX_LOADED
        assert {code: await spoken(engine, "1 2 3", code) for code in languages} == heard


async def test_what_is_heard_first_is_heard(voices):
    async with piper(voices) as engine:
        first = np.frombuffer(await spoken(engine, ONE), np.int16)[: RATE_HZ // 100]
        assert np.abs(first.astype(int)).max() > 1000


def a_pulled_voice(name):
    folder = models_dir(cache_dir(), "piper") / name
    folder.mkdir(parents=True)
    return make_voice(folder / f"{name}.onnx", language=name.partition("-")[0], espeak=name[:2])


def test_auto_takes_piper_for_a_language_that_an_installed_voice_speaks():
    def chosen(language):
        return engines.choose("tts", EngineChoice(), language)

    assert chosen("de").name == "espeak"
    assert "piper: no voice for 'de' is installed: `roomtone models pull --for de`" in chosen("de").why
    a_pulled_voice("de_DE-beeps-low")
    assert (chosen("de").name, chosen("de-AT").name, chosen("en").name) == ("piper", "piper", "espeak")


async def test_a_voice_that_was_pulled_speaks():
    a_pulled_voice("de_DE-beeps-low")
    async with piper(Surroundings(cache_dir(), cache_dir(), "de")) as engine:
        assert [voice.name for voice in await engine.voices()] == ["de_DE-beeps-low"]
        assert await spoken(engine, "Hallo", "de")


@pytest.mark.parametrize(
    ("options", "lacks"),
    [
        ({}, [ModelWanted("piper", language="fr")]),
        ({"voice": "de_DE-beeps-low"}, []),
        ({"voice": "fr_FR-none-low"}, [ModelWanted("piper", "fr_FR-none-low")]),
        ({"voice": "/of/ones/own.onnx"}, []),
        ({"voices": {"de": "de_DE-beeps-low", "en": "en_US-none-low"}}, [ModelWanted("piper", "en_US-none-low")]),
    ],
)
def test_it_tells_which_voices_it_lacks(options, lacks):
    a_pulled_voice("de_DE-beeps-low")
    spec = engines.load("tts", "piper")
    around = Surroundings(cache_dir(), cache_dir(), "fr")
    assert spec.lacks(spec.settings.model_validate(options), around) == lacks
