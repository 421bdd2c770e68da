"""The way of the microphone's frames past the echo: what was played is aligned, and a canceller takes it out. Pure but
for the canceller; `now` is monotonic, in seconds.

While nothing is played, and nothing was in the last half second, frames pass as they are, and nothing is worked out.
"""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from roomtone.ears.base import EchoCanceller
from roomtone.ears.echo.clock import SampleClock
from roomtone.ears.echo.follower import LEAD, Alignment, Follower
from roomtone.ears.echo.near_end import NearEnd
from roomtone.ears.echo.reference import Reference
from roomtone.ears.formats import FRAME_MS, FRAME_SAMPLES, RATE_HZ, SAMPLES_PER_MS

HOLD_MS: Final = 500  # after the last sound: by then a room has fallen silent

_WINDOW: Final = 800 // FRAME_MS  # frames that a measurement of the delay looks at
_FIRST: Final = 300 // FRAME_MS  # of them are enough for the first one
_EVERY: Final = 1_000 // FRAME_MS
_FADE: Final = (np.arange(FRAME_SAMPLES) + 0.5) / FRAME_SAMPLES


class EchoPath:
    """One microphone and one speaker."""

    def __init__(self, canceller: EchoCanceller, alignment: Alignment | None = None) -> None:
        """`alignment` is what was found out when these devices were last used."""
        self._canceller = canceller
        self._follower = Follower(alignment)
        self._clock = SampleClock()
        self._reference: Reference | None = None
        self._near_end = NearEnd()
        self._near: bool | None = None
        self._position = 0
        self._cancelling = False
        self._aligned: deque[tuple[bytes, bytes]] = deque(maxlen=_WINDOW)  # (reference, heard), to measure the delay
        self._steady_from = 0.0  # the sound from this position on has no gap
        self._measured_at: int | None = None
        self._unmeasured = 0  # frames
        self._is_placed = False  # it is known to the sample where the sound lies, or that it has no echo

    @property
    def alignment(self) -> Alignment:
        return self._follower.alignment

    @property
    def found(self) -> bool:
        """Whether an echo was heard since this was made."""
        return self._follower.found

    @property
    def near(self) -> bool | None:
        """Whether the newest frame holds more than can be left of an echo; None: nothing was taken out of it."""
        return self._near

    # --- the speaker -----------------------------------------------------------------------------------------------

    def open(self, rate_hz: int) -> None:
        """The speaker has this rate, and is silent."""
        self._reference = Reference(rate_hz)
        self._reference.drift(self.alignment.drift, 0.0)

    def play(self, pcm: bytes, pending_samples: int, now: float, place: int | None = None) -> None:
        """The speaker takes these samples (int16, mono, at its rate); before them `pending_samples` will sound. `place`
        is where they lie in all that its card plays, silence included, where it counts that."""
        if self._reference is None or (position := self._clock.position(now)) is None:
            return
        sounds_at = position + pending_samples * RATE_HZ / self._reference.rate_hz
        if self._reference.play(np.frombuffer(pcm, np.int16), sounds_at, place):
            self._steady_from, self._measured_at = sounds_at, None
            self._is_placed = place is not None
            self._forget()

    def take_back(self, samples: int) -> None:
        """The newest of them will never sound."""
        if self._reference is not None:
            self._reference.take_back(samples)

    # --- the microphone --------------------------------------------------------------------------------------------

    def hear(self, frame: bytes, now: float) -> bytes:
        """The next 20 ms of the microphone (int16, mono, 16 kHz) without the echo; as they are when there is none."""
        sounds_at = self._advance(now) - self.alignment.delay_samples
        was, self._cancelling = self._cancelling, self._echoes(sounds_at)
        if self._reference is None or not (was or self._cancelling):
            self._near = None
            return frame
        sounded = self._reference.read(sounds_at + LEAD, FRAME_SAMPLES)
        reference = sounded.round().clip(-32_768, 32_767).astype(np.int16).tobytes()
        cleaned = self._canceller.process(frame, reference)
        self._near = self._is_placed and self._near_end.frame(cleaned, reference)
        if sounds_at >= self._steady_from:
            self._measure(reference, frame)
        if was and self._cancelling:
            return cleaned
        return _faded(cleaned, frame) if was else _faded(frame, cleaned)

    def pass_over(self, now: float) -> None:
        """The microphone's next 20 ms are nobody's business."""
        self._advance(now)
        self._cancelling = False
        self._forget()

    def _advance(self, now: float) -> int:
        """Where the frame begins that has just come."""
        begins, self._position = self._position, self._position + FRAME_SAMPLES
        self._clock.arrived(self._position, now)
        return begins

    def _echoes(self, sounds_at: float) -> bool:
        if self._reference is None:
            return False
        return sounds_at < self._reference.sounds_until + HOLD_MS * SAMPLES_PER_MS

    # --- the delay between them ------------------------------------------------------------------------------------

    def _measure(self, reference: bytes, frame: bytes) -> None:
        self._aligned.append((reference, frame))
        self._unmeasured += 1
        if self._unmeasured < (_FIRST if self._measured_at is None else _EVERY):
            return
        elapsed = None if self._measured_at is None else self._position - self._measured_at
        before = self.alignment
        played, heard = (_signal(frames) for frames in zip(*self._aligned, strict=True))
        self._unmeasured = 0
        self._is_placed = True
        if not self._follower.follow(played, heard, elapsed):
            return
        self._measured_at = self._position
        assert self._reference is not None
        self._reference.drift(self.alignment.drift, self._position - self.alignment.delay_samples)
        if abs(self.alignment.delay_samples - before.delay_samples) > LEAD:
            self._forget()

    def _forget(self) -> None:
        """What was gathered is aligned otherwise than what comes."""
        self._aligned.clear()
        self._unmeasured = 0


def _signal(frames: tuple[bytes, ...]) -> NDArray[np.float32]:
    return np.frombuffer(b"".join(frames), np.int16).astype(np.float32)


def _faded(before: bytes, after: bytes) -> bytes:
    """From one sound to another within a frame: a switch would click, and a click is heard as the start of a word."""
    faded = np.frombuffer(before, np.int16) * (1 - _FADE) + np.frombuffer(after, np.int16) * _FADE
    return faded.round().astype(np.int16).tobytes()
