"""A voice while a reply plays: when it begins, and whether it lasts. Pure; counts samples."""

from typing import Final

from roomtone.ears.formats import FRAME_SAMPLES, SAMPLES_PER_MS
from roomtone.ears.vad.edges import ONSET_SAMPLES, SILENCE_BELOW
from roomtone_satellite.events import VoiceLasted, VoiceStarted, VoiceStopped

# What is over by then was a cough, a door, a chair.
LASTS_SAMPLES: Final = 250 * SAMPLES_PER_MS

VOICE_ABOVE: Final = 0.6
# Of what is louder than an echo can be: a voice detector takes long to be sure of a voice that begins in a room that
# rings (bench/onsets.py --echo none --level-db -99), but knows at once that a cup on a table is none.
PERHAPS_ABOVE: Final = 0.1
# The first sounds of a voice that is known later than that were not its own.
KNOWN_WITHIN_SAMPLES: Final = 120 * SAMPLES_PER_MS


class VoiceWatch:
    """Takes one probability of speech per frame of 20 ms."""

    def __init__(self) -> None:
        self._since: int | None = None  # something may be a voice
        self._began: int | None = None  # a voice that has not lasted yet
        self._lasts = False
        self._is_noise = False  # what is near was no voice

    def frame(
        self, probability: float, first_sample: int, *, near: bool | None = None
    ) -> VoiceStarted | VoiceLasted | VoiceStopped | None:
        """What this frame reveals, if anything; `first_sample` is its position. Each voice starts once, and then either
        lasts or stops. What is not `near` is an echo, and starts nothing; None: nothing is known of that."""
        end = first_sample + FRAME_SAMPLES
        if self._began is not None:
            return self._judge(probability, end - self._began)
        self._lasts = self._lasts and probability >= SILENCE_BELOW
        self._is_noise = self._is_noise and near is True
        knows_noise = near is None or self._is_noise
        may_be_voice = probability >= VOICE_ABOVE if knows_noise else near
        if self._lasts or not may_be_voice:
            self._since = None
            return None
        self._since = first_sample if self._since is None else max(self._since, end - KNOWN_WITHIN_SAMPLES)
        if end - self._since < ONSET_SAMPLES or probability < PERHAPS_ABOVE:
            return None
        self._began, self._since = self._since, None
        return VoiceStarted(self._began)

    def _judge(self, probability: float, length: int) -> VoiceLasted | VoiceStopped | None:
        if length < LASTS_SAMPLES:
            return None
        assert self._began is not None
        began, self._began = self._began, None
        self._lasts = probability >= SILENCE_BELOW
        self._is_noise = not self._lasts
        return VoiceLasted(began) if self._lasts else VoiceStopped()
