"""The satellite's devices at a sound card, through a real PortAudio."""

import asyncio
import subprocess
import sys
import wave
from collections.abc import AsyncGenerator
from contextlib import aclosing

import numpy as np
import pytest
from support.sound_card import once_more

from roomtone.ears.formats import FRAME_BYTES, FRAME_SAMPLES, RATE_HZ
from roomtone.errors import DeviceError
from roomtone_satellite import checks
from roomtone_satellite.devices import pyaudio
from roomtone_satellite.devices.base import BLOCK_MS
from roomtone_satellite.devices.pyaudio import (
    PyAudioMicrophone,
    PyAudioMicrophoneSettings,
    PyAudioSpeaker,
    PyAudioSpeakerSettings,
)

TONE_HZ = 500
AHEAD_S = 0.2  # what a speaker may take ahead of what sounds
TONE_S = 1.0
# As `measured`; a busy machine may leave a gap in it.
THE_TONE = (pytest.approx(TONE_HZ, abs=5), pytest.approx(10_000, rel=0.1), pytest.approx(TONE_S, rel=0.15))


def tone(rate_hz: int) -> np.ndarray:
    """A second of it, at a third of full scale."""
    return (10_000 * np.sin(np.arange(round(TONE_S * rate_hz)) * 2 * np.pi * TONE_HZ / rate_hz)).astype(np.int16)


def measured(heard: np.ndarray) -> tuple[float, float, float]:
    """The pitch in Hz, the peak, and for how many seconds there was sound."""
    spectrum = np.abs(np.fft.rfft(heard))
    loud = np.count_nonzero(np.abs(heard.astype(np.int32)) > 100)
    return float(spectrum.argmax() * RATE_HZ / heard.size), float(heard.max()), loud / RATE_HZ


@pytest.fixture
def tone_wav(tmp_path):
    with wave.open(str(tmp_path / "tone.wav"), "wb") as file:
        file.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
        file.writeframes(tone(RATE_HZ).tobytes())
    return tmp_path / "tone.wav"


@once_more
async def test_the_microphone_hears_the_air(sound_card, tone_wav):
    microphone = PyAudioMicrophone(PyAudioMicrophoneSettings(device="pyaudio", name="default"))
    microphone.eager = True
    async with aclosing(microphone.frames()) as frames:
        first = await anext(frames)
        async with sound_card.playing(tone_wav):
            heard = [await anext(frames) for _ in range(round(3 * TONE_S * RATE_HZ) // FRAME_SAMPLES)]
    assert not any(first)
    assert {len(frame) for frame in heard} == {FRAME_BYTES}
    assert measured(np.frombuffer(b"".join(heard), np.int16)) == THE_TONE


async def drain(frames: AsyncGenerator[bytes, None]) -> None:
    async for _ in frames:
        pass


async def play(speaker: PyAudioSpeaker, pcm: np.ndarray) -> None:
    size = speaker.rate_hz * BLOCK_MS // 1000
    for at in range(0, pcm.size, size):
        await speaker.write(pcm[at : at + size].tobytes(), 1)


@once_more
async def test_the_speaker_is_heard_and_knows_what_waits(sound_card, tmp_path):
    async with sound_card.recording(tmp_path / "speaker.raw") as recording:
        speaker = PyAudioSpeaker(PyAudioSpeakerSettings(device="pyaudio"))
        await speaker.open()
        await play(speaker, tone(speaker.rate_hz))
        assert 0 < speaker.pending() < speaker.rate_hz * AHEAD_S
        await recording.grow(0.5)
        assert speaker.pending() == 0
        await speaker.close()
    assert measured(recording.since(0)) == THE_TONE


@once_more
async def test_a_flush_takes_back_what_the_card_has_not(sound_card, tmp_path):
    async with sound_card.recording(tmp_path / "speaker.raw") as recording:
        speaker = PyAudioSpeaker(PyAudioSpeakerSettings(device="pyaudio"))
        await speaker.open()
        await play(speaker, tone(speaker.rate_hz)[: speaker.rate_hz // 2])
        waiting = speaker.pending()
        assert 0 < speaker.flush() <= waiting
        await recording.grow(0.5)
        assert speaker.pending() == 0
        await speaker.close()
    assert np.count_nonzero(recording.since(0)) < RATE_HZ * 0.5


async def test_a_card_that_is_not_there_is_told_from_those_that_are(sound_card):  # noqa: ARG001 - in the environment
    with pytest.raises(DeviceError, match=r"no sound card 'gramophone' for output; there are: .*default"):
        await PyAudioSpeaker(PyAudioSpeakerSettings(device="pyaudio", name="gramophone")).open()
    with pytest.raises(DeviceError, match="no sound card 99 for input"):
        async with aclosing(PyAudioMicrophone(PyAudioMicrophoneSettings(device="pyaudio", name=99)).frames()) as frames:
            await anext(frames)


async def test_a_card_that_is_gone_in_the_middle_is_told(sound_card, monkeypatch):
    speaker = PyAudioSpeaker(PyAudioSpeakerSettings(device="pyaudio"))
    await speaker.open()
    async with aclosing(PyAudioMicrophone(PyAudioMicrophoneSettings(device="pyaudio")).frames()) as frames:
        await anext(frames)
        sound_card.server.process.kill()
        monkeypatch.setattr(pyaudio, "_SILENT_CARD_S", 0.5)
        with pytest.raises(DeviceError, match="the sound card 'default' has fallen silent"):
            await play(speaker, tone(speaker.rate_hz))
        with pytest.raises(DeviceError, match="the sound card 'default' has fallen silent"):
            await drain(frames)
    await speaker.close()
    with pytest.raises(DeviceError, match="no sound card for output; there are: none"):
        await speaker.open()


async def test_the_doctor_names_the_cards(sound_card):  # noqa: ARG001 - as above
    found = {one.subject: one for one in await asyncio.to_thread(list, checks._devices())}
    assert {role: (one.state, one.text) for role, one in found.items()} == {
        "microphone": ("works", "auto picks pyaudio: default"),
        "speaker": ("works", "auto picks pyaudio: default"),
    }


@pytest.mark.parametrize("own_configuration", [True, False])
def test_the_libraries_below_say_nothing(sound_card, own_configuration, monkeypatch):  # noqa: ARG001 - as above
    """With a machine's usual configuration they would fill a page with the devices that are not there."""
    if own_configuration:
        monkeypatch.delenv("ALSA_CONFIG_PATH")
    program = "from roomtone_satellite.devices.pyaudio import missing; missing('input'); missing('output')"
    asked = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (asked.stdout, asked.stderr) == (b"", b"")
