"""What Home Assistant tells a satellite that we present: announcements, and timers that were set there. Pure."""

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field
from wyoming.event import Event

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone.ears.resample import to_mono
from roomtone_server.ports.plain import MAX_CHANNELS, Name, Sound, SoundEnded, Vocabulary
from roomtone_server.runtime.recording import Recording

_LOGGER = logging.getLogger(__name__)

# Guards memory: three minutes at 22.05 kHz, which is what Home Assistant sends. What is beyond is not played.
MAX_ANNOUNCEMENT_BYTES: Final = 8 * 1024 * 1024
MAX_TIMERS: Final = 100  # guards memory: whoever may announce can start as many as it likes
_LONGEST_S: Final = 366 * 24 * 3600


@dataclass(frozen=True, slots=True)
class _Begins:
    TYPE: ClassVar[str] = "audio-start"
    rate: Annotated[int, Field(ge=8_000, le=96_000)]
    width: Literal[2]
    channels: Annotated[int, Field(ge=1, le=MAX_CHANNELS)]


@dataclass(frozen=True, slots=True)
class _TimerStarted:
    TYPE: ClassVar[str] = "timer-started"
    id: Name
    total_seconds: Annotated[int, Field(ge=0, le=_LONGEST_S)]
    name: Name = ""


@dataclass(frozen=True, slots=True)
class _TimerUpdated:
    """It was paused, resumed, or changed in length."""

    TYPE: ClassVar[str] = "timer-updated"
    id: Name


@dataclass(frozen=True, slots=True)
class _TimerCancelled:
    TYPE: ClassVar[str] = "timer-cancelled"
    id: Name


@dataclass(frozen=True, slots=True)
class _TimerFinished:
    TYPE: ClassVar[str] = "timer-finished"
    id: Name


_Word = _Begins | Sound | SoundEnded | _TimerStarted | _TimerUpdated | _TimerCancelled | _TimerFinished

_WORDS: Final = Vocabulary[_Word](
    _Begins, Sound, SoundEnded, _TimerStarted, _TimerUpdated, _TimerCancelled, _TimerFinished
)


@dataclass(frozen=True, slots=True)
class TimerDone:
    name: str = ""  # empty: it has none, or is not known here
    set_s: int = 0  # how long it was set for; 0: not known


class Driver:
    """One connection of Home Assistant's."""

    def __init__(self) -> None:
        self._rate_hz = 0  # of the announcement that comes; 0: none
        self._pcm = bytearray()
        self._timers: OrderedDict[str, TimerDone] = OrderedDict()

    def take(self, event: Event) -> Recording | TimerDone | None:
        """What is to be played now, if anything. Raises FrameError for an event that is not as it should be."""
        match _WORDS.parse(event):
            case _Begins(rate_hz):
                self._rate_hz = rate_hz
                self._pcm.clear()
            case Sound() as sound:
                self._keep(sound)
            case SoundEnded():
                return self._announcement()
            case _TimerStarted(id_, seconds, name):
                self._timers[id_] = TimerDone(name, seconds)
                while len(self._timers) > MAX_TIMERS:
                    self._timers.popitem(last=False)
            case _TimerCancelled(id_):
                self._timers.pop(id_, None)
            case _TimerFinished(id_):
                return self._timers.pop(id_, TimerDone())
            case _:
                pass
        return None

    def _keep(self, sound: Sound) -> None:
        if sound.rate != self._rate_hz:
            return  # nobody has announced it
        pcm = to_mono(sound.pcm, sound.channels)
        room = MAX_ANNOUNCEMENT_BYTES - len(self._pcm)
        if room >= SAMPLE_BYTES and len(pcm) > room:
            _LOGGER.warning(
                "an announcement is longer than %d MiB; its end is not played", MAX_ANNOUNCEMENT_BYTES >> 20
            )
        self._pcm += pcm[:room]

    def _announcement(self) -> Recording | None:
        rate_hz, pcm = self._rate_hz, bytes(self._pcm)
        self._rate_hz = 0
        self._pcm.clear()
        return Recording(pcm, rate_hz) if pcm else None
