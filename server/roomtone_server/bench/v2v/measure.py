"""One turn: how long it took from the user's last sound to the reply's first, and by what; or why it does not count.

V2V is measured where people are: from the command's last speech sample, as it was played into the microphone, to the
first sample of the reply that can be heard at the speaker. What lies between is told by the server's trace.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Final

from roomtone_server.bench.answer import Answer
from roomtone_server.bench.judge import Judge, Verdict
from roomtone_server.bench.turn import Turn
from roomtone_server.bench.v2v.commands import Command

# One follows the other, and together they are V2V; by the event of the trace with which each ends.
STAGES: Final[Mapping[str, str]] = {
    "silence": "the server is sure that the user has finished",
    "stt": "the transcript is settled",
    "agent": "the agent acts, and finds its first words",
    "tts": "the first audio of the reply is made, and sent",
    "speaker": "it crosses the network, and can be heard",
}
_ENDS: Final = ("endpoint", "transcript", "reply", "first-audio")
_NS_PER_MS: Final = 1e6


class Outcome(StrEnum):
    COUNTED = "counted"
    NOT_WOKEN = "not woken"
    MISHEARD = "misheard"  # the transcript leads elsewhere, or nowhere
    SILENT = "no reply"
    EARLY = "early"  # it answered before the user had finished


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one turn; times in ms, None and empty unless it counts."""

    command: Command
    outcome: Outcome
    heard: str = ""
    v2v_ms: float | None = None
    s_ms: float | None = None  # of V2V, the silence that was waited for
    stages: Mapping[str, float] = field(default_factory=dict)

    @property
    def share_ms(self) -> float | None:
        """Of V2V, all but the silence that was waited for."""
        return None if self.v2v_ms is None or self.s_ms is None else self.v2v_ms - self.s_ms


def measured(command: Command, speech_end_ns: int, turn: Turn | None, answer: Answer | None, judge: Judge) -> Result:
    """`turn` and `answer` are None where there was none; times are CLOCK_MONOTONIC."""
    if turn is None:
        return Result(command, Outcome.NOT_WOKEN)
    heard = turn.transcript
    if judge.verdict(command.text, heard) is not Verdict.RIGHT:
        return Result(command, Outcome.MISHEARD, heard)
    ends_ns = [turn.at_ns(what) for what in _ENDS]
    sounds_ns = answer.audible_ns[0] if answer and answer.audible_ns else None
    moments_ns = [moment for moment in (speech_end_ns, *ends_ns, sounds_ns) if moment is not None]
    if sounds_ns is None or len(moments_ns) <= len(STAGES):
        return Result(command, Outcome.SILENT, heard)
    if sounds_ns < speech_end_ns:
        return Result(command, Outcome.EARLY, heard)
    lengths_ms = [(end - begin) / _NS_PER_MS for begin, end in pairwise(moments_ns)]
    stages = dict(zip(STAGES, lengths_ms, strict=True))
    return Result(command, Outcome.COUNTED, heard, sum(lengths_ms), float(turn.silence_ms or 0), stages)
