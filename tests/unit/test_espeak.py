"""What espeak adds to the contract: voices, rate, and speech in one call."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from roomtone import engines
from roomtone.engines import EngineChoice
from roomtone.errors import EngineError, SettingsError
from roomtone_server.engines.libespeak import RATE_HZ
from roomtone_server.engines.stt.sphinx.lexicon import pronounce
from roomtone_server.engines.tts import espeak
from roomtone_server.engines.tts.espeak import EspeakSettings, synthesise

HAS_ESPEAK = importlib.util.find_spec("espeakng_loader") is not None
needs_espeak = pytest.mark.skipif(not HAS_ESPEAK, reason="roomtone[espeak] is not installed")

SENTENCE = "the light in the kitchen is on now"


def seconds(text=SENTENCE, **settings):
    return len(synthesise(text, settings=EspeakSettings(**settings))) / 2 / RATE_HZ


def loudness(**settings):
    pcm = np.frombuffer(synthesise(SENTENCE, settings=EspeakSettings(**settings)), np.int16)
    return float(np.sqrt(np.mean(np.square(pcm.astype(np.float64)))))


@needs_espeak
def test_rate_and_volume_are_obeyed_and_do_not_stick():
    usual = seconds()
    assert seconds(rate_wpm=330) < 0.7 * usual
    assert seconds(rate_wpm=90) > 1.5 * usual
    assert seconds() == pytest.approx(usual, rel=0.05)
    assert loudness(volume=40) < 0.6 * loudness()


@needs_espeak
@pytest.mark.parametrize("text", ["Turned on the light", "Okay", "Sorry"])
def test_nobody_waits_for_the_silence_before_a_first_sound(text):
    samples = np.frombuffer(synthesise(text), np.int16).astype(int)
    assert np.flatnonzero(np.abs(samples) > 100)[0] <= RATE_HZ * 5 // 1000


@needs_espeak
@pytest.mark.parametrize("language", ["en", "en-GB", "en_AU", "de", "de-AT", "pt-BR", "zh", "no", "hi", "ta"])
def test_languages_in_any_spelling_and_of_any_region(language):
    assert synthesise("123", language)


@needs_espeak
def test_a_voice_can_be_set_for_a_language():
    british = EspeakSettings(voices={"en": "en-gb+f3"})
    assert synthesise(SENTENCE, settings=british) != synthesise(SENTENCE)


@needs_espeak
@pytest.mark.parametrize("voice", ["klingonese", "en+nobody", "en+../../etc", ""])
def test_a_voice_that_does_not_exist_is_an_error(voice):
    with pytest.raises(EngineError, match="no voice"):
        synthesise(SENTENCE, "xx", EspeakSettings(voices={"xx": voice}))


@needs_espeak
async def test_a_wrong_voice_in_the_settings_is_told_at_start():
    engine = espeak.Espeak(EspeakSettings(voices={"en": "klingonese"}))
    with pytest.raises(EngineError, match="klingonese"):
        await engine.start()


@needs_espeak
@pytest.mark.parametrize("options", [{"rate_wpm": 79}, {"rate_wpm": 451}, {"pitch": 100}, {"volume": -1}, {"speed": 1}])
def test_settings_out_of_range_or_unknown_are_refused(options):
    with pytest.raises(SettingsError, match=next(iter(options))):
        engines.choose("tts", EngineChoice("espeak", options))


def test_without_the_library_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert espeak.ENGINE.missing() == "pip install 'roomtone[espeak]'"
    with pytest.raises(EngineError, match=r"roomtone\[espeak\]"):
        synthesise("hello")


def test_who_asks_for_a_pronunciation_and_who_speaks_share_one_library():
    """Initialised a second time, the library would speak in a thread of its own, into a callback that is gone."""
    assert synthesise("Turned on the light")
    threads = len(list(Path("/proc/self/task").iterdir()))
    assert pronounce("zwieback") is not None
    assert synthesise("Turned on the light")
    assert len(list(Path("/proc/self/task").iterdir())) == threads
