"""The level meter against levels that are known."""

import numpy as np
import pytest

from roomtone.ears.level import FLOOR_DBFS, LevelMeter, amplified, wake_levels, without_lead_in


def square(amplitude, samples=320):
    return np.tile(np.array([amplitude, -amplitude], np.int16), samples // 2).tobytes()


def test_speech_and_what_lies_between_are_told_apart():
    meter = LevelMeter()
    assert (meter.speech_dbfs, meter.noise_dbfs) == (None, None)
    for _ in range(10):
        meter.frame(square(3277), speaking=True)  # a tenth of full scale
        meter.frame(square(33), speaking=False)  # a thousandth
    assert meter.speech_dbfs == pytest.approx(-20, abs=0.1)
    assert meter.noise_dbfs == pytest.approx(-59.9, abs=0.1)


def test_the_level_of_speech_is_that_of_its_mean_power():
    meter = LevelMeter()
    meter.frame(square(16_384), speaking=True)
    meter.frame(bytes(640), speaking=True)
    assert meter.speech_dbfs == pytest.approx(-6.02 - 3.01, abs=0.1)


def test_the_first_frames_of_speech_do_not_count_as_noise():
    meter = LevelMeter()
    for frame in [square(33)] * 10 + [square(16_384)] * 3:
        meter.frame(frame, speaking=False)
    assert meter.noise_dbfs == pytest.approx(-59.9, abs=0.1)


def test_digital_silence_has_a_level_too():
    meter = LevelMeter()
    meter.frame(bytes(640), speaking=False)
    assert meter.noise_dbfs == FLOOR_DBFS


def test_the_loudest_there_is():
    meter = LevelMeter()
    meter.frame(np.full(320, -32_768, np.int16).tobytes(), speaking=True)
    assert meter.speech_dbfs == 0.0


@pytest.mark.parametrize("gain", [0.1, 1.0])
def test_a_wake_word_and_its_room(gain):
    """Somebody has talked before, with pauses; the word comes last, with a stop in its middle."""
    room, talk, word = (square(round(gain * amplitude)) for amplitude in (100, 1000, 10_000))
    frames = [*[room] * 40, *[talk] * 60, *[word] * 15, room, room, *[word] * 15, *[room] * 10]
    levels = wake_levels(frames)
    assert levels.word_dbfs - levels.room_dbfs == pytest.approx(40, abs=0.5)
    assert levels.word_dbfs == pytest.approx(-10.3 if gain == 1.0 else -30.3, abs=0.1)


def test_a_wake_word_in_the_microphone_s_first_moments():
    assert wake_levels([square(3277)]).word_dbfs == pytest.approx(-20, abs=0.1)
    assert wake_levels([bytes(640)]).room_dbfs == FLOOR_DBFS


@pytest.mark.parametrize(
    ("gain", "samples"),
    [(1.0, [-32_768, -3, 0, 30_000]), (0.5, [-16_384, -2, 0, 15_000]), (2.0, [-32_768, -6, 0, 32_767])],
)
def test_samples_become_softer_and_louder_and_never_wrap(gain, samples):
    pcm = np.array([-32_768, -3, 0, 30_000], np.int16).tobytes()
    assert np.frombuffer(amplified(pcm, gain), np.int16).tolist() == samples


@pytest.mark.parametrize(
    ("made", "left"),
    [
        ([0, 3, -30, 500, 0, 2], [500, 0, 2]),
        ([0, -32_768], [-32_768]),
        ([40, 0], [40, 0]),
        ([0, 12, -32], [0, 12, -32]),
        ([], []),
    ],
)
def test_speech_begins_where_it_can_be_heard(made, left):
    pcm = np.array(made, np.int16).tobytes()
    assert np.frombuffer(without_lead_in(pcm), np.int16).tolist() == left
