"""How loud the satellite sounds: replies and chimes alike, below what its speaker gives."""

from typing import Final

from roomtone.ears.level import FULL_SCALE, amplified
from roomtone_satellite.devices.base import Speaker

# Stevens' power law: loudness grows with the power 0.6 of sound pressure, so that half the volume sounds half as loud,
# which is 10 dB less; and each step of a slider is heard as one.
_LOUDNESS_EXPONENT: Final = 0.6


def gain_of(volume: float) -> float:
    """What samples are multiplied by, for a volume from 0 to 1."""
    return float(volume ** (1 / _LOUDNESS_EXPONENT))


class Volume:
    """Changes within one block of audio, so that nothing clicks."""

    def __init__(self, volume: float) -> None:
        """0 to 1."""
        self.set(volume)
        self._gain = gain_of(volume)  # of the last block's end

    @property
    def value(self) -> float:
        return self._value

    def set(self, volume: float) -> None:
        """0 to 1; from the next block on."""
        self._value = volume

    def applied(self, pcm: bytes) -> bytes:
        """The next block (int16, mono, one sample at least)."""
        before, self._gain = self._gain, gain_of(self._value)
        return amplified(pcm, before) if before == self._gain else _ramped(pcm, before, self._gain)


def _ramped(pcm: bytes, first: float, last: float) -> bytes:
    import numpy as np

    samples = np.frombuffer(pcm, np.int16)
    louder = samples * np.linspace(first, last, len(samples), dtype=np.float32)
    return louder.round().clip(-FULL_SCALE, FULL_SCALE - 1).astype(np.int16).tobytes()


class VolumeSpeaker:
    """A Speaker at a volume. Who listens for its echo hears it as it sounds."""

    def __init__(self, speaker: Speaker, volume: Volume) -> None:
        self._speaker = speaker
        self._volume = volume

    @property
    def rate_hz(self) -> int:
        return self._speaker.rate_hz

    async def open(self) -> None:
        await self._speaker.open()

    async def write(self, pcm: bytes, turn: int | None) -> None:
        await self._speaker.write(self._volume.applied(pcm), turn)

    def pending(self) -> int:
        return self._speaker.pending()

    def place(self) -> int | None:
        return self._speaker.place()

    def flush(self) -> int:
        return self._speaker.flush()

    async def close(self) -> None:
        await self._speaker.close()
