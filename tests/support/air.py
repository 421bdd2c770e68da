"""The air between a speaker and a microphone: a delay, a loudness, a room, and two clocks that need not agree."""

import asyncio
from contextlib import aclosing

import numpy as np

from roomtone.ears.formats import FRAME_BYTES, FRAME_SAMPLES, RATE_HZ, SAMPLES_PER_MS
from roomtone_satellite.devices.null import NullSpeaker, NullSpeakerSettings, pace


def room(rt60_s=0.3, direct_db=6.0, seed=1):
    """An impulse response: what comes straight, and behind it noise that decays exponentially."""
    times_s = np.arange(round(rt60_s * RATE_HZ)) / RATE_HZ
    answer = np.random.default_rng(seed).normal(size=len(times_s)) * 10 ** (-3 * times_s / rt60_s)
    answer *= 10 ** (-direct_db / 20) / np.sqrt((answer**2).sum())
    answer[0] = 1.0
    return answer


class Air:
    """All that sounds at a microphone, in the loop's time; its own sound is what `say` puts there."""

    def __init__(self, *, delay_ms=80.0, gain=0.5, answer=None, noise=10.0, seconds=30):
        self.began_s = asyncio.get_running_loop().time()
        self._delay = round(delay_ms * SAMPLES_PER_MS)
        self._answer = gain * (room() if answer is None else answer)
        self._sound = np.random.default_rng(3).normal(size=seconds * RATE_HZ) * noise

    def say(self, pcm, at_s, gain=1.0):
        """Somebody in the room says this, from `at_s` after the beginning on."""
        self._add(gain * np.frombuffer(pcm, np.int16), round(at_s * RATE_HZ))

    def carry(self, pcm, at_s):
        """The speaker sounds: int16 at 16 kHz, from the loop's time `at_s` on."""
        echo = np.convolve(np.frombuffer(pcm, np.int16), self._answer)
        self._add(echo, round((at_s - self.began_s) * RATE_HZ) + self._delay)

    def frame(self, number):
        first = number * FRAME_SAMPLES
        heard = self._sound[first : first + FRAME_SAMPLES].round().clip(-32_768, 32_767)
        return heard.astype(np.int16).tobytes().ljust(FRAME_BYTES, b"\0")

    def _add(self, sound, first):
        room_for = self._sound[first : first + len(sound)]
        room_for += sound[: len(room_for)]


class AirSpeaker(NullSpeaker):
    def __init__(self, air):
        super().__init__(NullSpeakerSettings(rate_hz=RATE_HZ))
        self._air = air

    async def write(self, pcm, turn):
        self._air.carry(pcm, asyncio.get_running_loop().time() + self.pending() / RATE_HZ)
        await super().write(pcm, turn)


class AirMicrophone:
    def __init__(self, air):
        self.eager = False
        self._air = air

    async def frames(self):
        async with aclosing(pace(self._air.began_s, self)) as ticks:
            async for number in ticks:
                yield self._air.frame(number)
