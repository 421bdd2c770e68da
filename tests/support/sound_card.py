"""A sound card without hardware: PulseAudio's null sinks, which PortAudio finds through ALSA as the only card there is.

What is played into the sink `air` reaches the microphone; what the speaker plays is heard on `speaker.monitor`.
"""

import asyncio
import functools
import importlib.util
import subprocess
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec

import numpy as np
import pytest

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone_server.bench.programs import until
from roomtone_server.bench.sound_server import DEADLINE_S, SoundServer, missing, sound_server

_SILENCE = 50  # of 32,768; where nothing plays, this card gives zeros
_BLOCK = RATE_HZ // 200
_WINDOW = RATE_HZ // 50
_STRETCH = 6  # windows

_ALSA = "pcm.default.type pulse\nctl.default.type pulse\n"
_MODULES = (
    "module-null-sink sink_name=speaker",
    "module-null-sink sink_name=air",
    "module-remap-source source_name=mic master=air.monitor",
)


P = ParamSpec("P")

MAY_FAIL_ONCE = "once more"  # in the settings of pytest this warning is no error, but told


def once_more(test: Callable[P, Awaitable[None]]) -> Callable[P, Awaitable[None]]:
    """A test that may fail once: a card without hardware loses audio when a busy machine stands still for a moment."""

    @functools.wraps(test)
    async def perhaps_twice(*arguments: P.args, **named: P.kwargs) -> None:
        try:
            await test(*arguments, **named)
        except AssertionError as problem:
            warnings.warn(f"{MAY_FAIL_ONCE}: {problem}", stacklevel=2)
        else:
            return
        await test(*arguments, **named)

    return perhaps_twice


@dataclass(frozen=True)
class SoundCard:
    server: SoundServer

    @property
    def environment(self) -> Mapping[str, str]:
        """It leads whoever has it to this card, and to no other."""
        return self.server.environment

    @asynccontextmanager
    async def playing(self, wav: Path) -> AsyncIterator[None]:
        """The file is played into the air; it breaks off at the end."""
        async with self.server.running("paplay", "--device=air", str(wav)):
            yield

    async def listened_to(self) -> None:
        """Returns when somebody has opened the microphone."""

        async def running() -> bool | None:
            command = ("pactl", "list", "short", "sources")
            async with self.server.running(*command, stdout=subprocess.PIPE) as pactl:
                sources, _ = await pactl.communicate()
            states = {columns[1]: columns[-1] for columns in map(str.split, sources.decode().splitlines())}
            return states["mic"] == "RUNNING" or None

        await until("the microphone is opened", running, DEADLINE_S, [])

    async def echo(self, percent: int) -> None:
        """From now on what the speaker plays is in the air too, so loud."""
        loopback = ("module-loopback", "source=speaker.monitor", "sink=air", "latency_msec=60", "sink_dont_move=true")
        await self.server.control("load-module", *loopback)
        await self.server.control("set-sink-input-volume", "0", f"{percent}%")  # nobody else plays yet

    @asynccontextmanager
    async def recording(self, raw: Path) -> AsyncIterator["Recording"]:
        """What sounds on the speaker meanwhile, silence included."""
        audio = ("--raw", "--format=s16le", f"--rate={RATE_HZ}", "--channels=1", "--latency-msec=50")
        command = ("parec", "--device=speaker.monitor", *audio, str(raw))
        async with self.server.running(*command) as recorder:
            recording = Recording(raw, recorder)
            await recording.grow(0)
            yield recording


@dataclass(frozen=True)
class Recording:
    """int16, mono, 16 kHz, in a file that grows."""

    raw: Path
    recorder: asyncio.subprocess.Process

    @property
    def samples(self) -> int:
        return self.raw.stat().st_size // SAMPLE_BYTES if self.raw.exists() else 0

    def since(self, first_sample: int) -> np.ndarray:
        return np.frombuffer(self.raw.read_bytes()[: self.samples * SAMPLE_BYTES], np.int16)[first_sample:]

    async def grow(self, seconds: float) -> None:
        """Returns when so much more has been heard."""
        enough = self.samples + round(seconds * RATE_HZ)

        async def heard() -> bool | None:
            assert self.recorder.returncode is None, "nobody records any more"
            return self.samples > enough or None

        await until("the speaker is heard", heard, DEADLINE_S, [])


def sounds(recorded: np.ndarray, pause_s: float) -> list[np.ndarray]:
    """What sounded, cut where nothing did for so long."""
    audible = np.flatnonzero(np.abs(recorded.astype(np.int32)) > _SILENCE)
    pieces = np.split(audible, np.flatnonzero(np.diff(audible) > pause_s * RATE_HZ) + 1)
    return [recorded[piece[0] : piece[-1] + 1] for piece in pieces if piece.size]


def unlikeness(heard: np.ndarray, expected: np.ndarray) -> float:
    """How far the loudness of one is from that of the other, when both may be stretched by up to 0.12 s: 0 is the same,
    and it is infinite when that is not enough. Silences are left out: on a busy machine a card runs dry for a moment.

    A reply that is spoken twice flutters: 0.00 to 0.04, and up to 0.12 when 70 ms of it are lost. Its like in noise, in
    a tone or backwards: from 0.10 on, mostly above 0.2.
    """
    first, second = _loudness(heard), _loudness(expected)
    least = np.full((first.size + 1, second.size + 1), np.inf)
    least[0, 0] = 0
    for i, one in enumerate(first):
        for j in range(max(0, i - _STRETCH), min(second.size, i + _STRETCH + 1)):
            least[i + 1, j + 1] = abs(one - second[j]) + min(least[i, j], least[i, j + 1], least[i + 1, j])
    return float(least[-1, -1] / (first.sum() + second.sum()))


def _loudness(sound: np.ndarray) -> np.ndarray:
    """Of each window of what can be heard, the mean being 1."""
    dense = _dense(sound)
    windows = dense[: dense.size // _WINDOW * _WINDOW].reshape(-1, _WINDOW)
    loudness = np.sqrt(np.mean(np.square(windows), axis=1))
    return loudness / loudness.mean()


def _dense(sound: np.ndarray) -> np.ndarray:
    blocks = sound[: sound.size // _BLOCK * _BLOCK].astype(np.float64).reshape(-1, _BLOCK)
    return blocks[np.abs(blocks).max(axis=1) > _SILENCE].ravel()


@asynccontextmanager
async def sound_card(folder: Path) -> AsyncIterator[SoundCard]:
    """A sound server of its own, with its socket in the folder (whose path must be short). Skips the test where it
    cannot be had."""
    if without := missing() or _without_pyaudio():
        pytest.skip(f"no sound card to be had: {without}")
    async with sound_server(folder, _ALSA, _MODULES) as server:
        yield SoundCard(server)


def _without_pyaudio() -> str | None:
    if importlib.util.find_spec("pyaudio") is None:
        return "PyAudio is not installed; on Debian: apt install gcc python3-dev portaudio19-dev, then make test"
    return None
