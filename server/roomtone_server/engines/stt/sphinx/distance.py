"""How far what a grammar claims to have heard lies from what a phone loop hears in the same audio. Pure.

A grammar bends all speech into one of its sentences, and its own scores do not tell. A decoder that is free to put any
phone behind any other does: for a sentence that was said, it finds similar phones, which fit hardly better.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log, tanh
from statistics import fmean
from typing import Final, NamedTuple

from roomtone_server.edit_distance import edit_distance

VOWELS: Final = frozenset(("AA", "AE", "AH", "AO", "AW", "AY", "EH", "ER", "EY", "IH", "IY", "OW", "OY", "UH", "UW"))
# Of a phone in commands that were heard right, the median.
PHONE_FRAMES: Final = 8.5
DRAWN_OUT: Final = 1.6  # so many times as long may a word be that is said alone

EDGE_FRAMES: Final = 3  # the decoders disagree by so much where a word begins and ends
HALF_SURE_FRAMES: Final = 10  # a gap over a word so long says half of what it says over a very long one
GAP_OF_A_BENT_WORD_NATS: Final = 3.0  # as bad as having all its phones edited

# What a cough, a door, a hum lack: speech has several phones, and a vowel among them that is held no longer than this.
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
    worst: float  # of its worst word, the share edited, and the gap beside it: one name may be all that is foreign
    pace: float  # how much too long or too short words are for their phones: logarithm, squared; the mean
    elsewhere: float  # the share of the frames of the loop's phones which are silence by the claim
    voiceless: float  # 1: the loop heard no vowel, or none but a hum
    phones: float  # logarithm of their number: the same share of many says more than of few


def evidence(claimed: Sequence[Segment], heard: Sequence[Segment]) -> Evidence:
    """Of at least one word, and at least one frame that both heard. What the loop heard before the claim does not
    count: the rest of a wake word, which nobody claims."""
    words = _spoken(claimed)
    loop = [phone for phone in _spoken(heard) if phone.start + phone.end >= 2 * claimed[0].start]
    said, sounded = _phones(words), _phones(loop)
    word_frames, loop_frames = _frames(words), _frames(loop)
    start = max(claimed[0].start, heard[0].start)
    both = Segment((), start, max(start, min(claimed[-1].end, heard[-1].end)), 0.0)
    shared = sum(phone.shared(word) for phone in loop for word in words)
    return Evidence(
        edited=edit_distance(said, sounded) / len(said),
        gap_nats=(_log_likelihood(heard, both) - _log_likelihood(claimed, both)) / word_frames,
        worst=max(_bent(word, heard) for word in words),
        pace=_pace(words),
        elsewhere=1 - shared / loop_frames if loop else 0.0,
        voiceless=float(not _is_voiced(loop)),
        phones=log(len(said)),
    )


# A logistic regression over one half of some 1,000 commands, sentences that are none or of other homes, and noises,
# recorded and synthetic, as bench/rejection.py makes it, and checks it on the other half: whoever changes how either
# decoder scores has to make it anew. The bias lets 0.5 turn down all recorded clips of that half that are no command.
WEIGHTS: Final = Evidence(edited=1.73, gap_nats=0.86, worst=2.74, pace=6.2, elsewhere=6.95, voiceless=6.24, phones=0.62)
BIAS: Final = -11.49


def doubt(claimed: Sequence[Segment], heard: Sequence[Segment]) -> float:
    """How likely it is, from 0 to 1, that a claim was not said, where about half of what is claimed was not.

    A claim without words, and one that the loop heard nothing of, is not doubted.
    """
    if not _spoken(claimed) or not heard:
        return 0.0
    against = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, evidence(claimed, heard), strict=True))
    return (1 + tanh(against / 2)) / 2


def is_speech(heard: Sequence[Segment]) -> bool:
    """Whether it is a word or two, of whatever language; a cough or a door is not, a tune may be."""
    phones = _spoken(heard)
    return len(phones) >= FEWEST_PHONES and _is_voiced(phones)


def _pace(words: Sequence[Segment]) -> float:
    """The last word is drawn out, more or less: of several it does not count, alone it may be a little too long."""
    ratios = [_frames([word]) / len(word.phones) / PHONE_FRAMES for word in words]
    if len(ratios) == 1:
        ratios = [min(ratios[0], max(1.0, ratios[0] / DRAWN_OUT))]
    return fmean(log(ratio) ** 2 for ratio in ratios[: max(1, len(ratios) - 1)])


def _bent(word: Segment, heard: Sequence[Segment]) -> float:
    """How little of one word the loop's phones confirm that lie in it."""
    first, last = word.start - EDGE_FRAMES, word.end + EDGE_FRAMES
    inside = [phone for phone in _spoken(heard) if first <= (phone.start + phone.end) / 2 <= last]
    edited = (edit_distance(word.phones, _phones(inside)) + 0.5) / (len(word.phones) + 1)
    shared = sum(word.shared(each) for each in heard)
    gap = _log_likelihood(heard, word) - word.log_likelihood * shared / _frames([word])
    return edited + gap / (shared + HALF_SURE_FRAMES) / GAP_OF_A_BENT_WORD_NATS


def _is_voiced(phones: Iterable[Segment]) -> bool:
    return any(VOWELS.issuperset(each.phones) and each.end - each.start <= LONGEST_VOWEL_FRAMES for each in phones)


def _spoken(segments: Iterable[Segment]) -> list[Segment]:
    return [segment for segment in segments if segment.phones]


def _phones(segments: Iterable[Segment]) -> list[str]:
    return [phone for segment in segments for phone in segment.phones]


def _frames(segments: Iterable[Segment]) -> int:
    return sum(segment.end - segment.start for segment in segments)


def _log_likelihood(segments: Iterable[Segment], part: Segment) -> float:
    """Of a part of the frames; as if it were spread evenly over each segment."""
    return sum(each.log_likelihood * each.shared(part) / (each.end - each.start) for each in segments)
