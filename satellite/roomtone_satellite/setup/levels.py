"""How well a microphone hears its room: a bar for the eye, and what to do about it. Pure.

Levels are RMS of 20 ms, in dB below a full-scale square wave.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from roomtone.ears.level import LOW_ROOM_DBFS, LOW_SPEECH_DBFS, NOISY_DB, QUIETEST

BAR_CHARACTERS: Final = 40
_BAR_FROM_DBFS: Final = -80.0
_VOICE: Final = 0.95  # of the levels, from the least: among the loudest, but for a click
_OVERDRIVEN_DBFS: Final = -3.0  # a sine that fills the scale has this: a voice then does not fit


@dataclass(frozen=True, slots=True)
class Hearing:
    """Of some seconds in which somebody spoke."""

    voice_dbfs: float
    room_dbfs: float

    @property
    def trouble(self) -> str | None:
        """What is wrong, and what to do; None: it hears well."""
        if self.voice_dbfs < LOW_ROOM_DBFS:
            return "it hears nothing: it is muted, or the wrong one"
        if self.voice_dbfs < LOW_SPEECH_DBFS:
            return "your voice is faint: turn the microphone up (alsamixer, F4), or come nearer"
        if self.voice_dbfs > _OVERDRIVEN_DBFS:
            return "your voice is too loud for it: turn it down (alsamixer, F4)"
        if self.voice_dbfs - self.room_dbfs < NOISY_DB:
            return "no voice stands out: nobody spoke, or it stands beside something that hums"
        return None

    @override
    def __str__(self) -> str:
        measured = f"your voice at {self.voice_dbfs:.0f} dBFS, the room at {self.room_dbfs:.0f}"
        return f"{measured}: {self.trouble or 'good'}"


def hearing(levels_dbfs: Sequence[float]) -> Hearing:
    """From one level at least, in any order."""
    ordered = sorted(levels_dbfs)
    return Hearing(ordered[int(len(ordered) * _VOICE)], ordered[int(len(ordered) * QUIETEST)])


def bar(level_dbfs: float) -> str:
    """Of constant width, from silence to full scale: `[######|----]`, where `|` is what a voice should reach."""
    marks = ["-"] * BAR_CHARACTERS
    marks[: _column(level_dbfs)] = "#" * _column(level_dbfs)
    marks[_column(LOW_SPEECH_DBFS)] = "|"
    return f"[{''.join(marks)}]"


def _column(level_dbfs: float) -> int:
    share = 1 - max(level_dbfs, _BAR_FROM_DBFS) / _BAR_FROM_DBFS
    return round(min(share, 1.0) * BAR_CHARACTERS)
