"""The rest of a wake word is no command: who says it and then waits has said nothing yet."""

from pathlib import Path

import numpy as np
import pytest
from support import recorded
from support.voice import user_says

from roomtone import engines
from roomtone.ears.formats import FRAME_SAMPLES, RATE_HZ, SAMPLES_PER_MS
from roomtone.engines import EngineChoice, Surroundings
from roomtone_server.engines.stt.automata import automaton_for
from roomtone_server.engines.stt.sphinx.recogniser import Recogniser
from roomtone_server.engines.tts import espeak
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings

PREROLL_SAMPLES = 500 * SAMPLES_PER_MS
PAUSES_MS = (300, 500, 700, 1000, 1500)  # since the detection: a partial may be made at any time

needs_espeak = pytest.mark.skipif(espeak.ENGINE.missing() is not None, reason="roomtone[espeak] is not installed")


@pytest.fixture
async def recogniser(tmp_path):
    home = VirtualHome(VirtualHomeSettings(), Surroundings(tmp_path, tmp_path))
    await home.start()
    vocabulary = await anext(home.changes())
    await home.close()
    return Recogniser(automaton_for(vocabulary, tmp_path))


def detected(wake_word):
    """What a microphone heard, where in it the wake word was detected, and its phrase."""
    room = np.random.default_rng(5).normal(0, 16, wake_word.size + 4 * RATE_HZ)
    room[RATE_HZ : RATE_HZ + wake_word.size] += wake_word
    sound = room.astype(np.int16)
    engine = engines.choose("wake", EngineChoice("microwakeword")).make(Surroundings(Path(), Path()))
    for number, frame in enumerate(recorded.frames(sound), start=1):
        if detection := engine.process(frame):
            engine.close()
            return sound, number * FRAME_SAMPLES, detection.phrase
    raise AssertionError("the wake word was not heard")


def heard_alone(recogniser, wake_word):
    """What the recogniser makes of it, after each pause."""
    sound, at, phrase = detected(wake_word)
    sent = sound[at - PREROLL_SAMPLES :]
    heard = [
        recogniser.recognise(sent[: PREROLL_SAMPLES + pause * SAMPLES_PER_MS].tobytes(), phrase) for pause in PAUSES_MS
    ]
    return [result.text if result else "" for result in heard]


@needs_espeak
@pytest.mark.parametrize("wake_word", ["okay nabu", "alexa"])
async def test_a_spoken_wake_word_alone_is_nothing(recogniser, wake_word):
    assert heard_alone(recogniser, user_says(wake_word).sound) == [""] * len(PAUSES_MS)


async def test_recorded_wake_words_alone_are_hardly_ever_anything(recogniser, recordings):
    clips = sorted((recordings / "wake").glob("*.wav"))
    assert len(clips) == 8
    heard = [text for clip in clips for text in heard_alone(recogniser, recorded.read(clip))]
    assert sum(bool(text) for text in heard) / len(heard) < 0.15, heard


@needs_espeak
@pytest.mark.parametrize("command", ["stop", "never mind", "turn off the kitchen light"])
async def test_a_command_right_behind_it_is_still_heard(recogniser, command):
    wake, said = user_says("okay nabu"), user_says(command)
    sound, at, phrase = detected(
        np.concatenate([wake.sound[: wake.end], np.zeros(RATE_HZ // 10, np.int16), said.sound])
    )
    heard = recogniser.recognise(sound[at - PREROLL_SAMPLES :].tobytes(), phrase)
    assert heard is not None
    assert heard.text == command
