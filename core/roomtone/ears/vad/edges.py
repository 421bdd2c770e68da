"""From speech probabilities to the edges of speech, in sample positions. Pure."""

from dataclasses import dataclass
from typing import Final

from roomtone.ears.formats import FRAME_SAMPLES, SAMPLES_PER_MS

# Schmitt trigger: it takes more to begin than to go on.
SPEECH_ABOVE: Final = 0.5
SILENCE_BELOW: Final = 0.35
# Shorter bursts are clicks, not words.
ONSET_SAMPLES: Final = 60 * SAMPLES_PER_MS


@dataclass(frozen=True, slots=True)
class SpeechEdge:
    speaking: bool
    sample: int  # the first sample of speech, or the first of silence


class EdgeFinder:
    """Takes one probability per 20 ms frame; tells when speech begins (after ONSET_SAMPLES of it) and when it ends."""

    def __init__(self) -> None:
        self.speaking = False
        self._since: int | None = None

    def frame(self, probability: float, first_sample: int) -> SpeechEdge | None:
        """The edge that this frame reveals, if any; `first_sample` is the frame's position."""
        end = first_sample + FRAME_SAMPLES
        if self.speaking:
            if probability >= SILENCE_BELOW:
                return None
            self.speaking, self._since = False, None
            return SpeechEdge(speaking=False, sample=first_sample)
        if probability < SPEECH_ABOVE:
            self._since = None
            return None
        if self._since is None:
            self._since = first_sample
        if end - self._since < ONSET_SAMPLES:
            return None
        self.speaking = True
        return SpeechEdge(speaking=True, sample=self._since)
