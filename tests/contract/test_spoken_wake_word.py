"""The embedded voice can wake the house: what the demo stands on, on a machine without any recording."""

import contextlib

import pytest
from support.sound import frames, noise, silence

from roomtone import engines
from roomtone.ears.formats import RATE_HZ
from roomtone.engines import EngineChoice, Surroundings

np = pytest.importorskip("numpy")
soxr = pytest.importorskip("soxr")
pytest.importorskip("espeakng_loader", reason="pip install 'roomtone[espeak]'")

WAKE_WORD = "okay nabu"


@pytest.fixture
def surroundings(tmp_path):
    return Surroundings(tmp_path, tmp_path)


@pytest.fixture
def wake(surroundings):
    with contextlib.closing(engines.choose("wake", EngineChoice()).make(surroundings)) as engine:
        yield engine


async def spoken(text, surroundings):
    """The text in the voice that the settings give when they say nothing, at the rate of the house."""
    from roomtone_server.engines.base import SpeechRequest

    voice = engines.choose("tts", EngineChoice("espeak")).make(surroundings)
    await voice.start()
    try:
        pcm = b"".join([chunk async for chunk in voice.speak(SpeechRequest(text))])
        return soxr.resample(np.frombuffer(pcm, "<i2"), voice.rate_hz, RATE_HZ).astype("<i2").tobytes()
    finally:
        await voice.close()


@pytest.mark.parametrize("gap_ms", [100, 300])
async def test_the_embedded_voice_wakes_the_default_engine_wherever_the_frames_cut_it(wake, surroundings, gap_ms):
    word = await spoken(WAKE_WORD, surroundings)
    command = await spoken("turn on the kitchen light", surroundings)
    for offset_samples in range(0, 320, 32):
        wake.reset()
        pcm = silence(0.5) + bytes(2 * offset_samples) + word + silence(gap_ms / 1000) + command + silence(1)
        found = [detection.name for frame in frames(pcm) if (detection := wake.process(frame))]
        assert found == ["okay_nabu"], offset_samples


async def test_the_embedded_voice_wakes_nothing_with_a_command_alone(wake, surroundings):
    command = await spoken("turn on the kitchen light", surroundings)
    assert not any(wake.process(frame) for frame in frames(noise(1, peak=50) + command + noise(1, peak=50)))
