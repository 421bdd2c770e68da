"""A voice during a reply: starts, and lasts or stops."""

import pytest
from numpy.random import default_rng

from roomtone.ears.formats import FRAME_SAMPLES
from roomtone_satellite.echo import NearEnd
from roomtone_satellite.events import VoiceLasted, VoiceStarted, VoiceStopped
from roomtone_satellite.voice import VoiceWatch

BEGAN = 5 * FRAME_SAMPLES


def watched(*lengths_ms):
    """What silences and voices in turn, each so long, amount to, and after how many ms each was known."""
    watch, position, heard = VoiceWatch(), 0, []
    for number, length_ms in enumerate(lengths_ms):
        for _ in range(length_ms // 20):
            event = watch.frame(float(number % 2), position)
            position += FRAME_SAMPLES
            if event:
                heard.append((event, position // 16))
    return heard


def test_a_voice_is_known_after_60_ms_and_lasts_after_250():
    assert watched(100, 1000) == [(VoiceStarted(BEGAN), 160), (VoiceLasted(BEGAN), 360)]


@pytest.mark.parametrize("length_ms", [60, 140, 240])
def test_a_cough_stops(length_ms):
    assert watched(100, length_ms, 500) == [(VoiceStarted(BEGAN), 160), (VoiceStopped(), 100 + length_ms + 20)]


def test_a_click_is_nothing():
    assert watched(100, 40, 500) == []


def test_each_voice_counts_for_itself():
    kinds = [type(event) for event, _ in watched(100, 100, 100, 400, 100, 400)]
    assert kinds == [VoiceStarted, VoiceStopped, VoiceStarted, VoiceLasted, VoiceStarted, VoiceLasted]


def test_an_echo_starts_nothing_and_ends_nothing():
    watch = VoiceWatch()
    echo = [watch.frame(1.0, n * FRAME_SAMPLES, near=False) for n in range(20)]
    voice = [watch.frame(1.0, n * FRAME_SAMPLES) for n in range(20, 26)]
    over_echo = [watch.frame(1.0, n * FRAME_SAMPLES, near=False) for n in range(26, 40)]
    began = 20 * FRAME_SAMPLES
    assert [event for event in echo if event] == []
    assert [event for event in voice + over_echo if event] == [VoiceStarted(began), VoiceLasted(began)]


def frame(level):
    return default_rng(1).normal(0, level, FRAME_SAMPLES).astype("int16").tobytes()


def test_somebody_is_near_when_little_was_taken_out():
    ear = NearEnd()
    heard = frame(3000)
    assert ear.frame(heard, heard), "no echo was looked for"
    assert not ear.frame(heard, frame(2500)), "the canceller has not learnt its room"
    learning = [ear.frame(heard, frame(200)) for _ in range(30)]
    assert not any(learning)
    assert ear.frame(heard, frame(2000))
    assert not ear.frame(heard, frame(300))
