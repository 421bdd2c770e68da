"""No device at all: a microphone that hears digital silence, a speaker that nobody hears. Both keep real time."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Literal

from pydantic import Field

from roomtone.ears.formats import FRAME_BYTES, FRAME_MS
from roomtone.settings import Settings
from roomtone_satellite.devices.base import IDLE_FRAMES, Microphone
from roomtone_satellite.devices.pacing import PlaybackClock

SILENCE = bytes(FRAME_BYTES)


class NullMicrophoneSettings(Settings):
    device: Literal["null"] = "null"


class NullSpeakerSettings(Settings):
    device: Literal["null"] = "null"
    rate_hz: int = Field(default=22_050, ge=8_000, le=192_000)


async def pace(first_at: float, microphone: Microphone) -> AsyncGenerator[int, None]:
    """Counts frames when they are over, as eagerly as the microphone is to be: frame 0 lasts from `first_at`, in the
    loop's time, for 20 ms. It never drifts; after a pause of the process it catches up at once."""
    loop = asyncio.get_running_loop()
    over = 0
    while True:
        handed_over = over
        over += 1 if microphone.eager else IDLE_FRAMES
        await asyncio.sleep(max(0.0, first_at + over * FRAME_MS / 1000 - loop.time()))
        for frame in range(handed_over, over):
            yield frame


class NullMicrophone:
    def __init__(self) -> None:
        self.eager = False

    async def frames(self) -> AsyncGenerator[bytes, None]:
        async with aclosing(pace(asyncio.get_running_loop().time(), self)) as ticks:
            async for _ in ticks:
                yield SILENCE


class NullSpeaker:
    def __init__(self, settings: NullSpeakerSettings) -> None:
        self.rate_hz = settings.rate_hz
        self._clock = PlaybackClock(self.rate_hz)

    async def open(self) -> None:
        pass

    async def write(self, pcm: bytes, turn: int | None) -> None:  # noqa: ARG002 - the Protocol's signature
        loop = asyncio.get_running_loop()
        self._clock.accept(len(pcm) // 2, loop.time())
        await asyncio.sleep(max(0.0, self._clock.silent_at - loop.time()))

    def pending(self) -> int:
        return self._clock.pending(asyncio.get_running_loop().time())

    def place(self) -> int | None:
        return self._clock.place(asyncio.get_running_loop().time())

    def flush(self) -> int:
        return self._clock.flush(asyncio.get_running_loop().time())

    async def close(self) -> None:
        pass
