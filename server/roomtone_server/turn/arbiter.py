"""Which satellite answers, when several hear one wake word. Pure; times are seconds on one clock.

Each of them claims the turn and begins it at once: nothing waits for a rival that may not exist. Two claims of one word
at about the same time come from one voice when what both microphones heard rises and falls together; then the better
claim goes on, until the first endpoint, and the other yields. Two people who speak at once are told apart by the same
comparison, and both go on.

The microphones' clocks are not known, and not needed: a sample cannot arrive before it was recorded, so the earliest
arrival of any of them places the whole stream on the server's clock, late by the network's shortest delay.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import mul
from typing import Final

RATE_HZ: Final = 16_000
FRAME_SAMPLES: Final = 320
_FRAME_S: Final = FRAME_SAMPLES / RATE_HZ

# A satellite that is 6 dB farther away detects a wake word 120 ms before the nearer one to 180 ms after it, mostly with
# it or after (bench/arbiter.py). So long the chime waits, where there are others, ...
CHIME_WAITS_S: Final = 0.2
# ... and at the end of that, as long as it takes to compare a claim that has come just now.
COMPARING_S: Final = 0.06
# Claims that are further apart are of two utterances, however slow a network is.
RIVAL_WITHIN_S: Final = 1.0
# Whoever is not told from a rival so long after the claim, since no audio comes, is told from none.
DECIDED_WITHIN_S: Final = 2.0

# Of what both have heard, to say that it was one voice, and that it was not: the first is most of the wake word, which
# the pre-roll brings at once.
EVIDENCE_FRAMES: Final = 22
ENOUGH_FRAMES: Final = 40
# In 20 ms: enough for four satellites that hear one voice to be compared with each other at every frame. Fifty that
# each hear another make 1,225 pairs, and at every frame those would take all the time there is.
MAX_COMPARISONS: Final = 6
MAX_LAG_FRAMES: Final = 4  # a network delays one stream by so much more than another; the air, by far less
AUDIBLE_DB: Final = 30.0  # below the loudest frame; what is fainter is the room's own
# The correlation from which on it is one voice. Far more often than two people call at once, one is heard twice: so one
# voice is never taken for two (of 82), two are for one once in five times; and mostly, when both are detected within
# 150 ms of each other.
ALIKE: Final = 0.88
EVEN: Final = 1e-6  # of levels that are all the same, but for rounding


@dataclass(frozen=True, slots=True)
class Claim:
    """A satellite has heard a wake word, and begins a turn with it."""

    satellite: str
    turn: int
    word: str
    sample: int  # of the microphone, as the word was detected
    snr_db: float  # how far the word stood out of the room
    score: float  # the wake engine's own scale; decides between equals


@dataclass(slots=True)
class _Stream:
    """How loud a microphone's frames were, placed on the server's clock."""

    began_at: float  # when its sample 0 would have arrived
    levels_db: dict[int, float] = field(default_factory=dict)  # by the number of the frame

    def hear(self, sample: int, level_db: float, now: float) -> None:
        self.levels_db[sample // FRAME_SAMPLES] = level_db
        self.began_at = min(self.began_at, _beginning(sample, now))


@dataclass(slots=True, eq=False)
class _Contender:
    claim: Claim
    at: float
    stream: _Stream
    settled: bool = False  # its endpoint was found: it is answered
    judged: set["_Contender"] = field(default_factory=set)
    comparisons: int = 0  # with any

    def meets(self, other: "_Contender") -> bool:
        """Whether the two may be one voice, and nobody knows yet."""
        return (
            self is not other
            and self.claim.word == other.claim.word
            and abs(self.at - other.at) <= RIVAL_WITHIN_S
            and not (self.settled and other.settled)
            and other not in self.judged
        )

    @property
    def rank(self) -> tuple[bool, float, float, float]:
        return (self.settled, self.claim.snr_db, self.claim.score, -self.at)


class Arbiter:
    """The claims of one house. `now` never goes back. Remembers one claim per satellite, for as long as its turn."""

    def __init__(self) -> None:
        self._contenders: dict[str, _Contender] = {}
        self._comparing_since = 0.0
        self._comparisons = 0  # since then

    def claim(self, claim: Claim, now: float, *, alone: bool) -> float:
        """A turn begins; the seconds in which a better claim is likely to come, if any. `alone`: there are no other
        satellites."""
        self._contenders[claim.satellite] = contender = _Contender(claim, now, _Stream(_beginning(claim.sample, now)))
        if alone:
            return 0.0
        rivals = [each.at for each in self._contenders.values() if contender.meets(each)]
        return max(min([now, *rivals]) + CHIME_WAITS_S - now, COMPARING_S)

    def heard(self, satellite: str, turn: int, sample: int, level_db: float, now: float) -> Claim | None:
        """The turn's audio came as far as this sample, and its last frame of 20 ms was this loud; the claim that now
        yields, if one does."""
        contender = self._contenders.get(satellite)
        if contender is None or contender.claim.turn != turn or now - contender.at > DECIDED_WITHIN_S:
            return None
        contender.stream.hear(sample, level_db, now)
        rival = self._next_rival(contender, now)
        return self._compare(contender, rival) if rival is not None else None

    def _next_rival(self, contender: _Contender, now: float) -> _Contender | None:
        """One for each frame, in turns; none while too little was heard, or when there was enough to compare."""
        if now - self._comparing_since >= _FRAME_S:
            self._comparing_since, self._comparisons = now, 0
        if self._comparisons == MAX_COMPARISONS or len(contender.stream.levels_db) < EVIDENCE_FRAMES:
            return None
        rivals = [each for each in self._contenders.values() if contender.meets(each)]
        return rivals[contender.comparisons % len(rivals)] if rivals else None

    def _compare(self, contender: _Contender, rival: _Contender) -> Claim | None:
        contender.comparisons += 1
        shift = round((contender.stream.began_at - rival.stream.began_at) / _FRAME_S)
        common = _common(contender.stream, rival.stream, shift)
        if common < EVIDENCE_FRAMES:
            return None
        self._comparisons += 1
        one_voice = _is_one_voice(contender.stream, rival.stream, shift)
        if not one_voice and common < ENOUGH_FRAMES:
            return None
        contender.judged.add(rival)
        rival.judged.add(contender)
        if not one_voice:
            return None
        yielding = min(contender, rival, key=lambda each: each.rank).claim
        del self._contenders[yielding.satellite]
        return yielding

    def settle(self, satellite: str, turn: int) -> None:
        """The turn's endpoint was found: nobody takes it any more."""
        if (contender := self._find(satellite, turn)) is not None:
            contender.settled = True

    def withdraw(self, satellite: str, turn: int) -> None:
        """The turn has ended."""
        if self._find(satellite, turn) is not None:
            del self._contenders[satellite]

    def _find(self, satellite: str, turn: int) -> _Contender | None:
        contender = self._contenders.get(satellite)
        return contender if contender is not None and contender.claim.turn == turn else None


def _beginning(sample: int, now: float) -> float:
    """Of the stream whose sample arrives now."""
    return now - sample / RATE_HZ


def _common(one: _Stream, other: _Stream, shift: int) -> int:
    """How many frames both have heard."""
    return sum(number + shift in other.levels_db for number in one.levels_db)


def _is_one_voice(one: _Stream, other: _Stream, shift: int) -> bool:
    """By the first that both have heard at the same time, give or take some lag; later, all rooms fall silent alike."""
    ours, theirs = _audible(one), _audible(other)
    lags = range(-MAX_LAG_FRAMES, MAX_LAG_FRAMES + 1)
    return any(_correlation(ours, theirs, shift + lag) >= ALIKE for lag in lags)


def _audible(stream: _Stream) -> dict[int, float]:
    """Its levels, without what no two rooms share."""
    floor_db = max(stream.levels_db.values()) - AUDIBLE_DB
    return {number: max(floor_db, level_db) for number, level_db in stream.levels_db.items()}


def _correlation(ours: Mapping[int, float], theirs: Mapping[int, float], shift: int) -> float:
    """Of the frames of ours, and of theirs that lie so much later."""
    common = [number for number in ours if number + shift in theirs][:ENOUGH_FRAMES]
    if not common:
        return 0.0
    x, y = [ours[number] for number in common], [theirs[number + shift] for number in common]
    # About their means, in one pass each: every satellite's every frame may come to this.
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    covariance = sum(map(mul, x, y)) - mean_x * sum(y)
    energy = (sum(map(mul, x, x)) - mean_x * sum(x)) * (sum(map(mul, y, y)) - mean_y * sum(y))
    return covariance / math.sqrt(energy) if energy > EVEN else 0.0
