"""A microphone on trial: for some seconds, or until it hears a wake word."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from roomtone.ears.base import WakeDetection, WakeEngine
from roomtone.ears.formats import FRAME_MS
from roomtone.ears.level import SURVEYED_MS, LevelMeter, WakeLevels, wake_levels
from roomtone_satellite.devices.base import Microphone
from roomtone_satellite.devices.choose import MicrophoneSettings, make_microphone
from roomtone_satellite.setup.levels import Hearing, hearing

_SHOWN_EACH: Final = 5  # frames: ten times a second
_SETTLES_FRAMES: Final = 10  # a card that is switched on clicks


@dataclass(frozen=True, slots=True)
class HeardWord:
    detection: WakeDetection
    levels: WakeLevels

    @override
    def __str__(self) -> str:
        loud = f"{self.levels.word_dbfs:.0f} dBFS in a room of {self.levels.room_dbfs:.0f}"
        return f'"{self.detection.phrase}", {self.detection.score:.0%} sure, {loud}'


def microphone_on_trial(settings: MicrophoneSettings) -> Microphone:
    """What the settings name, as if there were a server. Raises DeviceError."""
    connected = asyncio.Event()
    connected.set()
    return make_microphone(settings, connected)


async def listen(microphone: Microphone, seconds: float, show: Callable[[float], None]) -> Hearing:
    """How well it hears in that time; `show` gets the level in dBFS ten times a second. Raises DeviceError."""
    meter, levels = LevelMeter(), list[float]()
    microphone.eager = True
    frames_wanted = _SETTLES_FRAMES + round(seconds * 1000 / FRAME_MS)
    async with aclosing(microphone.frames()) as frames:
        async for frame in frames:
            levels.append(meter.frame(frame, speaking=False))
            if len(levels) % _SHOWN_EACH == 0:
                show(max(levels[-_SHOWN_EACH:]))
            if len(levels) == frames_wanted:
                break
    return hearing(levels[_SETTLES_FRAMES:])


async def try_word(microphone: Microphone, wake: WakeEngine, seconds: float) -> HeardWord | None:
    """The first wake word that is heard, or None when none is, in so many seconds of audio. Raises DeviceError."""
    recent: deque[bytes] = deque(maxlen=SURVEYED_MS // FRAME_MS)
    microphone.eager = True
    frames_left = round(seconds * 1000 / FRAME_MS)
    async with aclosing(microphone.frames()) as frames:
        async for frame in frames:
            recent.append(frame)
            if detection := wake.process(frame):
                return HeardWord(detection, wake_levels(list(recent)))
            frames_left -= 1
            if not frames_left:
                break
    return None
