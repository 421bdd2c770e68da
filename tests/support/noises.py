"""Sounds of a home in which nobody speaks: int16, mono, 16 kHz; each a new one, drawn from a generator."""

from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from roomtone.ears.formats import RATE_HZ

Sound = NDArray[np.float64]

PEAK: Final = 12_000
ROOM: Final = 20  # standard deviation of the room's own noise


def coloured(seconds: float, exponent: float, draw: Generator) -> Sound:
    """Noise whose power falls with the frequency: 0 is white, 1 pink, 2 red."""
    spectrum = np.fft.rfft(draw.normal(size=round(seconds * RATE_HZ)))
    hz = np.fft.rfftfreq(round(seconds * RATE_HZ), 1 / RATE_HZ)
    return np.fft.irfft(spectrum / np.maximum(hz, 50) ** (exponent / 2), round(seconds * RATE_HZ))


def decaying(sound: Sound, seconds: float) -> Sound:
    return sound * np.exp(-np.arange(len(sound)) / (seconds * RATE_HZ))


def gap(seconds: float) -> Sound:
    return np.zeros(round(seconds * RATE_HZ))


def tone(seconds: float, hz: float, overtones: int) -> Sound:
    times_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    return sum((np.sin(2 * np.pi * hz * n * times_s) / n for n in range(1, overtones + 1)), np.zeros(len(times_s)))


def steady(draw: Generator) -> Sound:
    """A fan, rain, a vacuum cleaner that goes on and off."""
    edge = round(0.2 * RATE_HZ)
    swell = np.pad(np.ones(round(draw.uniform(0.5, 2) * RATE_HZ)), edge, mode="linear_ramp")
    return coloured(len(swell) / RATE_HZ, draw.choice([0, 1, 2]), draw) * swell


def hum(draw: Generator) -> Sound:
    """A refrigerator that starts."""
    return tone(draw.uniform(1, 2), draw.choice([50, 60, 100, 120]), 8)


def breath(draw: Generator) -> Sound:
    seconds = draw.uniform(0.4, 1)
    return coloured(seconds, 0.5, draw) * np.hanning(round(seconds * RATE_HZ))


def cough(draw: Generator) -> Sound:
    bursts = [decaying(coloured(draw.uniform(0.15, 0.3), 0.8, draw), 0.06) for _ in range(draw.integers(1, 4))]
    return np.concatenate([part for burst in bursts for part in (burst, gap(draw.uniform(0.1, 0.3)))])


def door(draw: Generator) -> Sound:
    return decaying(coloured(0.5, 3, draw), 0.08)


def clicks(draw: Generator) -> Sound:
    """A chair, a light switch, cutlery."""
    return np.concatenate(
        [np.r_[decaying(coloured(0.05, 0, draw), 0.005), gap(draw.uniform(0.1, 0.5))] for _ in range(3)]
    )


def applause(draw: Generator) -> Sound:
    clap = [np.r_[decaying(coloured(0.1, 0.3, draw), 0.015), gap(draw.uniform(0.05, 0.2))] for _ in range(6)]
    return np.concatenate(clap)


def tune(draw: Generator) -> Sound:
    """An appliance that is ready, a telephone."""
    return np.concatenate(
        [decaying(tone(draw.uniform(0.15, 0.4), hz, 3), 0.3) for hz in draw.uniform(300, 1200, draw.integers(2, 6))]
    )


NOISES: Final[tuple[Callable[[Generator], Sound], ...]] = (
    steady,
    hum,
    breath,
    cough,
    door,
    clicks,
    applause,
    tune,
)


def noises(seconds: float, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """What they are, and as long as a listening satellite would send them, until that is so long in all."""
    draw = np.random.default_rng(seed)
    made_s = 0.0
    while made_s < seconds:
        for noise in NOISES:
            sound = noise(draw)
            heard = np.r_[gap(0.4), sound * draw.uniform(0.1, 1) * PEAK / np.abs(sound).max(), gap(0.7)]
            pcm = np.clip(heard + draw.normal(0, ROOM, len(heard)), -32_768, 32_767).astype("<i2").tobytes()
            made_s += len(heard) / RATE_HZ
            yield noise.__name__, pcm
