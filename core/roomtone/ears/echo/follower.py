"""Where in the microphone's stream an echo comes, followed while it moves. Pure.

Two sound cards have two clocks: at 300 ppm an echo moves by five samples a second, which costs a canceller 13 dB unless
it is followed. Position and drift are corrected together, as in an alpha-beta filter: each measurement tells how far
off the prediction was, and a share of that goes into either; a large one at first, when nothing is known yet.
"""

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from roomtone.ears.echo.delay import Correlation
from roomtone.ears.formats import SAMPLES_PER_MS

LEAD: Final = 4 * SAMPLES_PER_MS  # what a canceller gets before the echo: of a room's answer, something comes earlier
EARLIEST: Final = -100 * SAMPLES_PER_MS  # around where the echo was thought to be
LATEST: Final = 450 * SAMPLES_PER_MS  # two generous sound buffers and a large room
MAX_DELAY: Final = 1_000 * SAMPLES_PER_MS
MAX_DRIFT: Final = 1e-3  # of the worst two crystals together a third

_NEAR: Final = (
    2 * SAMPLES_PER_MS
)  # an echo that is still there is looked for here, and not mistaken for its reflections
_SOON_STEADY: Final = 5  # measurements
# In roots of the mean square: of sounds that have nothing to do with each other, 1 in 300 reaches 6.0 anywhere.
_CERTAIN: Final = 8.0


@dataclass(frozen=True, slots=True)
class Alignment:
    """How a microphone's clock stands to a speaker's."""

    delay_samples: Annotated[float, Field(ge=-MAX_DELAY, le=MAX_DELAY)] = (
        0.0  # from a sound's time to its echo's, at 16 kHz
    )
    drift: Annotated[float, Field(ge=-MAX_DRIFT, le=MAX_DRIFT)] = 0.0  # 3e-4: the speaker is 300 ppm slower


class Follower:
    """Keeps an echo LEAD samples behind its reference."""

    def __init__(self, alignment: Alignment | None = None) -> None:
        """`alignment` is what was found out before."""
        self.alignment = alignment or Alignment()
        self.found = False  # whether an echo was ever heard
        self._measured = _SOON_STEADY if alignment else 0

    def follow(self, reference: NDArray[np.float32], heard: NDArray[np.float32], elapsed: int | None) -> None:
        """Takes what was played and heard at the same time, as it is aligned now, and aligns what comes next.

        `elapsed` is how many samples ago that was done for the same sound without a gap; None: not yet, so that what
        is off is no drift.
        """
        correlation = Correlation(reference, heard, EARLIEST, LATEST)
        lag = correlation.peak(LEAD - _NEAR, LEAD + _NEAR)
        if lag.salience < _CERTAIN:
            lag, elapsed = correlation.peak(EARLIEST, LATEST), None
        if lag.salience < _CERTAIN:
            return
        self.found = True
        off = lag.samples - LEAD
        if elapsed is None or abs(off) > MAX_DRIFT * elapsed:
            self._move(off, 0.0)
        else:
            self._measured = min(self._measured + 1, _SOON_STEADY)
            of_delay, of_drift = _gains(self._measured)
            self._move(of_delay * off, of_drift * off / elapsed)

    def _move(self, samples: float, drift: float) -> None:
        now = self.alignment
        self.alignment = Alignment(
            delay_samples=min(MAX_DELAY, max(-MAX_DELAY, now.delay_samples + samples)),
            drift=min(MAX_DRIFT, max(-MAX_DRIFT, now.drift + drift)),
        )


def _gains(measured: int) -> tuple[float, float]:
    """The shares of delay and drift after that many measurements: those of the straight line through all of them with
    the least squares (the expanding-memory filter; Brookner, Tracking and Kalman Filtering Made Easy, 1998)."""
    beyond = (measured + 1) * (measured + 2)
    return 2 * (2 * measured + 1) / beyond, 6 / beyond
