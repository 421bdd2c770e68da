"""A voice while a reply sounds: when it begins, and whether it lasts. Pure; counts samples."""

from typing import Final

from roomtone.ears.formats import FRAME_SAMPLES, SAMPLES_PER_MS
from roomtone.ears.vad.edges import EdgeFinder
from roomtone_satellite.events import VoiceLasted, VoiceStarted, VoiceStopped

# What is over by then was a cough, a door, a chair.
LASTS_SAMPLES: Final = 250 * SAMPLES_PER_MS


class VoiceWatch:
    """Takes one probability of speech per frame of 20 ms."""

    def __init__(self) -> None:
        self._edges = EdgeFinder()
        self._began: int | None = None  # a voice that has not lasted yet

    def frame(self, probability: float, first_sample: int) -> VoiceStarted | VoiceLasted | VoiceStopped | None:
        """What this frame reveals, if anything; `first_sample` is its position. Each voice starts once, and then either
        lasts or stops."""
        edge = self._edges.frame(probability, first_sample)
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
