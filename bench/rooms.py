"""Sounds as a microphone across the room would hear them, made by numpy alone."""

from dataclasses import dataclass
from math import sqrt
from typing import Self

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from roomtone.ears.formats import RATE_HZ

Samples = NDArray[np.float64]  # at RATE_HZ; full scale is 32,768

CLICK_WITHIN_S = 0.3  # a chime's end, a button, the microphone's own start
FIRST_ECHO_S = 0.003
EDGE_OCTAVES = 0.5  # how softly a microphone's band ends


@dataclass(frozen=True)
class Room:
    """How a sound is heard. Ranges as in recordings of home commands, some easier and some harder."""

    rt60_s: float  # until the echo has fallen by 60 dB
    direct_db: float  # what comes straight, above all that comes by way of the walls
    snr_db: float  # the sound above the noise
    colour: float  # the noise's power falls as the frequency to this: 0 is white, 1 pink, 2 brown
    hum: float  # the share of the noise that is mains hum
    band_hz: tuple[float, float]  # what the microphone passes
    level_db: float  # of the sound, root mean square, above one step of 16 bits
    click_db: float | None  # above the sound
    before_s: float  # room without the sound
    after_s: float

    @classmethod
    def drawn(cls, draw: Generator) -> Self:
        has_click = draw.random() < 0.5
        return cls(
            rt60_s=draw.uniform(0.2, 0.7),
            direct_db=draw.uniform(0, 10),
            snr_db=draw.uniform(10, 30),
            colour=draw.uniform(0.5, 2),
            hum=draw.choice([0, 0, 0.3]),
            band_hz=(draw.uniform(50, 200), draw.uniform(4000, 7500)),
            level_db=draw.uniform(50, 75),
            click_db=draw.uniform(-6, 12) if has_click else None,
            before_s=draw.uniform(0.4, 0.9),
            after_s=draw.uniform(0.6, 1.0),
        )


def heard(sound: Samples, room: Room, draw: Generator) -> tuple[NDArray[np.int16], tuple[int, int]]:
    """A dry sound in a room, with room before and behind it; and where it begins and ends, in ms."""
    before, after = round(room.before_s * RATE_HZ), round(room.after_s * RATE_HZ)
    spoken = echoed(np.pad(sound, (before, after)), room.rt60_s, room.direct_db, draw, FIRST_ECHO_S)
    spoken = _passed(spoken, room.band_hz)
    spoken *= 10 ** (room.level_db / 20) / level(spoken[before : before + len(sound)])
    noise = _passed(_noise(len(spoken), room, draw), room.band_hz)
    noise *= 10 ** ((room.level_db - room.snr_db) / 20) / level(noise)
    if room.click_db is not None:
        noise += _click(len(spoken), draw) * 10 ** ((room.level_db + room.click_db) / 20)
    samples = np.clip(np.rint(spoken + noise), -32_768, 32_767).astype(np.int16)
    return samples, (before * 1000 // RATE_HZ, (before + len(sound)) * 1000 // RATE_HZ)


def resampled(sound: Samples, count: int) -> Samples:
    """As many samples, of the same band: the spectrum is cut or filled up."""
    return np.fft.irfft(np.fft.rfft(sound), count) * (count / len(sound))


def coloured(count: int, colour: float, draw: Generator) -> Samples:
    """Noise of level 1 whose power falls with the frequency to the power of `colour`."""
    spectrum = np.fft.rfft(draw.normal(size=count))
    spectrum[1:] *= np.arange(1, len(spectrum)) ** (-colour / 2)
    spectrum[0] = 0
    noise = np.fft.irfft(spectrum, count)
    return noise / level(noise)


def echoed(sound: Samples, rt60_s: float, direct_db: float, draw: Generator, first_echo_s: float = 0) -> Samples:
    """Through an impulse response of noise that decays exponentially, as a diffuse room's does (Polack 1988)."""
    times_s = np.arange(round(rt60_s * RATE_HZ)) / RATE_HZ
    echo = draw.normal(size=len(times_s)) * 10 ** (-3 * times_s / rt60_s)
    echo[: round(first_echo_s * RATE_HZ)] = 0
    echo *= 10 ** (-direct_db / 20) / np.sqrt((echo**2).sum())
    echo[0] = 1
    count = len(sound) + len(echo)
    return np.fft.irfft(np.fft.rfft(sound, count) * np.fft.rfft(echo, count), count)[: len(sound)]


def level(sound: Samples) -> float:
    """The root mean square, and no zero."""
    return float(np.sqrt((sound**2).mean())) + 1e-9


def _passed(sound: Samples, band_hz: tuple[float, float]) -> Samples:
    low_hz, high_hz = band_hz
    octaves = np.log2(np.fft.rfftfreq(len(sound), 1 / RATE_HZ)[1:])
    above, below = octaves - np.log2(low_hz), np.log2(high_hz) - octaves
    gain = 1 / (1 + np.exp(-above / EDGE_OCTAVES * 4)) / (1 + np.exp(-below / EDGE_OCTAVES * 4))
    return np.fft.irfft(np.fft.rfft(sound) * np.concatenate([[0], gain]), len(sound))


def _noise(count: int, room: Room, draw: Generator) -> Samples:
    times_s = np.arange(count) / RATE_HZ
    mains_hz = draw.choice([50, 60])
    overtones = [np.sin(2 * np.pi * mains_hz * number * times_s) / number for number in (1, 2, 3, 5, 8)]
    hum: Samples = np.sum(overtones, axis=0)
    return sqrt(1 - room.hum) * coloured(count, room.colour, draw) + sqrt(room.hum) * hum / level(hum)


def _click(count: int, draw: Generator) -> Samples:
    """10 to 40 ms that die away, of peak 1."""
    click = draw.normal(size=round(draw.uniform(0.01, 0.04) * RATE_HZ))
    click *= np.exp(-np.arange(len(click)) / (len(click) / 4))
    start = round(draw.uniform(0, CLICK_WITHIN_S) * RATE_HZ)
    silent = np.zeros(count)
    silent[start : start + len(click)] = click[: count - start] / np.abs(click).max()
    return silent
