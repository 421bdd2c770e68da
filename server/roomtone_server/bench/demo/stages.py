"""The stages of one turn on one time axis, and all that there is to tell of it."""

from dataclasses import dataclass
from typing import Any, Final

from roomtone_server.bench.turn import Turn
from roomtone_server.telemetry.record import Span, Stage

Spans = dict[Stage, Span]

_EVER: Final = 2**63  # ns: when all is over


@dataclass(frozen=True, slots=True)
class Heard:
    """What the trace of a turn does not know, but who speaks and hears the answer. Times are CLOCK_MONOTONIC in ns."""

    zero_ns: int  # where the time axis begins
    wake_ns: int  # the wake word begins
    speech_ns: int | None = None  # the command begins
    silence_ns: int | None = None  # the command's last speech sample
    reply_ns: tuple[int, int] | None = None  # the reply's first and last audible sample, once it was played

    @property
    def v2v(self) -> Span | None:
        """From the user's last speech sample to the reply's first, in ms on the time axis; None without a reply, or
        when it came before the user had finished."""
        if self.reply_ns is None or self.silence_ns is None or self.reply_ns[0] < self.silence_ns:
            return None
        return self.ms(self.silence_ns), self.ms(self.reply_ns[0])

    def ms(self, at_ns: int) -> float:
        """A moment on the time axis."""
        return round((at_ns - self.zero_ns) / 1e6, 1)


def spans(turn: Turn, heard: Heard, now_ns: int) -> Spans:
    """The stages that have begun by now; the one that goes on ends now. A stage that the turn left out is missing."""
    at = turn.at_ns
    begins_and_ends: dict[Stage, tuple[int | None, int | None]] = {
        "wake": (heard.wake_ns, at("wake")),
        "speech": (heard.speech_ns, heard.silence_ns),
        "silence": (heard.silence_ns, at("endpoint")),
        "stt": (at("endpoint"), at("transcript")),
        "agent": (at("transcript"), at("reply")),
        "tts": (at("reply"), at("first-audio")),
        "speaker": (at("first-audio"), heard.reply_ns[0]) if heard.reply_ns else (None, None),
        "sound": heard.reply_ns or (at("first-audio"), at("played")),
    }
    found: Spans = {}
    for stage, (begin_ns, end_ns) in begins_and_ends.items():
        if begin_ns is None or begin_ns > now_ns or (end_ns is None and turn.outcome):
            continue
        until_ns = now_ns if end_ns is None else min(now_ns, end_ns)
        found[stage] = (heard.ms(begin_ns), heard.ms(max(begin_ns, until_ns)))
    return found


def result(turn: Turn, heard: Heard | None, reply_wav: str | None) -> dict[str, Any]:
    """A turn that is over, as `--json` prints it."""
    woken_ns = turn.at_ns("wake")
    v2v = heard.v2v if heard else None
    return {
        "wake": {"name": turn.wake_name, "ms": heard.ms(woken_ns)} if heard and woken_ns else None,
        "partials": turn.partials,
        "transcript": turn.transcript,
        "intent": turn.intent,
        "actions": turn.actions,
        "reply": turn.reply,
        "reply_wav": reply_wav,
        "v2v_ms": round(v2v[1] - v2v[0], 1) if v2v else None,
        "stages": {stage: list(span) for stage, span in spans(turn, heard, _EVER).items()} if heard else {},
    }
