"""A voice while a reply plays: when it begins, and whether it lasts. Pure; counts samples."""

from typing import Final

from roomtone.ears.formats import FRAME_SAMPLES, SAMPLES_PER_MS
from roomtone.ears.vad.edges import ONSET_SAMPLES, SILENCE_BELOW
from roomtone.satellite.events import VoiceLasted, VoiceStarted, VoiceStopped

# What is over by then was a cough, a door, a chair.
LASTS_SAMPLES: Final = 250 * SAMPLES_PER_MS

VOICE_ABOVE: Final = 0.6
# Of what is louder than an echo can be: a voice detector takes long to be sure of a voice that begins in a room that
# rings (bench/onsets.py --echo none --level-db -99), but knows at once that a cup on a table is none.
PERHAPS_ABOVE: Final = 0.1
# The first sounds of a voice that is known later than that were not its own.
KNOWN_WITHIN_SAMPLES: Final = 120 * SAMPLES_PER_MS
# A noise that falls silent for less goes on: it has paused the reply once, and may not again.
NOISE_OVER_SAMPLES: Final = 1_000 * SAMPLES_PER_MS


class VoiceWatch:
    """Takes one probability of speech per frame of 20 ms."""

    def __init__(self) -> None:
        self._since: int | None = None  # something may be a voice
        self._began: int | None = None  # a voice that has not lasted yet
        self._lasts = False
        self._noise_until = 0  # what is near was no voice

    def frame(
        self, probability: float, first_sample: int, *, near: bool | None = None
    ) -> VoiceStarted | VoiceLasted | VoiceStopped | None:
        """What this frame reveals, if anything; `first_sample` is its position. Each voice starts once, and then either
        lasts or stops. What is not `near` is an echo, and starts nothing; None: nothing is known of that."""
        end = first_sample + FRAME_SAMPLES
        if self._began is not None:
            return self._judge(probability, end)
        self._lasts = self._lasts and probability >= SILENCE_BELOW
        is_noise = first_sample < self._noise_until
        if is_noise and near:
            self._noise_until = end + NOISE_OVER_SAMPLES
        is_sure = probability >= VOICE_ABOVE
        may_be_voice = is_sure if near is None or (near and is_noise) else near
        if self._lasts or not may_be_voice:
            self._since = None
            return None
        self._since = first_sample if self._since is None else max(self._since, end - KNOWN_WITHIN_SAMPLES)
        if end - self._since < ONSET_SAMPLES or probability < PERHAPS_ABOVE:
            return None
        self._began, self._since = self._since, None
        return VoiceStarted(self._began)

    def _judge(self, probability: float, end: int) -> VoiceLasted | VoiceStopped | None:
        assert self._began is not None
        if end - self._began < LASTS_SAMPLES:
            return None
        began, self._began = self._began, None
        self._lasts = probability >= SILENCE_BELOW
        if self._lasts:
            return VoiceLasted(began)
        self._noise_until = end + NOISE_OVER_SAMPLES
        return VoiceStopped()
