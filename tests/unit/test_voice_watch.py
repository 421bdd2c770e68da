"""A voice during a reply: starts, and lasts or stops."""

import pytest

from roomtone.ears.formats import FRAME_SAMPLES
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
