"""What a satellite hears, whoever drives it: the microphone, without the speaker's echo, and the wake word in it."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from roomtone.backoff import Backoff
from roomtone.ears.base import WakeDetection, WakeEngine
from roomtone.ears.echo.clock import SampleClock
from roomtone.ears.echo.path import EchoPath
from roomtone.ears.formats import FRAME_BYTES, FRAME_SAMPLES, SAMPLES_PER_MS
from roomtone.ears.level import SURVEYED_MS, wake_levels
from roomtone.ears.ring import FrameRing
from roomtone.errors import DeviceError
from roomtone.satellite.events import WakeHeard
from roomtone_satellite.devices.base import Microphone

_LOGGER = logging.getLogger(__name__)

_SILENCE: Final = bytes(FRAME_BYTES)


@dataclass(frozen=True, slots=True)
class Heard:
    """One frame, 20 ms."""

    position: int  # of its first sample, since the microphone began
    frame: bytes
    wake: WakeHeard | None  # the wake word that it completes


class Ear:
    """Keeps the last moments, and hands each frame over. A microphone that fails is opened again."""

    def __init__(
        self,
        microphone: Microphone,
        wake: WakeEngine,
        echo: EchoPath | None,
        *,
        preroll_ms: int,
        on_heard: Callable[[Heard], None],
    ) -> None:
        self._microphone = microphone
        self._wake = wake
        self._echo = echo
        self._on_heard = on_heard
        self._ring = FrameRing(max(preroll_ms, SURVEYED_MS) * SAMPLES_PER_MS)
        self._clock = SampleClock()
        self._closed = False

    @property
    def position(self) -> int:
        """Where the next frame begins."""
        return self._ring.position

    @property
    def near(self) -> bool | None:
        """Whether the last frame was louder than an echo can be; None: nothing is known of that."""
        return None if self._echo is None else self._echo.near

    def attend(self, *, eager: bool) -> None:
        """How soon each frame is wanted: see `Microphone.eager`. One that nobody may hear is wanted at once, so that
        what was said until the ear opens again is thrown away and not handed over afterwards."""
        self._microphone.eager = eager or self._closed

    def close(self, *, closed: bool) -> None:
        """Closed, it hears nothing, and what it heard before is forgotten; what is counted in samples goes on."""
        if closed != self._closed:
            self._closed = closed
            self._ring.clear()
            self._wake.reset()

    def since(self, sample: int) -> list[tuple[int, bytes]]:
        """What is still held of the frames from this position on, each with its own."""
        return self._ring.since(sample)

    def heard_at(self, sample: int) -> float | None:
        """When the microphone heard it, on the loop's clock."""
        return self._clock.heard_at(sample)

    async def listen(self) -> None:
        """For ever. Raises DeviceError for a microphone that never worked."""
        backoff = Backoff()
        while True:
            begun = self._ring.position
            try:
                async with aclosing(self._microphone.frames()) as frames:
                    async for frame in frames:
                        self._hear(frame, asyncio.get_running_loop().time())
            except DeviceError as problem:
                if self._ring.position == 0:
                    raise
                if self._ring.position > begun:
                    backoff.reset()
                    _LOGGER.error("%s; trying again", problem)
                await asyncio.sleep(backoff.next_s())

    def _hear(self, frame: bytes, now: float) -> None:
        position = self._ring.position
        self._clock.arrived(position + FRAME_SAMPLES, now)
        if self._closed:
            self._ring.append(_SILENCE)
            if self._echo is not None:
                self._echo.pass_over(now)
            return
        if self._echo is not None:
            frame = self._echo.hear(frame, now)
        self._ring.append(frame)
        detection = self._wake.process(frame)
        self._on_heard(Heard(position, frame, None if detection is None else self._woken(detection)))

    def _woken(self, detection: WakeDetection) -> WakeHeard:
        _LOGGER.debug("heard %s, score %.2f", detection.name, detection.score)
        levels = wake_levels([frame for _, frame in self._ring.since(0)])
        return WakeHeard(
            detection.name, detection.phrase, detection.score, self._ring.position, levels.word_dbfs, levels.room_dbfs
        )
