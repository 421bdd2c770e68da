"""`roomtone satellite echo`: plays sweeps, listens, and says how late and how loud they come back, and what is left."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from roomtone.ears.echo.follower import Alignment
from roomtone.ears.echo.none import NoCanceller
from roomtone.ears.echo.path import EchoPath
from roomtone.ears.formats import FRAME_MS, SAMPLE_BYTES, SAMPLES_PER_MS
from roomtone.ears.level import LevelMeter
from roomtone_satellite.devices.base import BLOCK_MS, Microphone, Speaker
from roomtone_satellite.devices.choose import make_microphone, make_speaker
from roomtone_satellite.echo import TappedSpeaker, echo_path
from roomtone_satellite.settings import SatelliteSettings

QUIET_S: Final = 1.0  # before the sweeps: the room itself
SWEEPS: Final = 12
SWEEP_S: Final = 0.5
_JUDGED_FROM: Final = SWEEPS // 2  # until then the canceller learns
_SWEEP_HZ: Final = (150.0, 6_500.0)
_FADE_S: Final = 0.02
_PEAK: Final = 8_000  # a quarter of full scale: as loud as a reply


@dataclass(frozen=True, slots=True)
class EchoTrial:
    """What came of it. Levels in dB below a full-scale square wave."""

    alignment: Alignment | None  # None: no echo was heard
    quiet_dbfs: float
    echo_dbfs: float
    left_dbfs: float

    def report(self) -> str:
        """For people, one line or a few."""
        if self.alignment is None:
            return (
                f"No echo was heard: {self.echo_dbfs:.0f} dBFS while it played, {self.quiet_dbfs:.0f} before.\n"
                "Is the speaker on, and the microphone? Or does the microphone cancel echoes itself: then `echo: none`."
            )
        delay_ms, ppm = self.alignment.delay_samples / SAMPLES_PER_MS, self.alignment.drift * 1e6
        return (
            f"The echo comes {delay_ms:.1f} ms after its sound; the two clocks differ by {ppm:.0f} ppm.\n"
            f"It is {self.echo_dbfs:.0f} dBFS loud, in a room of {self.quiet_dbfs:.0f}; "
            f"{self.echo_dbfs - self.left_dbfs:.0f} dB of it are cancelled."
        )


@dataclass(slots=True)
class _Heard:
    quiet: LevelMeter = field(default_factory=LevelMeter)
    echo: LevelMeter = field(default_factory=LevelMeter)
    left: LevelMeter = field(default_factory=LevelMeter)


async def try_settings(settings: SatelliteSettings) -> EchoTrial:
    """Tries the echo between the devices that the settings name. Raises DeviceError, EngineMissing."""
    with echo_path(settings.echo) as chosen:
        return await try_echo(
            make_microphone(settings.microphone, asyncio.Event()),
            make_speaker(settings.speaker),
            chosen or EchoPath(NoCanceller()),
        )


async def try_echo(microphone: Microphone, speaker: Speaker, path: EchoPath) -> EchoTrial:
    """Takes seven seconds, aloud. Raises DeviceError."""
    tapped = TappedSpeaker(speaker, path)
    heard = _Heard()
    microphone.eager = True
    await tapped.open()
    try:
        async with aclosing(microphone.frames()) as frames, asyncio.TaskGroup() as tasks:
            await _listen(frames, path, QUIET_S, (heard.quiet,))
            playing = tasks.create_task(_play(tapped), name="sweeps")
            await _listen(frames, path, _JUDGED_FROM * SWEEP_S, ())
            await _listen(frames, path, (SWEEPS - _JUDGED_FROM) * SWEEP_S, (heard.echo, heard.left))
            await playing
    finally:
        await tapped.close()
    levels = [meter.noise_dbfs or 0.0 for meter in (heard.quiet, heard.echo, heard.left)]
    return EchoTrial(path.alignment if path.found else None, *levels)


async def _listen(
    frames: AsyncGenerator[bytes, None], path: EchoPath, seconds: float, meters: tuple[LevelMeter, ...]
) -> None:
    """Passes that much of the microphone on; what is heard is measured by the first meter, what is left by the last."""
    for _ in range(round(seconds * 1000 / FRAME_MS)):
        frame = await anext(frames)
        cleaned = path.hear(frame, asyncio.get_running_loop().time())
        for meter, audio in zip(meters, (frame, cleaned), strict=False):
            meter.frame(audio, speaking=False)


async def _play(speaker: Speaker) -> None:
    sound = np.tile(sweep(speaker.rate_hz), SWEEPS).tobytes()
    block_bytes = speaker.rate_hz * BLOCK_MS // 1000 * SAMPLE_BYTES
    for at in range(0, len(sound), block_bytes):
        await speaker.write(sound[at : at + block_bytes], None)
    await asyncio.sleep(speaker.pending() / speaker.rate_hz)


def sweep(rate_hz: int) -> NDArray[np.int16]:
    """A tone that rises through the octaves at an even pace: a chirp, which no other sound is mistaken for."""
    t = np.arange(round(SWEEP_S * rate_hz)) / rate_hz
    low_hz, high_hz = _SWEEP_HZ
    octaves = np.log(high_hz / low_hz)
    phase = 2 * np.pi * low_hz * SWEEP_S / octaves * np.expm1(t / SWEEP_S * octaves)
    edges = np.clip(np.minimum(t, SWEEP_S - t) / _FADE_S, 0.0, 1.0)
    return np.asarray(_PEAK * edges * np.sin(phase), np.int16)
