"""How loud speech was, and what lay between: a microphone that is turned down, or a room that is too loud."""

import math
from typing import Final

import numpy as np

FULL_SCALE: Final = 32_768
FLOOR_DBFS: Final = -100.0  # of digital silence: int16's own noise lies at -101


def dbfs(pcm: bytes) -> float:
    """The RMS level of some audio: int16, mono, any whole number of samples."""
    mean = _Mean()
    mean.add(pcm)
    return FLOOR_DBFS if mean.dbfs is None else mean.dbfs


class LevelMeter:
    """RMS levels of one utterance, in dB below a full-scale square wave."""

    def __init__(self) -> None:
        self._speech = _Mean()
        self._noise = _Mean()

    def frame(self, pcm: bytes, *, speaking: bool) -> None:
        """Takes the next audio: int16, mono, any whole number of samples."""
        (self._speech if speaking else self._noise).add(pcm)

    @property
    def speech_dbfs(self) -> float | None:
        """None when there was no speech."""
        return self._speech.dbfs

    @property
    def noise_dbfs(self) -> float | None:
        """Of all that was no speech; None when there was nothing but speech."""
        return self._noise.dbfs


class _Mean:
    def __init__(self) -> None:
        self._energy = 0.0
        self._samples = 0

    def add(self, pcm: bytes) -> None:
        samples = np.frombuffer(pcm, np.int16).astype(np.float64)
        self._energy += float(samples @ samples)
        self._samples += samples.size

    @property
    def dbfs(self) -> float | None:
        if not self._samples:
            return None
        power = self._energy / self._samples / FULL_SCALE**2
        return round(max(FLOOR_DBFS, 10 * math.log10(power)), 1) if power else FLOOR_DBFS
