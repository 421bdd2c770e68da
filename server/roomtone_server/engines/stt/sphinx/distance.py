"""How far what a grammar claims to have heard lies from what a phone loop hears in the same audio. Pure.

A grammar bends all speech into one of its sentences, and its own scores do not tell. A decoder that is free to put any
phone behind any other does: for a sentence that was said, it finds similar phones, which fit hardly better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from roomtone_server.edit_distance import edit_distance

# The weights of a logistic regression over half of 200 commands that were heard right and 200 sentences that are no
# command, recorded and synthetic, scaled so that the distance weighs 1; bench/recogniser.py checks them on the others.
GAP_NATS: Final = 3.8
# A few phones are misheard, and fitted, worse than many: what is short is doubted less.
LENIENCE_PHONES: Final = 5.6

WORD_PHONES: Final = 3
WORD_FRAMES: Final = 25


@dataclass(frozen=True, slots=True)
class Phones:
    """What a decoder made of a stretch of audio, in frames of 10 ms."""

    names: Sequence[str]  # ARPAbet, without silence and noise
    spoken_frames: int  # those of `names`
    frames: int  # and those of silence and noise with them
    log_likelihood: float  # of all frames, in nats


def doubt(claimed: Phones, heard: Phones) -> float:
    """How little of a claim the phone loop confirms: 0.6 for the median command, 2 for other speech.

    The sum of the share of its phones that must be edited, and of how much better, per spoken frame, the loop's phones
    fit; less for few phones. A claim without phones is not doubted.
    """
    if not claimed.names or not claimed.spoken_frames or not claimed.frames or not heard.frames:
        return 0.0
    edited = edit_distance(claimed.names, heard.names) / len(claimed.names)
    better = heard.log_likelihood / heard.frames - claimed.log_likelihood / claimed.frames
    gap_nats = better * claimed.frames / claimed.spoken_frames
    return edited + gap_nats / GAP_NATS - LENIENCE_PHONES / len(claimed.names)


def is_speech(heard: Phones) -> bool:
    """Whether it is at least a word or two of speech, of whatever language; a cough or a door is not."""
    return len(heard.names) >= WORD_PHONES and heard.spoken_frames >= WORD_FRAMES
