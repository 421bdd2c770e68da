"""A voice while a reply sounds: when it begins, and whether it lasts. Pure; counts samples."""

from typing import Final

from roomtone.ears.formats import FRAME_SAMPLES, SAMPLES_PER_MS
from roomtone.ears.vad.edges import EdgeFinder
from roomtone_satellite.events import VoiceLasted, VoiceStarted, VoiceStopped

# What is over by then was a cough, a door, a chair.
LASTS_SAMPLES: Final = 250 * SAMPLES_PER_MS

# What is left of the echo of a voice sounds a little like one. With it: no false onset in 100 s, and voices of 50
# people over the reply, as loud as it is, are found after 100 ms in the median (bench/false_barge_ins.py).
VOICE_ABOVE: Final = 0.6


class VoiceWatch:
    """Takes one probability of speech per frame of 20 ms."""

    def __init__(self) -> None:
        self._edges = EdgeFinder(VOICE_ABOVE)
        self._began: int | None = None  # a voice that has not lasted yet

    def frame(
        self, probability: float, first_sample: int, *, near: bool = True
    ) -> VoiceStarted | VoiceLasted | VoiceStopped | None:
        """What this frame reveals, if anything; `first_sample` is its position. Each voice starts once, and then either
        lasts or stops. One that is not `near` is an echo, and starts nothing."""
        edge = self._edges.frame(probability if near or self._edges.speaking else 0.0, first_sample)
        if edge is not None and edge.speaking:
            self._began = edge.sample
            return VoiceStarted(edge.sample)
        if self._began is None:
            return None
        if edge is not None:
            self._began = None
            return VoiceStopped()
        if first_sample + FRAME_SAMPLES - self._began < LASTS_SAMPLES:
            return None
        began, self._began = self._began, None
        return VoiceLasted(began)
