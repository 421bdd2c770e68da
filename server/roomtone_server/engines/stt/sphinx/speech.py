"""Where the speech lies in an utterance, by loudness alone.

The recogniser normalises by the mean of what it is given: a click or a hum before the first word ruins it, and so does
a cut too close to the words. The thresholds were chosen on recorded commands: see bench/recogniser.py.
"""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES

STEP_MS: Final = 10
STEP: Final = RATE_HZ * STEP_MS // 1000
SMOOTHED_STEPS: Final = 5  # a click is shorter than a syllable
LOUDEST_STEPS: Final = 12  # the level that a short word reaches, and a click does not
QUIET_SHARE: Final = 0.1
MIN_CONTRAST_DB: Final = 6.0
LOUD_FROM: Final = 0.5  # of the way from the room's level to the speech's, in dB

PAUSE_MS: Final = 250  # a shorter silence lies inside a sentence
MIN_SPEECH_MS: Final = 120  # no word is shorter, and most clicks are
SHORT_MS: Final = 350  # a shorter sound that stands alone in front may be no speech
ROOM_BEFORE_MS: Final = 250
ROOM_AFTER_MS: Final = 500

ROOM_LEVEL: Final = 8.0  # standard deviation, of 32,768: -72 dBFS, below what any microphone hears
ROOM_SECONDS: Final = 4  # then it repeats


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of an utterance, in ms from its start."""

    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms

    def of(self, pcm: bytes) -> bytes:
        per_ms = RATE_HZ * SAMPLE_BYTES // 1000
        return pcm[self.start_ms * per_ms : self.end_ms * per_ms]

    def nearly(self, other: "Stretch", tolerance_ms: int) -> bool:
        return max(abs(self.start_ms - other.start_ms), abs(self.end_ms - other.end_ms)) <= tolerance_ms


def length_ms(pcm: bytes | bytearray) -> int:
    """Of int16, mono, 16 kHz."""
    return len(pcm) * 1000 // (RATE_HZ * SAMPLE_BYTES)


def sounds(pcm: bytes, loud_from: float = LOUD_FROM) -> list[Stretch]:
    """The loud parts of an utterance (int16, mono, 16 kHz), joined across short pauses; none in mere noise."""
    levels = _levels_db(pcm)
    if len(levels) <= LOUDEST_STEPS:
        return []
    floor = np.quantile(levels, QUIET_SHARE)
    peak = np.sort(levels)[-LOUDEST_STEPS]
    if peak - floor < MIN_CONTRAST_DB:
        return []
    found: list[Stretch] = []
    for step in np.flatnonzero(levels > floor + loud_from * (peak - floor)).tolist():
        start_ms = step * STEP_MS
        if found and start_ms - found[-1].end_ms < PAUSE_MS:
            start_ms = found.pop().start_ms
        found.append(Stretch(start_ms, (step + 1) * STEP_MS))
    return found


def utterances(pcm: bytes, lead_ms: int) -> list[Stretch]:
    """What to recognise, the likeliest first; none when nothing sounds like speech.

    In front of the command may stand what is no part of it: the rest of a wake word, which ends within `lead_ms`, a
    chime, a click. A sound that stands alone there is left out first, and taken in again by the later stretches, for
    someone who says "stop", waits, and says "the timer".
    """
    found = sounds(pcm)
    if sum(sound.length_ms for sound in found) < MIN_SPEECH_MS:
        return []
    first = 0
    while first < len(found) - 1 and (found[first].length_ms < SHORT_MS or found[first].end_ms <= lead_ms):
        first += 1
    end_ms = min(length_ms(pcm), found[-1].end_ms + ROOM_AFTER_MS)
    starts: Sequence[Stretch] = found[first::-1]
    return [Stretch(max(0, start.start_ms - ROOM_BEFORE_MS), end_ms) for start in starts]


def _levels_db(pcm: bytes) -> npt.NDArray[np.float64]:
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    steps = samples[: len(samples) // STEP * STEP].reshape(-1, STEP)
    if not len(steps):
        return np.empty(0)
    levels = 20 * np.log10(np.sqrt((steps**2).mean(axis=1)) + 1)
    edges = SMOOTHED_STEPS // 2
    window = np.full(SMOOTHED_STEPS, 1 / SMOOTHED_STEPS)
    return np.convolve(np.pad(levels, edges, mode="edge"), window, "valid")


def in_a_room(pcm: bytes, before: int = 0) -> bytes:
    """The audio, so many samples `before` it, with the noise of a very quiet room, always the same. Digital silence,
    as noise gates and synthetic voices have it, is like nothing that the model was trained on, and pulls the cepstral
    mean away from the speech."""
    samples = np.frombuffer(pcm, np.int16)
    noisy = samples + _room().take(np.arange(before, before + samples.size), mode="wrap")
    return np.clip(np.rint(noisy), -32_768, 32_767).astype(np.int16).tobytes()


@functools.cache
def _room() -> npt.NDArray[np.float64]:
    return np.random.default_rng(1).normal(0, ROOM_LEVEL, ROOM_SECONDS * RATE_HZ)
