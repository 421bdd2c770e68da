"""Microphones and speakers that need no hardware, and what the others say where there is none."""

import asyncio
import json
import shutil
import struct
import sys
import wave
from array import array
from contextlib import aclosing
from pathlib import Path

import pytest
from support.virtual_time import run

from roomtone.ears.formats import FRAME_BYTES
from roomtone.errors import DeviceError
from roomtone_satellite.devices import choose, pyaudio
from roomtone_satellite.devices.base import IDLE_FRAMES
from roomtone_satellite.devices.command import (
    CommandMicrophone,
    CommandMicrophoneSettings,
    CommandSpeaker,
    CommandSpeakerSettings,
    split,
)
from roomtone_satellite.devices.null import NullMicrophone, NullMicrophoneSettings, NullSpeakerSettings
from roomtone_satellite.devices.pacing import BRIDGED_S, PlaybackClock
from roomtone_satellite.devices.wav import (
    WavMicrophone,
    WavMicrophoneSettings,
    WavSpeaker,
    WavSpeakerSettings,
    read_frames,
)

SILENCE = bytes(FRAME_BYTES)


def write_wav(path: Path, samples: list[int], *, rate_hz=16_000, channels=1, width=2) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setparams((channels, width, rate_hz, 0, "NONE", ""))
        file.writeframes(array("h", samples).tobytes())
    return path


async def take(frames, count: int) -> list[bytes]:
    taken = []
    async with aclosing(frames) as open_frames:
        async for frame in open_frames:
            taken.append(frame)
            if len(taken) == count:
                break
    return taken


def test_a_playback_clock_bridges_a_late_writer_and_not_a_pause():
    clock = PlaybackClock(8_000)
    assert clock.accept(160, 1.0) == 1.0
    assert clock.accept(160, 1.02 + BRIDGED_S / 2) == pytest.approx(1.02)
    assert clock.accept(160, 5.0) == 5.0
    assert clock.pending(5.01) == 80
    assert clock.flush(5.01) == 80
    assert clock.pending(5.01) == 0


def test_a_playback_clock_counts_the_silence_between_sounds_as_a_card_does():
    clock = PlaybackClock(8_000)
    assert clock.place(1.0) == 0
    clock.accept(160, 1.0)
    assert clock.place(1.01) == 160
    assert clock.place(1.02 + BRIDGED_S / 2) == 160
    assert clock.place(2.0) == 8_000
    assert clock.accept(160, 2.000_05) == pytest.approx(2.000_125)  # it begins with a whole sample
    assert clock.place(2.01) == 8_161
    assert clock.flush(2.01) == 81
    assert clock.place(2.01) == 8_080


def test_frames_come_at_the_pace_of_the_room_and_together_while_nobody_waits():
    async def times(eager: bool) -> list[float]:
        microphone = NullMicrophone()
        microphone.eager = eager
        came = []
        async with aclosing(microphone.frames()) as frames:
            async for frame in frames:
                assert frame == SILENCE
                came.append(round(asyncio.get_running_loop().time(), 3))
                if len(came) == 2 * IDLE_FRAMES:
                    return came
        return came

    assert run(times(eager=True)) == [round(0.02 * n, 3) for n in range(1, 21)]
    assert run(times(eager=False)) == [0.2] * 10 + [0.4] * 10


def test_a_file_is_heard_then_silence_and_its_time_is_written_down(tmp_path):
    path = write_wav(tmp_path / "a.wav", [7] * 320 + [8] * 300)
    settings = WavMicrophoneSettings(device="wav", file=path, timeline=tmp_path / "t.json")

    async def heard():
        await asyncio.sleep(0.5)
        return await take(WavMicrophone(settings, asyncio.Event()).frames(), 4)

    frames = asyncio.run(heard())
    assert [array("h", frame)[0] for frame in frames] == [7, 8, 0, 0]
    assert array("h", frames[1])[300:] == array("h", [0] * 20)
    timeline = json.loads((tmp_path / "t.json").read_text())
    assert timeline.items() >= {"sample": 0, "rate_hz": 16_000, "samples": 640}.items()
    assert timeline["at_ns"] > 0


async def test_a_file_may_wait_for_the_server(tmp_path):
    path = write_wav(tmp_path / "a.wav", [7] * 320)
    connected = asyncio.Event()
    settings = WavMicrophoneSettings(device="wav", file=path, wait_for_server=True, timeline=tmp_path / "t.json")
    microphone = WavMicrophone(settings, connected)
    microphone.eager = True
    async with aclosing(microphone.frames()) as frames:
        assert await anext(frames) == SILENCE
        assert not (tmp_path / "t.json").exists()
        connected.set()
        assert array("h", await anext(frames))[0] == 7
        assert await anext(frames) == SILENCE
    assert json.loads((tmp_path / "t.json").read_text())["sample"] == 320


async def test_a_file_may_be_heard_again_and_again(tmp_path):
    path = write_wav(tmp_path / "a.wav", [1] * 320 + [2] * 320)
    settings = WavMicrophoneSettings(device="wav", file=path, then="repeat")
    frames = await take(WavMicrophone(settings, asyncio.Event()).frames(), 5)
    assert [array("h", frame)[0] for frame in frames] == [1, 2, 1, 2, 1]


def test_other_rates_and_channels_are_made_into_ours(tmp_path):
    stereo = write_wav(tmp_path / "a.wav", [500, 1500] * 44_100, rate_hz=44_100, channels=2)
    frames = read_frames(stereo)
    assert len(frames) == 50
    assert array("h", frames[25])[0] == pytest.approx(1000, abs=2)


FLOAT_WAV = struct.pack(
    "<4sI4s4sIHHIIHH4sI", b"RIFF", 36, b"WAVE", b"fmt ", 16, 3, 1, 16_000, 64_000, 4, 32, b"data", 0
)


@pytest.mark.parametrize("content", [b"", b"RIFF and so on", FLOAT_WAV])
def test_what_is_no_pcm_file_is_refused_in_one_sentence(tmp_path, content):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(DeviceError, match=r"a\.wav is not a PCM WAV file"):
        read_frames(path)


def test_a_file_that_is_missing_or_of_another_width_is_refused(tmp_path):
    with pytest.raises(DeviceError, match="cannot be read: No such file"):
        read_frames(tmp_path / "no.wav")
    with pytest.raises(DeviceError, match="8 bits a sample"):
        read_frames(write_wav(tmp_path / "a.wav", [0] * 100, width=1))


def test_an_empty_file_is_silence(tmp_path):
    assert read_frames(write_wav(tmp_path / "a.wav", [])) == [SILENCE]


def test_the_file_of_a_speaker_is_whole_after_each_block_and_its_times_are_known(tmp_path):
    settings = WavSpeakerSettings(device="wav", file=tmp_path / "a.wav", rate_hz=8_000, timeline=tmp_path / "t.jsonl")

    async def play():
        loop = asyncio.get_running_loop()
        speaker = WavSpeaker(settings)
        await speaker.open()
        await speaker.write(b"\x01\x00" * 160, None)
        with wave.open(str(settings.file), "rb") as file:
            assert file.getnframes() == 160
        await asyncio.sleep(1)
        await speaker.write(b"\x02\x00" * 160, 3)
        await speaker.write(b"\x03\x00" * 80, 3)
        assert speaker.pending() == 0
        assert speaker.flush() == 0
        await speaker.close()
        return loop.time()

    assert run(play()) == pytest.approx(1.05)
    with wave.open(str(settings.file), "rb") as file:
        assert file.getparams()[:4] == (1, 2, 8_000, 400)
        assert array("h", file.readframes(400)).tolist() == [1] * 160 + [2] * 160 + [3] * 80
    lines = [json.loads(line) for line in settings.timeline.read_text().splitlines()]
    assert lines == [
        {"sample": 0, "rate_hz": 8_000, "at_ns": 0, "samples": 160, "turn": None},
        {"sample": 160, "rate_hz": 8_000, "at_ns": 1_020_000_000, "samples": 160, "turn": 3},
        {"sample": 320, "rate_hz": 8_000, "at_ns": 1_040_000_000, "samples": 80, "turn": 3},
    ]


async def test_a_speaker_s_file_that_cannot_be_made(tmp_path):
    speaker = WavSpeaker(WavSpeakerSettings(device="wav", file=tmp_path / "no" / "a.wav"))
    with pytest.raises(DeviceError, match="No such file"):
        await speaker.open()
    await speaker.close()


def program(tmp_path: Path, text: str) -> str:
    path = tmp_path / "program.py"
    path.write_text(text)
    return f"{sys.executable} {path} {{rate_hz}}"


async def test_a_program_is_a_microphone(tmp_path):
    command = program(tmp_path, "import sys; print(*range(10_000), flush=True); sys.stdin.read()")
    microphone = CommandMicrophone(CommandMicrophoneSettings(device="command", command=command))
    frames = await take(microphone.frames(), 8)
    assert b"".join(frames) == " ".join(map(str, range(10_000))).encode()[: 8 * FRAME_BYTES]


async def test_a_microphone_program_that_dies_is_named(tmp_path):
    command = program(tmp_path, "import sys; sys.exit(3)")
    microphone = CommandMicrophone(CommandMicrophoneSettings(device="command", command=command))
    with pytest.raises(DeviceError, match=r"the microphone's program .*python.* ended with status 3"):
        await take(microphone.frames(), 1)


@pytest.mark.parametrize("role", ["microphone", "speaker"])
async def test_a_program_that_is_not_there_is_named(role):
    command = "/no/such/program --loud"
    microphone = CommandMicrophone(CommandMicrophoneSettings(device="command", command=command))
    speaker = CommandSpeaker(CommandSpeakerSettings(device="command", command=command))
    opening = take(microphone.frames(), 1) if role == "microphone" else speaker.open()
    with pytest.raises(DeviceError, match=f"the {role}'s program '/no/such/program' cannot be started: No such file"):
        await opening


async def test_a_program_is_a_speaker(tmp_path):
    out = tmp_path / "out"
    command = program(
        tmp_path, f"import sys; open({str(out)!r}, 'wb').write(sys.argv[1].encode() + sys.stdin.buffer.read(640))"
    )
    speaker = CommandSpeaker(CommandSpeakerSettings(device="command", command=command, rate_hz=16_000))
    await speaker.open()
    await speaker.write(bytes(range(64)) * 10, 1)
    await speaker._process.wait()
    with pytest.raises(DeviceError, match=r"the speaker's program .* ended with status 0"):
        await speaker.write(SILENCE, 1)
    await speaker.close()
    assert out.read_bytes() == b"16000" + bytes(range(64)) * 10


def test_no_shell_sees_a_command_line():
    assert split("speaker", "play '$HOME; rm' {rate_hz}", 8_000) == ["play", "$HOME; rm", "8000"]
    for wrong in ("play 'x", "  "):
        with pytest.raises(DeviceError):
            split("speaker", wrong, 8_000)


def test_auto_takes_a_sound_card_then_alsa_s_programs_then_says_what_to_install(monkeypatch):
    monkeypatch.setattr(pyaudio, "missing", lambda _: None)
    assert choose.auto_microphone().device == "pyaudio"
    assert choose.auto_speaker().device == "pyaudio"
    monkeypatch.setattr(pyaudio, "missing", lambda _: "no sound card")
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    assert choose.auto_microphone().command.startswith("arecord")
    assert choose.auto_speaker().command.startswith("aplay")
    monkeypatch.setattr(shutil, "which", lambda _: None)
    for auto in (choose.auto_microphone, choose.auto_speaker):
        with pytest.raises(DeviceError, match=r"no sound card; and .* apt install alsa-utils"):
            auto()


def test_without_pyaudio_a_sound_card_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyaudio", None)
    with pytest.raises(DeviceError, match="roomtone\\[pyaudio\\]"):
        asyncio.run(take(pyaudio.PyAudioMicrophone(pyaudio.PyAudioMicrophoneSettings(device="pyaudio")).frames(), 1))


def test_each_device_is_made_from_its_settings(tmp_path):
    online = asyncio.Event()
    wav = WavMicrophoneSettings(device="wav", file=tmp_path / "a.wav")
    assert isinstance(choose.make_microphone(wav, online), WavMicrophone)
    assert isinstance(choose.make_microphone(NullMicrophoneSettings(), online), NullMicrophone)
    assert choose.make_speaker(NullSpeakerSettings(rate_hz=8_000)).rate_hz == 8_000
