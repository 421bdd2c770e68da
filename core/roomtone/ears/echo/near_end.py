"""Is somebody near, or is all that is left the echo? Pure.

What a canceller leaves of an echo follows what was played: some dB below it, by how well the room is learnt and by what
the speaker distorts, and it dies away as the room rings. Whatever is much louder than that has another source.
"""

import math
from typing import Final

import numpy as np

# Less, and rooms that ring pause a reply for its own echo (bench/false_barge_ins.py); more, and a voice is noticed
# later (bench/onsets.py).
_ABOVE_DB: Final = 16.0
_RINGS_DB: Final = 0.8  # by so much a frame, at the slowest, the echo of what was played gets fainter
_WEIGHT: Final = 0.02  # of a frame in what is learnt of the echo
_DOUBTED: Final = 0.1  # the share of it when somebody seems to be near, but perhaps the room has changed
_LEARNT_FRAMES: Final = 50  # of echo; before that, it cannot be told from a voice
_AUDIBLE_DB: Final = 45.0  # above one step of 16 bits: what is played more softly teaches nothing
_NOISE_RISES_DB: Final = 0.05  # a frame: a fan that is switched on is soon a part of the room


class NearEnd:
    """Tells frames in which something near the microphone sounds from those that hold what is left of an echo."""

    def __init__(self) -> None:
        self._played_db = 0.0  # as loud as its echo still is, were nothing taken out
        self._left_db = 0.0  # of that, on average
        self._noise_db = math.inf
        self._learnt = 0  # frames

    def frame(self, left: bytes, played: bytes) -> bool:
        """Takes what is left of the microphone's 20 ms, and what the speaker played then (int16)."""
        left_db = power_db(left)
        self._played_db = max(power_db(played), self._played_db - _RINGS_DB)
        self._noise_db = min(left_db, self._noise_db + _NOISE_RISES_DB)
        near = self._learnt >= _LEARNT_FRAMES and left_db > self._expected_db() + _ABOVE_DB
        if self._played_db > _AUDIBLE_DB:
            self._learn(left_db - self._played_db, _DOUBTED if near else 1.0)
        return near

    def _expected_db(self) -> float:
        echo_db = self._played_db + self._left_db
        return 10 * math.log10(10 ** (echo_db / 10) + 10 ** (self._noise_db / 10))

    def _learn(self, left_db: float, trust: float) -> None:
        self._learnt += 1
        self._left_db += trust * max(_WEIGHT, 1 / self._learnt) * (left_db - self._left_db)


def power_db(frame: bytes) -> float:
    """How loud a piece of audio is (int16, one sample at least), above one step of 16 bits."""
    samples = np.frombuffer(frame, np.int16).astype(np.float64)
    return 10 * math.log10(float(samples @ samples) / samples.size + 1)
