"""How much later an echo comes than what it is the echo of: cross-correlation of whitened signals. Pure.

Speech has most of its energy in a few low harmonics, whose correlation has many peaks of nearly one height. So each
signal is divided by the envelope of its own spectrum first: all frequencies then count alike, and what remains is one
peak for each path from the speaker to the microphone (Knapp and Carter, 1976: the smoothed coherence transform).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from roomtone.ears.formats import RATE_HZ

Signal = NDArray[np.float32]

_ENVELOPE_HZ: Final = 60.0  # over which a spectrum is smoothed: a voice's harmonics lie further apart
_BAND_HZ: Final = (150.0, 6_000.0)  # below is hum, above no small speaker is loud
_FLOOR: Final = 1e-3  # of the mean power; where there is nothing, whitening makes noise of it


@dataclass(frozen=True, slots=True)
class Lag:
    samples: float  # at 16 kHz, between samples too; negative when the microphone is ahead
    salience: float  # how far the peak stands out of the correlation, in its root mean square


class Correlation:
    """The correlation of what a speaker played with what a microphone heard meanwhile."""

    def __init__(self, reference: Signal, heard: Signal, earliest: int, latest: int) -> None:
        """Two signals of one length, at 16 kHz; lags from `earliest` to `latest`, in samples, are looked at."""
        assert len(reference) == len(heard)
        size = _quick_size(len(heard) + max(latest, -earliest))
        around = np.fft.irfft(_whitened(heard, size) * np.conj(_whitened(reference, size)), size)
        self._values = np.abs(around[np.arange(earliest, latest + 1)])  # what lies before 0 stands at the end
        self._earliest = earliest
        self._rms = float(np.sqrt(np.mean(around**2)))

    def peak(self, earliest: int, latest: int) -> Lag:
        """The most salient lag of a range within that of the correlation."""
        first = earliest - self._earliest
        within = self._values[first : latest - self._earliest + 1]
        at = first + int(np.argmax(within))
        if self._rms == 0.0:
            return Lag(0.0, 0.0)
        return Lag(self._earliest + at + self._between(at), float(self._values[at]) / self._rms)

    def _between(self, at: int) -> float:
        """Where between two samples the peak lies: the vertex of the parabola through it and its neighbours."""
        if not 0 < at < len(self._values) - 1:
            return 0.0
        before, peak, after = self._values[at - 1 : at + 2]
        curvature = before - 2 * peak + after
        return float((before - after) / (2 * curvature)) if curvature < 0 else 0.0


def _whitened(signal: Signal, size: int) -> NDArray[np.complex128]:
    spectrum = np.fft.rfft(signal, size)
    power = np.abs(spectrum) ** 2
    width = max(1, round(_ENVELOPE_HZ * size / RATE_HZ))
    sums = np.concatenate([np.zeros(1), np.cumsum(np.pad(power, (width // 2, width - 1 - width // 2), mode="edge"))])
    envelope = (sums[width:] - sums[:-width]) / width
    frequency_hz = np.fft.rfftfreq(size, 1 / RATE_HZ)
    in_band = (frequency_hz >= _BAND_HZ[0]) & (frequency_hz <= _BAND_HZ[1])
    floor = _FLOOR * power.mean()
    return np.asarray(in_band * spectrum / np.sqrt(envelope + floor + np.finfo(float).tiny))


def _quick_size(least: int) -> int:
    """The next size that the Fourier transform is quick at: two to some power, or three or five times that."""
    sizes = [odd << max(0, (-(-least // odd) - 1).bit_length()) for odd in (1, 3, 5)]
    return min(sizes)
