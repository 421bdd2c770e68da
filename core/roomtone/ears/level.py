"""How loud speech was, and the room without it: a microphone that is turned down, or a room that is too loud."""

import math
import statistics
from typing import Final

import numpy as np

FULL_SCALE: Final = 32_768
FLOOR_DBFS: Final = -100.0  # of digital silence: int16's own noise lies at -101


class LevelMeter:
    """Levels of one utterance, RMS, in dB below a full-scale square wave. Remembers one number per frame."""

    def __init__(self) -> None:
        self._speech: list[float] = []
        self._noise: list[float] = []

    def frame(self, pcm: bytes, *, speaking: bool) -> float:
        """Takes the next frame (int16, mono, one sample at least); how loud it is."""
        samples = np.frombuffer(pcm, np.int16).astype(np.float64)
        powers = self._speech if speaking else self._noise
        powers.append(float(samples @ samples) / samples.size / FULL_SCALE**2)
        return _dbfs(powers[-1])

    @property
    def speech_dbfs(self) -> float | None:
        """Of all speech together; None when there was none."""
        return _dbfs(statistics.fmean(self._speech)) if self._speech else None

    @property
    def noise_dbfs(self) -> float | None:
        """Of the median frame without speech, since the first frames of speech come before it is found to be some; None
        when there was nothing but speech."""
        return _dbfs(statistics.median(self._noise)) if self._noise else None


def _dbfs(power: float) -> float:
    return round(max(FLOOR_DBFS, 10 * math.log10(power)), 1) if power else FLOOR_DBFS
