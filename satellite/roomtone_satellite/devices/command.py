"""Any program that writes or reads raw audio as a device: `arecord`, `aplay`, `ffmpeg`, `ssh ... arecord`."""

import asyncio
import shlex
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final, Literal

from pydantic import Field

from roomtone.ears.formats import FRAME_MS, RATE_HZ, SAMPLE_BYTES
from roomtone.ears.resample import Framer, Resampler
from roomtone.errors import DeviceError
from roomtone.settings import Settings
from roomtone_satellite import programs
from roomtone_satellite.devices.base import IDLE_FRAMES
from roomtone_satellite.devices.pacing import PlaybackClock

ARECORD: Final = "arecord -q -t raw -f S16_LE -c 1 -r {rate_hz}"
APLAY: Final = "aplay -q -t raw -f S16_LE -c 1 -r {rate_hz} --buffer-time=60000"

_AHEAD_S: Final = 0.04  # in the pipe and beyond the device's own buffer; it still sounds after a flush
_EXIT_S: Final = 2.0  # a program that has closed its pipe tells its exit status within this
_WRITE_S: Final = 2.0  # a program that reads nothing for so long is stuck


class CommandMicrophoneSettings(Settings):
    device: Literal["command"]
    command: str = Field(default=ARECORD, min_length=1)  # writes mono int16 at rate_hz to its standard output
    rate_hz: int = Field(default=RATE_HZ, ge=8_000, le=192_000)


class CommandSpeakerSettings(Settings):
    device: Literal["command"]
    command: str = Field(default=APLAY, min_length=1)  # reads mono int16 at rate_hz from its standard input
    rate_hz: int = Field(default=22_050, ge=8_000, le=192_000)


class CommandMicrophone:
    def __init__(self, settings: CommandMicrophoneSettings) -> None:
        self.eager = False
        self._settings = settings

    async def frames(self) -> AsyncGenerator[bytes, None]:
        rate_hz = self._settings.rate_hz
        resampler, framer = Resampler(rate_hz, RATE_HZ), Framer()
        block_bytes = rate_hz * FRAME_MS // 1000 * SAMPLE_BYTES
        process = await _start("microphone", self._settings.command, rate_hz, stdin=DEVNULL, stdout=PIPE)
        assert process.stdout is not None
        try:
            while True:
                try:
                    block = await process.stdout.readexactly(block_bytes * (1 if self.eager else IDLE_FRAMES))
                except asyncio.IncompleteReadError:
                    raise await _died("microphone", self._settings.command, process) from None
                for frame in framer.process(resampler.process(block)):
                    yield frame
        finally:
            await programs.end(process)


class CommandSpeaker:
    """Paces what it writes, so that little waits in the pipe when silence is wanted."""

    def __init__(self, settings: CommandSpeakerSettings) -> None:
        self.rate_hz = settings.rate_hz
        self._settings = settings
        self._clock = PlaybackClock(self.rate_hz)
        self._process: Process | None = None

    async def open(self) -> None:
        await self.close()
        self._process = await _start("speaker", self._settings.command, self.rate_hz, stdin=PIPE, stdout=DEVNULL)

    async def write(self, pcm: bytes, turn: int | None) -> None:  # noqa: ARG002 - the Protocol's signature
        assert self._process is not None, "a speaker that is not open"
        assert self._process.stdin is not None
        loop = asyncio.get_running_loop()
        if self._process.returncode is not None:
            raise await _died("speaker", self._settings.command, self._process)
        try:
            self._process.stdin.write(pcm)
            async with asyncio.timeout(_WRITE_S):
                await self._process.stdin.drain()
        except ConnectionError:
            raise await _died("speaker", self._settings.command, self._process) from None
        except TimeoutError:
            raise DeviceError(f"{_named('speaker', self._settings.command)} takes no audio: it is stuck") from None
        self._clock.accept(len(pcm) // SAMPLE_BYTES, loop.time())
        await asyncio.sleep(max(0.0, self._clock.silent_at - _AHEAD_S - loop.time()))

    def pending(self) -> int:
        return self._clock.pending(asyncio.get_running_loop().time())

    def place(self) -> int | None:
        return None

    def flush(self) -> int:
        """Nothing: what the program has taken will sound."""
        return 0

    async def close(self) -> None:
        if self._process is not None:
            process, self._process = self._process, None
            await programs.end(process)


async def _start(role: str, command: str, rate_hz: int, *, stdin: int, stdout: int) -> Process:
    argv = split(role, command, rate_hz)
    try:
        return await programs.start(argv, stdin=stdin, stdout=stdout)
    except OSError as problem:
        raise DeviceError(
            f"{_named(role, command)} cannot be started: {problem.strerror}; install it, or choose another device"
        ) from problem


def split(role: str, command: str, rate_hz: int) -> list[str]:
    """The words of a command line, `{rate_hz}` filled in; no shell sees it. Raises DeviceError."""
    try:
        argv = [word.replace("{rate_hz}", str(rate_hz)) for word in shlex.split(command)]
    except ValueError as problem:
        raise DeviceError(f"the {role}'s command line is malformed: {problem}") from problem
    if not argv:
        raise DeviceError(f"the {role}'s command line is empty")
    return argv


async def _died(role: str, command: str, process: Process) -> DeviceError:
    with suppress(TimeoutError):
        async with asyncio.timeout(_EXIT_S):
            await process.wait()
    how = "closed its pipe" if process.returncode is None else f"ended with status {process.returncode}"
    return DeviceError(f"{_named(role, command)} {how}: what it said of it stands above; try it in a terminal")


def _named(role: str, command: str) -> str:
    return f"the {role}'s program {command.split(maxsplit=1)[0]!r}"
