"""Is somebody near the browser, or is what its microphone hears all that its echo cancellation leaves of the reply?

Pure. Nobody but the browser hears what leaves its speaker; the server knows what it sent, and the browser tells when
which sample of it sounded.
"""

import math
from collections import deque
from typing import Final

from roomtone.ears.echo.near_end import power_db
from roomtone.ears.formats import FRAME_MS, SAMPLE_BYTES

# A loudspeaker may lag behind what a browser knows of it, by the radio to it above all; and an echo dies away.
LATEST_S: Final = 0.3
EARLIEST_S: Final = 0.06
KEPT_S: Final = 3.0  # of what was sent: it sounds within a fraction of that, or is not what sounds

# As in `roomtone.ears.echo.near_end`, where it is known to the sample what sounds. Here it is known to a few frames: so
# the loudest of what may sound is compared with the loudest that was left of such (bench/browser_onsets.py).
_ABOVE_DB: Final = 10.0
_RISES: Final = 0.3  # of what a frame is louder than was learnt
_RISES_DOUBTED: Final = 0.03  # the same of one in which somebody seems to be near
_FALLS_DB: Final = 0.1  # a frame: echo cancellation learns too
_AUDIBLE_DB: Final = 45.0
_RINGS_DB: Final = 0.8
_NOISE_RISES_DB: Final = 0.05
_ASSUMED_DB: Final = -25.0  # of what was played, is left at first: less than somebody near, mostly


class Nearness:
    """One browser's. Times are of the browser's own clock, in seconds."""

    def __init__(self) -> None:
        self._left = _Left()
        self._sounded: tuple[int, float] | None = None  # samples, and when
        self.begin(0)

    def begin(self, rate_hz: int) -> None:
        """A reply at this rate is about to be sent."""
        self._block_bytes = rate_hz * FRAME_MS // 1000 * SAMPLE_BYTES
        self._rate_hz = rate_hz
        self._rest = b""
        self._loudness: deque[float] = deque(maxlen=round(KEPT_S * 1000) // FRAME_MS)  # of the newest blocks, dB
        self._blocks = 0
        self.lose_track()

    def sent(self, pcm: bytes) -> None:
        """The reply's next audio."""
        audio = self._rest + pcm
        whole = len(audio) - len(audio) % self._block_bytes
        self._rest = audio[whole:]
        for start in range(0, whole, self._block_bytes):
            self._loudness.append(power_db(audio[start : start + self._block_bytes]))
            self._blocks += 1

    def sounded(self, samples: int, at_s: float | None) -> None:
        """So much of the reply had sounded then, and it goes on."""
        self._sounded = None if at_s is None else (samples, at_s)

    def lose_track(self) -> None:
        """It pauses, is over, or goes on after a pause: nobody knows where, until it is told."""
        self._sounded = None

    def frame(self, pcm: bytes, heard_at_s: float | None) -> bool | None:
        """Whether 20 ms of the microphone are louder than the echo can be; None: nothing is known of that."""
        if self._sounded is None or heard_at_s is None:
            return None
        samples, at_s = self._sounded
        seconds = samples / self._rate_hz + heard_at_s - at_s
        return self._left.frame(power_db(pcm), self._played_db(seconds))

    def _played_db(self, seconds: float) -> float:
        """At the loudest, about so far into the reply."""
        gone = self._blocks - len(self._loudness)
        first = max(gone, int((seconds - LATEST_S) * 1000 / FRAME_MS))
        last = min(self._blocks - 1, int((seconds + EARLIEST_S) * 1000 / FRAME_MS))
        return max((self._loudness[block - gone] for block in range(first, last + 1)), default=0.0)


class _Left:
    """What is left of an echo, and what is more than that; all in dB above one step of 16 bits."""

    def __init__(self) -> None:
        self._played_db = 0.0
        self._left_db = _ASSUMED_DB  # of what was played, at the most
        self._noise_db = math.inf

    def frame(self, heard_db: float, played_db: float) -> bool:
        """Whether a frame is louder than the echo of what was played can be."""
        self._played_db = max(played_db, self._played_db - _RINGS_DB)
        self._noise_db = min(heard_db, self._noise_db + _NOISE_RISES_DB)
        echo_db = self._played_db + self._left_db
        expected_db = 10 * math.log10(10 ** (echo_db / 10) + 10 ** (self._noise_db / 10))
        near = heard_db > expected_db + _ABOVE_DB
        if self._played_db > _AUDIBLE_DB:
            self._learn(heard_db - echo_db, near=near)
        return near

    def _learn(self, louder_db: float, *, near: bool) -> None:
        if louder_db > 0:
            self._left_db += louder_db * (_RISES_DOUBTED if near else _RISES)
        else:
            self._left_db += max(louder_db, -_FALLS_DB)
