"""Sound for tests, as the house knows it: frames of 20 ms, 16 kHz, mono, int16."""

import random
import wave
from array import array

from roomtone.ears.formats import FRAME_BYTES, RATE_HZ


def pcm_of(path):
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE_HZ, 1, 2)
        return file.readframes(file.getnframes())


def frames(pcm):
    """The whole frames of some audio; what is left over at its end is dropped."""
    return [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]


def silence(seconds):
    return bytes(2 * round(seconds * RATE_HZ))


def noise(seconds, peak=500, seed=1):
    drawn = random.Random(seed)
    return array("h", [drawn.randint(-peak, peak) for _ in range(round(seconds * RATE_HZ))]).tobytes()
