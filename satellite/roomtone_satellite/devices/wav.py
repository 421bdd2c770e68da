"""WAV files in the place of devices, at the pace of the room: for tests, demonstrations and measurements.

Both can write down when each sample sounded, on CLOCK_MONOTONIC, which all processes of a machine share.
"""

import asyncio
import json
import os
import struct
import wave
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from roomtone.ears.formats import FRAME_SAMPLES, RATE_HZ, SAMPLE_BYTES
from roomtone.ears.resample import Framer, Resampler, to_mono
from roomtone.errors import DeviceError, EngineMissing
from roomtone.settings import Settings
from roomtone_satellite.devices.null import SILENCE, pace
from roomtone_satellite.devices.pacing import PlaybackClock

MAX_FILE_BYTES: Final = 256 * 1024**2  # a file is held in memory: some two hours at 16 kHz
_HEADER: Final = struct.Struct("<4sI4s4sIHHIIHH4sI")  # RIFF, fmt and data: the canonical 44 bytes


class WavMicrophoneSettings(Settings):
    device: Literal["wav"]
    file: Path
    then: Literal["silence", "repeat"] = "silence"
    wait_for_server: bool = False  # silence until the server is connected, so that no word is lost
    timeline: Path | None = None


class WavSpeakerSettings(Settings):
    device: Literal["wav"]
    file: Path
    rate_hz: int = Field(default=22_050, ge=8_000, le=192_000)
    timeline: Path | None = None


class WavMicrophone:
    """Hears a file, then silence or the file again.

    Its timeline is one JSON object, written when the file begins to sound: `sample`, where in the microphone's stream
    it begins; `at_ns`, when that sample sounds; `rate_hz`; `samples`, the file's length. Sample n of the file sounds at
    at_ns + n / rate_hz, and is delivered with its frame of 20 ms when that is over, or a little later while idle.
    """

    def __init__(self, settings: WavMicrophoneSettings, connected: asyncio.Event) -> None:
        self.eager = False
        self._settings = settings
        self._connected = connected

    async def frames(self) -> AsyncGenerator[bytes, None]:
        file_frames = await asyncio.to_thread(read_frames, self._settings.file)
        begun = asyncio.get_running_loop().time()
        file_began: int | None = None  # the frame with which the file began to sound
        async with aclosing(pace(begun, self)) as ticks:
            async for frame in ticks:
                if file_began is None and (self._connected.is_set() or not self._settings.wait_for_server):
                    file_began = frame
                    self._write_timeline(frame, begun + frame * FRAME_SAMPLES / RATE_HZ, len(file_frames))
                yield SILENCE if file_began is None else self._frame(file_frames, frame - file_began)

    def _frame(self, file_frames: list[bytes], index: int) -> bytes:
        if self._settings.then == "repeat":
            index %= len(file_frames)
        return file_frames[index] if index < len(file_frames) else SILENCE

    def _write_timeline(self, frame: int, at_s: float, frames: int) -> None:
        if (path := self._settings.timeline) is None:
            return
        line = {
            "sample": frame * FRAME_SAMPLES,
            "at_ns": round(at_s * 1e9),
            "rate_hz": RATE_HZ,
            "samples": frames * FRAME_SAMPLES,
        }
        whole = path.with_name(f".{path.name}.part")  # whoever waits for the file never sees half of it
        try:
            whole.write_text(json.dumps(line) + "\n", encoding="utf-8")
            whole.replace(path)
        except OSError as problem:
            raise DeviceError(f"the microphone's timeline {path} cannot be written: {problem.strerror}") from problem


def read_frames(path: Path) -> list[bytes]:
    """A WAV file of 16-bit PCM, any rate and channels, as frames of 20 ms at 16 kHz; the last is padded with silence.
    At least one. Raises DeviceError."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise DeviceError(f"the microphone's file {path} is larger than {MAX_FILE_BYTES // 1024**2} MiB: cut it")
        with wave.open(str(path), "rb") as file:
            channels, sample_bytes, rate_hz = file.getparams()[:3]
            pcm = file.readframes(file.getnframes())
    except OSError as problem:
        raise DeviceError(f"the microphone's file {path} cannot be read: {problem.strerror}") from problem
    except (wave.Error, EOFError) as problem:
        raise DeviceError(
            f"the microphone's file {path} is not a PCM WAV file ({str(problem) or 'it ends too early'}): "
            "convert it to 16-bit PCM"
        ) from problem
    if sample_bytes != SAMPLE_BYTES:
        raise DeviceError(
            f"the microphone's file {path} has {8 * sample_bytes} bits a sample: convert it to 16-bit PCM"
        )
    try:
        resampler = Resampler(rate_hz, RATE_HZ)
    except EngineMissing as problem:
        raise DeviceError(f"the microphone's file {path}: {problem}") from problem
    whole = len(pcm) - len(pcm) % (SAMPLE_BYTES * channels)  # a file cut short may end in half a sample
    audio = resampler.process(to_mono(pcm[:whole], channels)) + resampler.finish()
    return Framer().process(audio + SILENCE[: -len(audio) % len(SILENCE)]) or [SILENCE]


class WavSpeaker:
    """Writes what it plays to a file, without the silences between.

    The file is whole after each block, whenever the process ends. Its timeline has one JSON object per block:
    `sample`, where in the file it begins; `rate_hz`; `at_ns`, when its first sample sounds; `samples`; `turn`, null for
    a chime.
    """

    def __init__(self, settings: WavSpeakerSettings) -> None:
        self.rate_hz = settings.rate_hz
        self._settings = settings
        self._clock = PlaybackClock(self.rate_hz)
        self._file: int | None = None
        self._timeline: int | None = None
        self._samples = 0

    async def open(self) -> None:
        if self._file is None:
            self._file = _create(self._settings.file)
            self._write_header()
        if self._timeline is None and self._settings.timeline:
            self._timeline = _create(self._settings.timeline)

    async def write(self, pcm: bytes, turn: int | None) -> None:
        loop = asyncio.get_running_loop()
        samples = len(pcm) // SAMPLE_BYTES
        self._append(pcm, samples, self._clock.accept(samples, loop.time()), turn)
        await asyncio.sleep(max(0.0, self._clock.silent_at - loop.time()))

    def pending(self) -> int:
        return self._clock.pending(asyncio.get_running_loop().time())

    def place(self) -> int | None:
        return self._clock.place(asyncio.get_running_loop().time())

    def flush(self) -> int:
        """Nothing: what is in the file was heard. It is at most one block ahead."""
        return 0

    async def close(self) -> None:
        for file in (self._file, self._timeline):
            if file is not None:
                os.close(file)
        self._file = self._timeline = None

    def _append(self, pcm: bytes, samples: int, at_s: float, turn: int | None) -> None:
        assert self._file is not None, "a speaker that is not open"
        line = {
            "sample": self._samples,
            "rate_hz": self.rate_hz,
            "at_ns": round(at_s * 1e9),
            "samples": samples,
            "turn": turn,
        }
        try:
            os.pwrite(self._file, pcm, _HEADER.size + self._samples * SAMPLE_BYTES)
            self._samples += samples
            self._write_header()
            if self._timeline is not None:
                os.write(self._timeline, json.dumps(line).encode() + b"\n")
        except OSError as problem:
            raise DeviceError(
                f"the speaker's file {self._settings.file} cannot be written: {problem.strerror}"
            ) from None

    def _write_header(self) -> None:
        assert self._file is not None, "a speaker that is not open"
        data_bytes = self._samples * SAMPLE_BYTES
        header = _HEADER.pack(
            *(b"RIFF", _HEADER.size - 8 + data_bytes, b"WAVE"),
            *(b"fmt ", 16, 1, 1, self.rate_hz, self.rate_hz * SAMPLE_BYTES, SAMPLE_BYTES, 8 * SAMPLE_BYTES),
            *(b"data", data_bytes),
        )
        os.pwrite(self._file, header, 0)


def _create(path: Path) -> int:
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    except OSError as problem:
        raise DeviceError(f"the speaker cannot write {path}: {problem.strerror}") from problem
