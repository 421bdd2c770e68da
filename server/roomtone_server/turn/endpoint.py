"""When has the user finished? Counts samples, so that a replay is exact at any speed."""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

RATE_HZ: Final = 16_000

# A wake word is detected up to 0.46 s before its end; speech within this reach of the detection may be its rest.
WAKE_WORD_REST_SAMPLES: Final = RATE_HZ * 600 // 1000

# Words in the very speech that held the wake word, and not beyond that reach, may be a short command in one breath, or
# the wake word misheard: then it takes more silence.
DOUBTFUL_SILENCE_MS: Final = 1500


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    silence_ms: int = 700  # after speech, this much silence ends the utterance
    nothing_said_ms: int = 4_000  # after the wake word, this long without an utterance ends the turn
    ceiling_ms: int = 15_000  # no utterance is longer


class Verdict(Enum):
    GOES_ON = auto()
    FINISHED = auto()
    NOTHING_SAID = auto()


class Endpointer:
    """Judges one utterance. Positions are samples of one microphone; they never go back."""

    def __init__(self, settings: EndpointSettings, start: int, *, after_wake_word: bool) -> None:
        self._settings = settings
        self._start = start
        self._utterance_from = start + WAKE_WORD_REST_SAMPLES if after_wake_word else start
        self._beyond = False  # speech went on where no wake word does
        self._anew = False  # speech began after the wake word
        self._words = False
        self._speaking = False
        self._silent_since = start

    def speech_started(self, sample: int) -> None:
        self._speaking = True
        self._anew = self._anew or sample > self._start
        self._silent_since = max(self._silent_since, sample)

    def speech_ended(self, sample: int) -> None:
        self._speaking = False
        self._silent_since = max(self._silent_since, sample)
        self._beyond = self._beyond or sample > self._utterance_from

    def words_heard(self) -> None:
        """The recogniser has words of the utterance itself, as far as it can tell them from the wake word."""
        self._words = True

    def silence_ms(self, sample: int) -> int:
        """How long it has been silent at this position; 0 while somebody speaks."""
        return 0 if self._speaking else _ms(sample - self._silent_since)

    def verdict(self, sample: int) -> Verdict:
        """What to do, now that the audio has come as far as `sample`."""
        self._beyond = self._beyond or (self._speaking and sample > self._utterance_from)
        waited_ms = _ms(sample - self._start)
        if not self._beyond and not self._words:
            return Verdict.NOTHING_SAID if waited_ms >= self._settings.nothing_said_ms else Verdict.GOES_ON
        certain = self._beyond or self._anew
        enough_ms = self._settings.silence_ms if certain else max(self._settings.silence_ms, DOUBTFUL_SILENCE_MS)
        if self.silence_ms(sample) >= enough_ms or waited_ms >= self._settings.ceiling_ms:
            return Verdict.FINISHED
        return Verdict.GOES_ON


def _ms(samples: int) -> int:
    return max(0, samples) * 1000 // RATE_HZ
