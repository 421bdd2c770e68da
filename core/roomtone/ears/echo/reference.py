"""What the speaker plays, laid on the microphone's sample clock, so that it can be read as the microphone hears it.

Pure: positions are samples of the microphone at 16 kHz since its stream began, and may lie between two of them.
"""

import math
from typing import Any, Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from roomtone.ears.formats import RATE_HZ, SAMPLES_PER_MS

Samples = NDArray[np.float32]

HISTORY_MS: Final = 2_000  # a microphone that nobody waits for hands its frames over late; an echo comes later still
BRIDGED_MS: Final = 30.0  # what speakers tell of their time is this coarse: a smaller gap is none
_HALF_TAPS: Final = 8  # at the lower of the two rates; 80 dB with the window below
_KAISER_BETA: Final = 8.0
_PHASES: Final = 256  # of the interpolation between two samples: its error lies 50 dB below the sound


class Reference:
    """The last two seconds of a speaker. Between sounds it is silent, and so is all that is not known yet."""

    def __init__(self, rate_hz: int) -> None:
        """`rate_hz` is the speaker's own rate."""
        self.rate_hz = rate_hz
        self._ring: Samples = np.zeros(rate_hz * HISTORY_MS // 1000, np.float32)
        self._end = 0  # how many samples were played, the silences between included
        self._anchor = (0.0, 0.0)  # a sample, and the position at which it sounds
        self._drift = 0.0
        reach = math.ceil(_HALF_TAPS * self._narrowing)
        self._taps = range(1 - reach, reach + 1)
        self._kernels = self._interpolators()

    @property
    def sounds_until(self) -> float:
        """The position at which the last sample that is known will have sounded; long ago when there was none."""
        return self._position(self._end) if self._end else -math.inf

    def play(self, samples: NDArray[np.int16], sounds_at: float) -> bool:
        """Takes what will sound next, from the position `sounds_at` on; whether it begins anew. What the speaker was
        given without a gap sounds without one: only from BRIDGED_MS on is a difference to that believed."""
        off = sounds_at - self.sounds_until
        anew = abs(off) > BRIDGED_MS * SAMPLES_PER_MS
        if anew:
            gap = max(0, round(min(off / self._step, len(self._ring))))
            self._append(np.zeros(gap, np.float32))
            self._anchor = (float(self._end), sounds_at)
        self._append(samples.astype(np.float32))
        return anew

    def take_back(self, samples: int) -> None:
        """The newest samples will never sound."""
        taken = min(samples, self._end, len(self._ring))
        self._ring[np.arange(self._end - taken, self._end) % len(self._ring)] = 0.0
        self._end -= taken

    def drift(self, drift: float, position: float) -> None:
        """How much longer the speaker takes than its rate says, by the microphone's clock: 3e-4 is 300 ppm. The sample
        that sounds at `position` stays there."""
        self._anchor = (float(self._sample(position)), position)
        self._drift = drift

    def read(self, position: float, samples: int) -> Samples:
        """What sounds from `position` on, at 16 kHz, on the scale of int16. Beyond half the rate of the slower of the
        two there is nothing in it."""
        at = self._sample(np.arange(samples) + position)
        whole = np.floor(at).astype(np.int64)
        first = int(whole[0]) + self._taps[0]
        sounds = sliding_window_view(self._between(first, int(whole[-1]) + self._taps[-1] + 1), len(self._taps))
        kernels = self._kernels[((at - whole) * _PHASES).astype(np.int64)]
        return np.asarray(np.einsum("st,st->s", sounds[whole - whole[0]], kernels), np.float32)

    def _between(self, first: int, end: int) -> Samples:
        wanted = np.arange(first, end)
        sounds = self._ring[wanted % len(self._ring)]
        sounds[(wanted < self._end - len(self._ring)) | (wanted >= self._end)] = 0.0
        return sounds

    @property
    def _narrowing(self) -> float:
        """How much of the speaker's band the microphone cannot hear."""
        return max(1.0, self.rate_hz / RATE_HZ)

    @property
    def _step(self) -> float:
        """How long a sample of the speaker lasts, in samples of the microphone."""
        return RATE_HZ / self.rate_hz * (1.0 + self._drift)

    def _position(self, sample: int) -> float:
        anchored, position = self._anchor
        return position + (sample - anchored) * self._step

    def _sample(self, position: NDArray[np.floating[Any]] | float) -> NDArray[np.float64]:
        anchored, anchor = self._anchor
        return np.asarray(anchored + (position - anchor) / self._step)

    def _append(self, samples: Samples) -> None:
        kept = samples[-len(self._ring) :]
        first = self._end + len(samples) - len(kept)
        self._ring[np.arange(first, first + len(kept)) % len(self._ring)] = kept
        self._end += len(samples)

    def _interpolators(self) -> Samples:
        """For each phase between two samples, a sinc under a Kaiser window, cut off at the lower of the two rates."""
        distance = np.array(self._taps) - (np.arange(_PHASES) + 0.5)[:, None] / _PHASES
        reach = _HALF_TAPS * self._narrowing
        window = np.i0(_KAISER_BETA * np.sqrt(np.clip(1.0 - (distance / reach) ** 2, 0.0, 1.0))) / np.i0(_KAISER_BETA)
        kernels = np.sinc(distance / self._narrowing) * window
        return np.asarray(kernels / kernels.sum(axis=1, keepdims=True), np.float32)
