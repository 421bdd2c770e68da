"""Sound cards through a real PortAudio: PulseAudio's null sink is the speaker, its monitor the microphone."""

import asyncio
import itertools
import math
import shutil
import subprocess
from array import array
from contextlib import aclosing
from importlib.util import find_spec

import pytest

from roomtone.errors import DeviceError
from roomtone_satellite.devices.pyaudio import (
    PyAudioMicrophone,
    PyAudioMicrophoneSettings,
    PyAudioSpeaker,
    PyAudioSpeakerSettings,
    missing,
)


@pytest.fixture
async def sound_server(tmp_path, monkeypatch):
    if shutil.which("pulseaudio") is None or find_spec("pyaudio") is None:
        pytest.skip("PulseAudio and PyAudio are not both installed: no sound card to be had")
    for variable in ("XDG_RUNTIME_DIR", "PULSE_RUNTIME_PATH", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    tmp_path.chmod(0o700)
    arguments = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--log-target=stderr", "-v"]
    modules = ["module-null-sink sink_name=room rate=44100", "module-native-protocol-unix auth-anonymous=1"]
    process = await asyncio.create_subprocess_exec(
        "pulseaudio", *arguments, *(word for module in modules for word in ("-L", module)), stderr=subprocess.PIPE
    )
    while b"Daemon startup complete" not in (line := await process.stderr.readline()):
        assert line, "PulseAudio did not start"
    yield process
    if process.returncode is None:
        process.terminate()
    await process.communicate()


@pytest.mark.usefixtures("sound_server")
async def test_what_the_speaker_plays_the_microphone_hears():
    assert missing("input") is None
    assert missing("output") is None
    speaker = PyAudioSpeaker(PyAudioSpeakerSettings(device="pyaudio", name="default"))
    microphone = PyAudioMicrophone(PyAudioMicrophoneSettings(device="pyaudio"))
    microphone.eager = True
    await speaker.open()
    assert speaker.rate_hz == 44_100
    rate_hz, heard = speaker.rate_hz, array("h")
    tone = array("h", (round(12_000 * math.sin(math.tau * 500 * n / rate_hz)) for n in range(rate_hz)))

    async def play() -> None:
        size = rate_hz // 50
        for at in range(0, len(tone), size):
            await speaker.write(tone[at : at + size].tobytes(), 1)
            assert speaker.pending() <= 5 * size

    async with asyncio.TaskGroup() as tasks, aclosing(microphone.frames()) as frames:
        tasks.create_task(play())
        async for frame in frames:
            heard.frombytes(frame)
            if len(heard) >= 24_000:
                break
    await speaker.close()

    loud = [n for n, sample in enumerate(heard) if abs(sample) > 6_000]
    steady = heard[loud[0] + 4_000 : loud[0] + 12_000]  # the card fills its own buffer first
    crossings = sum(a < 0 <= b for a, b in itertools.pairwise(steady))
    assert crossings == pytest.approx(250, abs=2)


@pytest.mark.usefixtures("sound_server")
async def test_a_card_that_is_not_there_is_told_from_those_that_are():
    with pytest.raises(DeviceError, match=r"no sound card 'gramophone' for output; there are: .*default"):
        await PyAudioSpeaker(PyAudioSpeakerSettings(device="pyaudio", name="gramophone")).open()
    with pytest.raises(DeviceError, match="no sound card 99 for input"):
        async with aclosing(PyAudioMicrophone(PyAudioMicrophoneSettings(device="pyaudio", name=99)).frames()) as frames:
            await anext(frames)


@pytest.mark.usefixtures("sound_server")
async def test_a_flush_takes_back_what_has_not_sounded():
    speaker = PyAudioSpeaker(PyAudioSpeakerSettings(device="pyaudio"))
    await speaker.open()
    await speaker.write(bytes(2 * 1764), 1)
    waiting = speaker.pending()
    assert speaker.flush() <= waiting
    assert speaker.pending() == 0
    await speaker.close()
