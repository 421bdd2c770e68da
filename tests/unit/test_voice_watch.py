"""A voice during a reply: starts, and lasts or stops."""

import pytest

from roomtone.ears.formats import FRAME_SAMPLES
from roomtone.satellite.events import VoiceLasted, VoiceStarted, VoiceStopped
from roomtone.satellite.voice import VoiceWatch

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
    assert watched(100, length_ms, 500) == [(VoiceStarted(BEGAN), 160), (VoiceStopped(), 360)]


def test_a_click_is_nothing():
    assert watched(100, 40, 500) == []


def test_each_voice_counts_for_itself():
    kinds = [type(event) for event, _ in watched(100, 100, 200, 400, 100, 400)]
    assert kinds == [VoiceStarted, VoiceStopped, VoiceStarted, VoiceLasted, VoiceStarted, VoiceLasted]


def test_an_echo_starts_nothing_and_ends_nothing():
    watch = VoiceWatch()
    echo = [watch.frame(1.0, n * FRAME_SAMPLES, near=False) for n in range(20)]
    voice = [watch.frame(1.0, n * FRAME_SAMPLES, near=True) for n in range(20, 26)]
    over_echo = [watch.frame(1.0, n * FRAME_SAMPLES, near=False) for n in range(26, 40)]
    began = 20 * FRAME_SAMPLES
    assert [event for event in echo if event] == []
    assert [event for event in voice + over_echo if event] == [VoiceStarted(began), VoiceLasted(began)]


def test_of_what_is_near_a_hint_of_a_voice_pauses_and_a_voice_lasts():
    watch = VoiceWatch()
    assert [watch.frame(0.2, n * FRAME_SAMPLES) for n in range(3)] == [None, None, None], "nothing is known to be near"
    assert [watch.frame(0.05, n * FRAME_SAMPLES, near=True) for n in range(3, 6)] == [None, None, None], "a cup"
    assert watch.frame(0.2, 6 * FRAME_SAMPLES, near=False) is None
    begins = [watch.frame(p, n * FRAME_SAMPLES, near=True) for n, p in enumerate([0.0, 0.0, 0.0, 0.2], 7)]
    assert begins == [None, None, None, VoiceStarted(7 * FRAME_SAMPLES)]
    lasted = [watch.frame(0.9, n * FRAME_SAMPLES, near=True) for n in range(11, 20)]
    assert [event for event in lasted if event] == [VoiceLasted(7 * FRAME_SAMPLES)]


def test_a_noise_that_goes_on_pauses_once_and_hides_no_voice():
    watch = VoiceWatch()
    noise = [watch.frame(0.2, n * FRAME_SAMPLES, near=True) for n in range(100)]
    voice = [watch.frame(0.9, n * FRAME_SAMPLES, near=True) for n in range(100, 113)]
    gap = [watch.frame(0.0, n * FRAME_SAMPLES, near=n % 40 == 0) for n in range(113, 241)]
    another = [watch.frame(0.2, n * FRAME_SAMPLES, near=True) for n in range(241, 244)]
    silence = [watch.frame(0.0, n * FRAME_SAMPLES, near=False) for n in range(244, 300)]
    last = [watch.frame(0.2, n * FRAME_SAMPLES, near=True) for n in range(300, 303)]
    assert [event for event in noise if event] == [VoiceStarted(0), VoiceStopped()]
    assert [event for event in voice if event] == [VoiceStarted(100 * FRAME_SAMPLES), VoiceLasted(100 * FRAME_SAMPLES)]
    assert not any([*gap, *another, *silence]), "it goes on"
    assert last[-1] == VoiceStarted(300 * FRAME_SAMPLES)
