"""Sounds of a home that nobody makes by speaking: each a new one, drawn from a generator."""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from rooms import Samples, coloured, resampled
from roomtone.ears.formats import RATE_HZ


def cough(draw: Generator) -> Samples:
    """One to three bursts of noise, each with an abrupt beginning."""
    bursts = []
    for _ in range(draw.integers(1, 4)):
        count = round(draw.uniform(0.12, 0.3) * RATE_HZ)
        burst = coloured(count, draw.uniform(0.3, 1.2), draw) * np.exp(-np.arange(count) / (count * 0.3))
        bursts += [burst, np.zeros(round(draw.uniform(0.05, 0.3) * RATE_HZ))]
    return np.concatenate(bursts)


def door(draw: Generator) -> Samples:
    """A thud of low notes, and the click of the latch before it."""
    times_s = np.arange(round(0.35 * RATE_HZ)) / RATE_HZ
    thud = sum(np.sin(2 * np.pi * hz * times_s) for hz in draw.uniform(60, 300, 6)) * np.exp(-times_s / 0.07)
    latch = coloured(round(0.02 * RATE_HZ), 0, draw) * 2
    return np.concatenate([latch, np.zeros(round(draw.uniform(0.03, 0.12) * RATE_HZ)), thud])


def knocks(draw: Generator) -> Samples:
    """Two to five on wood, or a keyboard's."""
    length = round(draw.uniform(0.12, 0.3) * RATE_HZ)
    knock = coloured(length, draw.uniform(0, 1.5), draw) * np.exp(-np.arange(length) / (0.012 * RATE_HZ))
    return np.tile(knock, draw.integers(2, 6))


def appliance(draw: Generator) -> Samples:
    """A kettle, a drawer, water: noise that swells and ebbs for one to three seconds."""
    count = round(draw.uniform(1, 3) * RATE_HZ)
    swell = np.abs(resampled(draw.normal(size=round(4 * count / RATE_HZ)) + 0.5, count))
    return coloured(count, draw.uniform(0, 2), draw) * swell


def melody(draw: Generator) -> Samples:
    """Three to seven notes with overtones, of a phone or a radio."""
    notes = []
    for hz in draw.uniform(200, 900, draw.integers(3, 8)):
        times_s = np.arange(round(draw.uniform(0.1, 0.4) * RATE_HZ)) / RATE_HZ
        tone = sum(np.sin(2 * np.pi * hz * overtone * times_s) / overtone for overtone in (1, 2, 3, 4))
        notes.append(tone * np.exp(-times_s / 0.2))
    return np.concatenate(notes)


NOISES: tuple[Callable[[Generator], Samples], ...] = (cough, door, knocks, appliance, melody)
