"""A browser's microphone in the house's own format: frames of 20 ms at 16 kHz, each with its position.

Pure. Positions count from the first `start`, over every later one, and over what the browser leaves out.
"""

from collections.abc import Iterator

from roomtone.ears.echo.clock import SampleClock
from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone.ears.level import SURVEYED_MS
from roomtone.ears.resample import Framer, Resampler, resampled_samples
from roomtone.ears.ring import FrameRing
from roomtone.errors import FrameError


class BrowserMicrophone:
    """Remembers the last seconds."""

    def __init__(self) -> None:
        self.ring = FrameRing(SURVEYED_MS * RATE_HZ // 1000)
        self._rate_hz: int | None = None  # while it is on
        self._began = 0  # the position of its sample 0
        self._next_sample = 0  # at its own rate
        self._forget()

    @property
    def is_on(self) -> bool:
        return self._rate_hz is not None

    @property
    def position(self) -> int:
        """Where the next frame begins."""
        return self.ring.position

    def start(self, rate_hz: int) -> None:
        """Its samples are counted from 0 again. Raises EngineMissing for a rate that cannot be converted here."""
        self._rate_hz = rate_hz
        self._began, self._next_sample = self.ring.position, 0
        self._forget()

    def stop(self) -> None:
        self._rate_hz = None
        self._forget()

    def place(self, sample: int, at_s: float | None) -> bool:
        """The sample that comes next, at its own rate, and when it was heard on the browser's clock; whether something
        was left out before it. Raises FrameError for one that has come already."""
        if self._rate_hz is None:
            return False
        if sample < self._next_sample:
            raise FrameError("a position lies before what has been sent")
        is_gap = sample > self._next_sample
        if is_gap:
            self._next_sample = sample
            self._forget()
            self.ring.position = self._place_of(sample)
        if at_s is not None:
            self._clock.arrived(self._place_of(sample), at_s)
        return is_gap

    def take(self, pcm: bytes) -> Iterator[tuple[int, bytes]]:
        """The frames that are whole now, each the newest of the ring as it comes. Raises FrameError for what ends in
        half a sample."""
        if len(pcm) % SAMPLE_BYTES:
            raise FrameError("a piece of audio ends in half a sample")
        if self._rate_hz is None:
            return  # it was still on its way
        self._next_sample += len(pcm) // SAMPLE_BYTES
        for frame in self._framer.process(self._resampler.process(pcm)):
            position = self.ring.position
            self.ring.append(frame)
            yield position, frame

    def heard_at(self, position: int) -> float | None:
        """When it was heard, in seconds of the browser's clock; None: the browser has not told."""
        return self._clock.heard_at(position)

    def _place_of(self, sample: int) -> int:
        assert self._rate_hz is not None
        return self._began + resampled_samples(sample, self._rate_hz, RATE_HZ)

    def _forget(self) -> None:
        """What comes next does not follow upon what came before."""
        self.ring.clear()
        self._framer = Framer()
        self._resampler = Resampler(self._rate_hz or RATE_HZ, RATE_HZ)
        self._clock = SampleClock()
