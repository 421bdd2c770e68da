"""How loud speech was, and the room without it: a microphone that is turned down, or a room that is too loud. And how
sound is made softer, or louder.
"""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

FULL_SCALE: Final = 32_768
FLOOR_DBFS: Final = -100.0  # of digital silence: int16's own noise lies at -101

# Of audio before a wake word's detection, to measure it by: people pause within that.
SURVEYED_MS: Final = 3_000
# The word is among the last of it: detected at most 0.45 s after its end, and some 0.7 s long.
WORD_FRAMES: Final = 60
LOUDEST: Final = 1 / 3  # of these frames: its vowels, which stand out of a noisy room too
QUIETEST: Final = 0.2  # of all frames, at the latest between words: the room

# Far-field recordings that are understood have speech at -39 to -9 dBFS (RMS): below this a microphone is turned down.
LOW_SPEECH_DBFS: Final = -45.0
# A quiet room at night is at about -66 dBFS: what is fainter is a muted microphone, or none.
LOW_ROOM_DBFS: Final = -75.0
# Recordings in the noisiest of rooms have speech 7 dB above the noise.
NOISY_DB: Final = 6.0
# Of speech that a machine made: what is fainter before it can be cut away without a click.
FAINT_DBFS: Final = -60.0


@dataclass(frozen=True, slots=True)
class WakeLevels:
    """In dB below a full-scale square wave."""

    word_dbfs: float
    room_dbfs: float


def wake_levels(frames: Sequence[bytes]) -> WakeLevels:
    """How loud a wake word was, and the room around it, by the frames (int16, mono, 20 ms each; one at least) up to its
    detection, best SURVEYED_MS of them."""
    powers = sorted(_power(frame) for frame in frames)
    word = sorted(_power(frame) for frame in frames[-WORD_FRAMES:])
    vowels = word[-max(1, round(len(word) * LOUDEST)) :]
    return WakeLevels(_told_dbfs(statistics.fmean(vowels)), _told_dbfs(powers[int(len(powers) * QUIETEST)]))


def snr_db(word_dbfs: float | None, room_dbfs: float | None) -> float | None:
    """How far a wake word stood out of the room; None where either was not measured."""
    return None if word_dbfs is None or room_dbfs is None else word_dbfs - room_dbfs


class LevelMeter:
    """Levels of one utterance, RMS, in dB below a full-scale square wave. Remembers one number per frame."""

    def __init__(self) -> None:
        self._speech: list[float] = []
        self._noise: list[float] = []

    def frame(self, pcm: bytes, *, speaking: bool) -> float:
        """Takes the next frame (int16, mono, one sample at least); how loud it is."""
        powers = self._speech if speaking else self._noise
        powers.append(_power(pcm))
        return _dbfs(powers[-1])

    @property
    def speech_dbfs(self) -> float | None:
        """Of all speech together; None when there was none."""
        return _told_dbfs(statistics.fmean(self._speech)) if self._speech else None

    @property
    def noise_dbfs(self) -> float | None:
        """Of the median frame without speech, since the first frames of speech come before it is found to be some; None
        when there was nothing but speech."""
        return _told_dbfs(statistics.median(self._noise)) if self._noise else None


def amplified(pcm: bytes, gain: float) -> bytes:
    """Samples (int16, any number and channels) times `gain`; what would be too loud is as loud as can be."""
    if gain == 1:
        return pcm
    samples = np.frombuffer(pcm, np.int16) * np.float32(gain)
    return samples.round().clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16).tobytes()


def amplitude(dbfs: float) -> float:
    """Of a square wave (int16) at a level, and what samples at that level stay below."""
    return float(FULL_SCALE * 10 ** (dbfs / 20))


def louder(samples: npt.NDArray[np.int16], dbfs: float) -> npt.NDArray[np.bool_]:
    """Which samples are beyond a level."""
    beyond: npt.NDArray[np.bool_] = np.abs(samples.astype(np.int32)) > amplitude(dbfs)
    return beyond


def without_lead_in(pcm: bytes) -> bytes:
    """Samples (int16, mono, any number) from the first on that can be heard; all of them, where none can."""
    heard = louder(np.frombuffer(pcm, np.int16), FAINT_DBFS)
    return pcm[2 * int(heard.argmax()) :] if heard.any() else pcm


def _power(pcm: bytes) -> float:
    samples = np.frombuffer(pcm, np.int16).astype(np.float64)
    return float(samples.dot(samples)) / (len(samples) * FULL_SCALE**2)  # for a frame, `@` takes twice as long


def _dbfs(power: float) -> float:
    return max(FLOOR_DBFS, 10 * math.log10(power)) if power else FLOOR_DBFS


def _told_dbfs(power: float) -> float:
    return round(_dbfs(power), 1)
