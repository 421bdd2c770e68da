"""The satellite's own sounds, made when it starts: soft bells, a short one for each thing it has to say."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, get_args

from roomtone.satellite.events import Sound
from roomtone_satellite.settings import ChimeSettings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

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
    "invited": (_Note(0.0, _D5, 0.12), _Note(0.07, _A5, 0.16)),
    "done": (_Note(0.0, _A5, 0.12), _Note(0.07, _E5, 0.16)),
    "error": (_Note(0.0, _F4, 0.18), _Note(0.15, _D4, 0.28)),
    "timer": tuple(
        _Note(0.9 * ring + 0.14 * step, pitch, 0.3) for ring in range(3) for step, pitch in enumerate((_A4, _D5, _A5))
    ),
}


def chosen_chimes(chosen: ChimeSettings, rate_hz: int) -> dict[Sound, bytes]:
    """Those that are switched on: mono int16."""
    sounds: tuple[Sound, ...] = get_args(Sound)
    return {sound: render(sound, rate_hz, chosen.volume) for sound in sounds if getattr(chosen, sound)}


def render(sound: Sound, rate_hz: int, volume: float) -> bytes:
    """One chime: mono int16. `volume` is 0 to 1; two notes at once never clip."""
    import numpy as np

    notes = _SCORES[sound]
    mixed = np.zeros(round(max(note.at_s + note.length_s for note in notes) * rate_hz))
    for note in notes:
        first = round(note.at_s * rate_hz)
        bell = _bell(note, rate_hz)[: len(mixed) - first]
        mixed[first : first + len(bell)] += bell
    loudest = max(1.0, float(np.abs(mixed).max()))
    return bytes((_FULL_SCALE * volume / loudest * mixed).round().astype(np.int16).tobytes())


def _bell(note: _Note, rate_hz: int) -> "NDArray[np.float64]":
    import numpy as np

    t = np.arange(round(note.length_s * rate_hz)) / rate_hz
    edges = np.clip(np.minimum(t / _ATTACK_S, (note.length_s - t) / _RELEASE_S), 0.0, 1.0)
    tone = sum(loudness * np.sin(math.tau * note.pitch_hz * times * t) for times, loudness in _PARTIALS)
    return np.asarray(edges * np.exp(-4.0 * t / note.length_s) * tone)
