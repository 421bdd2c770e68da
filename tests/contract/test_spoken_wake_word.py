"""The embedded voice can wake the house: what the demo stands on, on a machine without any recording."""

import contextlib

import pytest
from support.sound import frames, noise, silence
from support.voice import reply_of

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings

pytest.importorskip("espeakng_loader", reason="pip install 'roomtone[espeak]'")

WAKE_WORD = "okay nabu"


@pytest.fixture
def wake(tmp_path):
    with contextlib.closing(engines.choose("wake", EngineChoice()).make(Surroundings(tmp_path, tmp_path))) as engine:
        yield engine


@pytest.mark.parametrize("gap_ms", [100, 300])
def test_the_embedded_voice_wakes_the_default_engine_wherever_the_frames_cut_it(wake, gap_ms):
    word = reply_of(WAKE_WORD)
    command = reply_of("turn on the kitchen light")
    for offset_samples in range(0, 320, 32):
        wake.reset()
        pcm = silence(0.5) + bytes(2 * offset_samples) + word + silence(gap_ms / 1000) + command + silence(1)
        found = [detection.name for frame in frames(pcm) if (detection := wake.process(frame))]
        assert found == ["okay_nabu"], offset_samples


def test_the_embedded_voice_wakes_nothing_with_a_command_alone(wake):
    command = reply_of("turn on the kitchen light")
    assert not any(wake.process(frame) for frame in frames(noise(1, peak=50) + command + noise(1, peak=50)))
