"""The satellite's own sounds, made when it starts: soft bells, a short one for each thing it has to say."""

import math
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from roomtone_satellite.events import Sound

_ATTACK_S: Final = 0.008  # shorter clicks
_RELEASE_S: Final = 0.03  # the end of a note fades to nothing, whatever is left of it
_PARTIALS: Final = ((1.0, 1.0), (2.0, 0.25), (3.0, 0.08))  # (times the pitch, loudness): a marimba's warmth
_FULL_SCALE: Final = 32_767


@dataclass(frozen=True, slots=True)
class _Note:
    at_s: float
    pitch_hz: float
    length_s: float


_D4, _F4, _A4, _D5, _E5, _A5 = 293.66, 349.23, 440.0, 587.33, 659.26, 880.0

_SCORES: Final[Mapping[Sound, tuple[_Note, ...]]] = {
    "awake": (_Note(0.0, _E5, 0.12), _Note(0.07, _A5, 0.16)),
    "done": (_Note(0.0, _A5, 0.12), _Note(0.07, _E5, 0.16)),
    "error": (_Note(0.0, _F4, 0.18), _Note(0.15, _D4, 0.28)),
    "timer": tuple(
        _Note(0.9 * ring + 0.14 * step, pitch, 0.3) for ring in range(3) for step, pitch in enumerate((_A4, _D5, _A5))
    ),
}


def render(sound: Sound, rate_hz: int, volume: float) -> bytes:
    """One chime: mono int16. `volume` is 0 to 1; two notes at once never clip."""
    notes = _SCORES[sound]
    mixed = [0.0] * round(max(note.at_s + note.length_s for note in notes) * rate_hz)
    for note in notes:
        first = round(note.at_s * rate_hz)
        for n in range(min(round(note.length_s * rate_hz), len(mixed) - first)):
            mixed[first + n] += _bell(note, n / rate_hz)
    loudest = max(1.0, *(abs(value) for value in mixed))
    return array("h", (round(_FULL_SCALE * volume * value / loudest) for value in mixed)).tobytes()


def _bell(note: _Note, t: float) -> float:
    decay = math.exp(-4.0 * t / note.length_s)
    edges = min(1.0, t / _ATTACK_S, (note.length_s - t) / _RELEASE_S)
    tone = sum(loudness * math.sin(math.tau * note.pitch_hz * times * t) for times, loudness in _PARTIALS)
    return max(0.0, edges) * decay * tone
