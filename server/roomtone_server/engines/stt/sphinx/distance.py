"""How far what a grammar claims to have heard lies from what a phone loop hears in the same audio. Pure.

A grammar bends all speech into one of its sentences, and its own scores do not tell. A decoder that is free to put any
phone behind any other does: for a sentence that was said, it finds similar phones, which fit hardly better.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log, tanh
from typing import Final, NamedTuple

from roomtone_server.edit_distance import edit_distance

VOWELS: Final = frozenset(("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"))
# Of a phone in commands that were heard right, the median.
PHONE_FRAMES: Final = 8.5

VOWEL_FRAMES: Final = 2  # of a vowel must lie in a word: the decoders disagree by a little where one ends

# What a cough, a door, a tone lack: speech has several phones, and a vowel among them that is held no longer than this.
FEWEST_PHONES: Final = 3
LONGEST_VOWEL_FRAMES: Final = 40


@dataclass(frozen=True, slots=True)
class Segment:
    """A word or a phone that a decoder found, or silence or noise between them; in frames of 10 ms."""

    phones: tuple[str, ...]  # ARPAbet; none in silence and noise
    start: int  # from the start of the utterance
    end: int  # behind the last
    log_likelihood: float  # in nats

    def shared(self, other: "Segment") -> int:
        """How many frames are of both."""
        return max(0, min(self.end, other.end) - max(self.start, other.start))


class Evidence(NamedTuple):
    """What speaks against a claim."""

    edited: float  # of its phones, the share that must be edited to have the loop's
    gap_nats: float  # how much better the loop fits, over all frames that both heard, per frame of the claim's words
    phones: float  # logarithm of their number: much is seldom misheard by chance
    pace: float  # how many times too long or too short a word is for its phones: logarithm, the mean of the words
    elsewhere: float  # the share of the frames of the loop's phones which are silence by the claim
    voiceless: float  # the share of its vowels that are in words in which the loop heard none


def evidence(claimed: Sequence[Segment], heard: Sequence[Segment]) -> Evidence:
    """Of at least one word, and at least one frame that both heard."""
    words, loop = _spoken(claimed), _spoken(heard)
    said, sounded = _phones(words), _phones(loop)
    word_frames, loop_frames = _frames(words), _frames(loop)
    start = max(claimed[0].start, heard[0].start)
    both = Segment((), start, max(start, min(claimed[-1].end, heard[-1].end)), 0.0)
    shared = sum(phone.shared(word) for phone in loop for word in words)
    return Evidence(
        edited=edit_distance(said, sounded) / len(said),
        gap_nats=(_log_likelihood(heard, both) - _log_likelihood(claimed, both)) / word_frames,
        phones=log(len(said)),
        pace=sum(abs(log(_frames([word]) / len(word.phones) / PHONE_FRAMES)) for word in words) / len(words),
        elsewhere=1 - shared / loop_frames if loop else 0.0,
        voiceless=_voiceless(words, loop),
    )


# A logistic regression over one half of some 1,000 commands, sentences that are none, and noises, recorded and
# synthetic; bench/rejection.py makes it, and checks it on the other half.
WEIGHTS: Final = Evidence(edited=5.1, gap_nats=1.3, phones=0.76, pace=4.3, elsewhere=4.2, voiceless=5.1)
BIAS: Final = -12.05


def doubt(claimed: Sequence[Segment], heard: Sequence[Segment]) -> float:
    """How likely it is, from 0 to 1, that a claim was not said, where half of what is claimed was not.

    A claim without words, and one that the loop heard nothing of, is not doubted.
    """
    if not _spoken(claimed) or not heard:
        return 0.0
    against = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, evidence(claimed, heard), strict=True))
    return (1 + tanh(against / 2)) / 2


def is_speech(heard: Sequence[Segment]) -> bool:
    """Whether it is a word at least, of whatever language; a cough or a door is not."""
    phones = _spoken(heard)
    vowels = [phone for phone in phones if VOWELS.issuperset(phone.phones)]
    return len(phones) >= FEWEST_PHONES and any(_frames([vowel]) <= LONGEST_VOWEL_FRAMES for vowel in vowels)


def _voiceless(words: Iterable[Segment], loop: Iterable[Segment]) -> float:
    heard = [phone for phone in loop if VOWELS.issuperset(phone.phones)]
    vowels = voiceless = 0
    for word in words:
        in_word = sum(phone in VOWELS for phone in word.phones)
        vowels += in_word
        if all(vowel.shared(word) < VOWEL_FRAMES for vowel in heard):
            voiceless += in_word
    return voiceless / vowels if vowels else 0.0


def _spoken(segments: Iterable[Segment]) -> list[Segment]:
    return [segment for segment in segments if segment.phones]


def _phones(segments: Iterable[Segment]) -> list[str]:
    return [phone for segment in segments for phone in segment.phones]


def _frames(segments: Iterable[Segment]) -> int:
    return sum(segment.end - segment.start for segment in segments)


def _log_likelihood(segments: Iterable[Segment], part: Segment) -> float:
    """Of a part of the frames; as if it were spread evenly over each segment."""
    return sum(each.log_likelihood * each.shared(part) / (each.end - each.start) for each in segments)
