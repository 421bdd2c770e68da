"""When has the user finished? Counts samples, so that a replay is exact at any speed.

The silence to wait depends on what was said: nothing can follow "turn on the kitchen light"; "in the kitchen" may
follow "turn on the light"; something must follow "set the light to".
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from roomtone_server.turn.events import FINISHED, Completeness
from roomtone_server.turn.loudness import Loudness

RATE_HZ: Final = 16_000

# A wake word is detected up to 0.46 s before its end; speech within this reach of the detection may be its rest.
WAKE_WORD_REST_SAMPLES: Final = RATE_HZ * 600 // 1000

# Words in the very speech that held the wake word, and not beyond that reach, may be a short command in one breath, or
# the wake word misheard: then it takes more silence.
DOUBTFUL_SILENCE_MS: Final = 1500

# A voice goes on, a television's perhaps, but neither new words come nor does it rise: a sentence that was said ends.
STALLED_MS: Final = 1500

# What ends an utterance at once still has an end of its own: "stop" is not "stop the timer".
AT_ONCE_MS: Final = 100

# A voice that begins is heard for less than this before the detector calls it one.
UNDETECTED_MS: Final = 500

# Speech that resumes for less than this is a cough or a chair.
RESUMED_MS: Final = 100

_SENTENCES: Final = FINISHED | {Completeness.UNFINISHED}


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """How much silence ends an utterance, by what was said; and what else ends it."""

    complete_ms: int = 160  # a command to which nothing can be added
    extendable_ms: int = 280  # a command that may go on: people pause for 200 ms in the midst of it
    unfinished_ms: int = 440  # a command that sounds as if it went on
    unconfirmed_ms: int = 600  # one that nobody stands by as yet: what was said may be something else
    open_ms: int = 1200  # not yet a command
    free_ms: int = 500  # the grammar does not know
    scale: float = 1.0  # of all these but `complete_ms`: some people speak more slowly
    at_once: frozenset[str] = frozenset()  # keys of what ends an utterance without waiting: "never mind"
    nothing_said_ms: int = 4_000  # after the wake word, this long without an utterance ends the turn
    ceiling_ms: int = 15_000  # no utterance is longer


class Verdict(Enum):
    GOES_ON = auto()
    FINISHED = auto()
    NOTHING_SAID = auto()


class Pauses:
    """How long the people at one satellite pause in the middle of an utterance: an exponential average."""

    USUAL_MS: Final = 200.0
    WEIGHT: Final = 0.2  # of the newest
    SHORTEST: Final = 0.8
    LONGEST: Final = 1.6

    def __init__(self) -> None:
        self.average_ms = self.USUAL_MS

    def note(self, pause_ms: int) -> None:
        self.average_ms += self.WEIGHT * (pause_ms - self.average_ms)

    @property
    def stretch(self) -> float:
        """How much longer than usual to wait."""
        return min(self.LONGEST, max(self.SHORTEST, self.average_ms / self.USUAL_MS))


class Endpointer:
    """Judges one utterance. Positions are samples of one microphone; they never go back."""

    def __init__(
        self, settings: EndpointSettings, start: int, pauses: Pauses, *, after_wake_word: bool, held: bool = False
    ) -> None:
        """`held`: no silence ends the utterance, `released` does."""
        self._settings = settings
        self._start = start
        self._pauses = pauses
        self._utterance_from = start + WAKE_WORD_REST_SAMPLES if after_wake_word else start
        self._beyond = False  # speech went on where no wake word does
        self._anew = False  # speech began after the wake word
        self._speaking = False
        self.was_voiced = False  # by the voice detector; words without a voice are the room's
        self._held = held
        self.is_over = False  # the speaker says so
        self._silent_since = start
        self._loudness = Loudness()
        self.key = ""
        self._doubted: str | None = None  # a key that is no sentence, though it looks like one
        self._confirmed: str | None = None  # a key that is one
        self._said = Completeness.UNKNOWN
        self._told_ms = 0  # how much had been heard when that was understood
        self._reached = start
        self._words_since = start  # they have been the same
        self._progress = start  # the last sign of more being said

    def speech_started(self, sample: int) -> None:
        if self._beyond and not self._speaking and sample > self._silent_since:
            self._pauses.note(_ms(sample - self._silent_since))
        self._speaking = self.was_voiced = True
        self._anew = self._anew or sample > self._start
        self._silent_since = max(self._silent_since, sample)
        self._progress = max(self._progress, sample)
        self._words_since = self._reached

    def speech_ended(self, sample: int) -> None:
        self._speaking, self.was_voiced = False, True
        self._silent_since = max(self._silent_since, sample)
        self._beyond = self._beyond or sample > self._utterance_from

    def heard(self, sample: int, level_db: float) -> None:
        """The audio has come as far as `sample`, and was this loud since the last time."""
        if self._loudness.frame(level_db, self._reached):
            self._progress = sample
        self._reached = sample
        self._beyond = self._beyond or (self._speaking and sample > self._utterance_from)

    def understood(self, key: str, completeness: Completeness) -> None:
        """The words so far, as far as they can be told from the wake word, and what the grammar says of them."""
        if key != self.key:
            self._words_since = self._progress = self._reached
        self.key = key
        self._told_ms = self.waited_ms
        self._said = completeness

    def confirmed(self, key: str, completeness: Completeness, asked_ms: int) -> None:
        """As `understood`, and the recogniser stands by it: by what it was asked when so much had been heard. What has
        been understood of the same words since then is newer."""
        self._doubted, self._confirmed = None, key
        if key != self.key or self._told_ms < asked_ms:
            self.understood(key, completeness)

    def released(self) -> None:
        """The speaker has let go of the button."""
        self._held, self.is_over = False, True

    def doubted(self) -> None:
        """The words so far are no sentence, whatever they seemed to be."""
        if self._said in FINISHED:
            self._doubted = self.key

    @property
    def _completeness(self) -> Completeness:
        is_doubted = self.key == self._doubted and self._said in FINISHED
        return Completeness.UNKNOWN if is_doubted else self._said

    @property
    def has_begun(self) -> bool:
        """Whether there is something to transcribe."""
        return self._beyond or self._anew or bool(self.key)

    @property
    def pause_ms(self) -> int:
        """How long nobody has spoken, by the voice detector or by the level; 0 while somebody does."""
        since = [self._silent_since] if not self._speaking else []
        if self._loudness.quiet_since is not None:
            since.append(max(self._start, self._loudness.quiet_since))
        return _ms(self._reached - min(since)) if since else 0

    @property
    def silence_ms(self) -> int:
        """How much silence counts towards the endpoint. A sentence may be cut off from a room's echo; where it is none
        yet, the voice detector's word is waited for."""
        if self._completeness in _SENTENCES:
            return self.pause_ms
        return 0 if self._speaking else _ms(self._reached - self._silent_since)

    @property
    def enough_ms(self) -> int:
        """The silence that ends what has been said so far."""
        enough_ms = AT_ONCE_MS if self.key in self._settings.at_once else round(self._wanted_ms())
        return enough_ms if self._beyond or self._anew else max(enough_ms, DOUBTFUL_SILENCE_MS)

    def _wanted_ms(self) -> float:
        settings = self._settings
        match self._completeness:
            case Completeness.COMPLETE:
                return settings.complete_ms
            case Completeness.EXTENDABLE:
                return settings.extendable_ms * settings.scale * self._pauses.stretch
            case Completeness.UNFINISHED:
                is_confirmed = self.key == self._confirmed
                return (settings.unfinished_ms if is_confirmed else settings.unconfirmed_ms) * settings.scale
            case Completeness.OPEN:
                return settings.open_ms * settings.scale
            case _:
                return settings.free_ms * settings.scale * self._pauses.stretch

    @property
    def stable_ms(self) -> int:
        """For how long the words have made a sentence to which nothing can be added; 0 when they do not."""
        return _ms(self._reached - self._words_since) if self._completeness is Completeness.COMPLETE else 0

    @property
    def resumed(self) -> bool:
        """Somebody speaks again, or still."""
        loud_since = self._loudness.loud_since
        return loud_since is not None and self.pause_ms == 0 and _ms(self._reached - loud_since) >= RESUMED_MS

    @property
    def waited_ms(self) -> int:
        """How much audio was heard."""
        return _ms(self._reached - self._start)

    @property
    def sounds_finished(self) -> bool:
        """Whether the words so far are a command that has ended, by all that is known of them."""
        return self._completeness in FINISHED

    @property
    def makes_sense(self) -> bool:
        """Whether the words so far are a command, or the beginning of one."""
        return self._completeness is not Completeness.UNKNOWN

    def verdict(self) -> Verdict:
        """What to do, now that the audio has come so far."""
        waited_ms = self.waited_ms
        if self.is_over:
            return Verdict.FINISHED if self.has_begun else Verdict.NOTHING_SAID
        if self._held and waited_ms < self._settings.ceiling_ms:
            return Verdict.GOES_ON
        if not self._beyond and not self.key:
            return Verdict.NOTHING_SAID if waited_ms >= self._settings.nothing_said_ms else Verdict.GOES_ON
        if waited_ms >= self._settings.ceiling_ms or self._is_stalled:
            return Verdict.FINISHED
        if self.silence_ms < self.enough_ms or self._may_resume:
            return Verdict.GOES_ON
        return Verdict.FINISHED

    @property
    def _may_resume(self) -> bool:
        """More can follow, and the room stirs: the voice detector may not know the voice yet."""
        since = self._loudness.stirring_since
        if self._speaking or since is None or self._completeness is Completeness.COMPLETE:
            return False
        return _ms(self._reached - since) < UNDETECTED_MS

    @property
    def _is_stalled(self) -> bool:
        patience_ms = STALLED_MS if self._completeness in _SENTENCES else self._settings.nothing_said_ms
        return self._speaking and _ms(self._reached - self._progress) >= patience_ms


def _ms(samples: int) -> int:
    return max(0, samples) * 1000 // RATE_HZ
