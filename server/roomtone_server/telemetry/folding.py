"""What the trace told of one turn, folded into its record. Pure; any event may be missing, or be there twice.

What the satellite did is placed on the server's clock by the satellite's own, where the link knows that. Of a satellite
that does not tell it, the microphone is placed by the earliest arrival of any of its samples: none arrives before it
was recorded, and the fastest was late by the shortest way through the network, half of a round trip. Its speaker
likewise, by what it reports.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from roomtone.ears.level import LOW_ROOM_DBFS, LOW_SPEECH_DBFS, NOISY_DB
from roomtone.utf8 import encodable
from roomtone_server.telemetry.record import BegunBy, Lengths, Revisions, Span, Stage, TurnRecord, Why, Words
from roomtone_server.telemetry.trace import TraceEvent, What

NS_PER_S: Final = 1_000_000_000
NS_PER_MS: Final = 1_000_000
NS_PER_SAMPLE: Final = NS_PER_S // 16_000  # exactly 62,500

# A final transcript takes some ms; one that has not come after so long is late, whatever the reason.
STT_LATE_MS: Final = 5_000.0


def fold(
    events: Sequence[TraceEvent],
    *,
    began_at: float,
    engines: Mapping[str, str] | None = None,
    store_transcripts: bool = False,
    satellite_name: str | None = None,
) -> TurnRecord:
    """The record of a turn, from at least one event; `began_at` is the wall clock at the first of them."""
    told = _Told(events)
    stages = _stages(told)
    levels = told.data("level")
    outcome = str(told.data("ended").get("outcome", "lost"))
    rejected = encodable(str(told.data("rejected").get("text", "")))  # of each preview; the last of them is meant
    words = Words(told.text("transcript"), rejected, told.text("reply"))
    return TurnRecord(
        satellite=events[0].satellite,
        turn=events[0].turn,
        began_at=began_at,
        begun_by=_begun_by(told, outcome),
        outcome=outcome,
        why=_why(told, outcome, stages),
        failure=told.text("ended") if outcome == "failed" else "",
        v2v_ms=_v2v_ms(stages),
        silence_ms=told.data("endpoint").get("silence_ms"),
        stages=stages,
        revisions=Revisions(told.count("speculated"), told.count("discarded"), told.count("committed")),
        engines=dict(engines or {}),
        lengths=Lengths(told.count("partial"), len(words.transcript), len(words.rejected), len(words.reply)),
        doubt=told.data("rejected").get("doubt"),
        speech_dbfs=levels.get("speech_dbfs"),
        noise_dbfs=levels.get("noise_dbfs"),
        words=words if store_transcripts else None,
        round_trip_ms=min(told.figures("round_trip_ms"), default=None),
        clock_error_ms=max(told.figures("clock_error_ms"), default=None),
        satellite_name=satellite_name,
    )


class _Told:
    """The events of a turn, by what they tell."""

    def __init__(self, events: Iterable[TraceEvent]) -> None:
        self.events = sorted(events, key=lambda event: event.at_ns)
        self._of: defaultdict[What, list[TraceEvent]] = defaultdict(list)
        for event in self.events:
            self._of[event.what].append(event)

    def count(self, what: What) -> int:
        return len(self._of[what])

    def first_ns(self, what: What) -> int | None:
        return self._of[what][0].at_ns if self._of[what] else None

    def of(self, *kinds: What) -> list[TraceEvent]:
        return [event for event in self.events if event.what in kinds]

    def figures(self, key: str) -> list[float]:
        """What events of any kind say under a key."""
        return [event.data[key] for event in self.events if key in event.data]

    def data(self, what: What) -> Mapping[str, Any]:
        """Of the last event of a kind; empty when there is none."""
        return self._of[what][-1].data if self._of[what] else {}

    def text(self, what: What) -> str:
        """Of all events of a kind, one after the other; an engine may have written what no file can hold."""
        return encodable("".join(str(event.data.get("text", "")) for event in self._of[what]))

    def sample(self, what: What) -> int | None:
        """Where in the microphone's stream the first event of a kind stands."""
        return self._of[what][0].data.get("sample") if self._of[what] else None


class _Satellite:
    """When things happened there, on the server's clock."""

    def __init__(self, told: _Told) -> None:
        self._told = told
        knows_its_clock = told.figures("happened_ns")
        round_trip_ms = min(told.figures("round_trip_ms"), default=0.0)
        self._on_the_way_ns = 0 if knows_its_clock else int(round_trip_ms * NS_PER_MS / 2)
        self._microphone_began_ns = min(
            (
                self._happened_ns(event) - event.data["sample"] * NS_PER_SAMPLE
                for event in told.events
                if "sample" in event.data
            ),
            default=0,
        )

    def heard_ns(self, sample: int) -> int:
        """When the microphone heard it."""
        return self._microphone_began_ns + sample * NS_PER_SAMPLE

    @property
    def sounds_ns(self) -> int | None:
        """When the reply began to sound: not before it was sent. A gap in it delays only what follows, so the earliest
        report is right."""
        sent_ns = self._told.first_ns("first-audio")
        rate_hz = self._told.data("first-audio").get("rate_hz")
        reports = [event for event in self._told.of("sounded", "played") if event.data.get("samples")]
        if sent_ns is None or not rate_hz or not reports:
            return None
        begins_ns: list[int] = [
            self._happened_ns(event) - event.data["samples"] * NS_PER_S // rate_hz for event in reports
        ]
        return max(sent_ns, min(begins_ns))

    @property
    def played_ns(self) -> int | None:
        """When the reply had sounded."""
        played = self._told.of("played")
        return self._happened_ns(played[-1]) if played else None

    def _happened_ns(self, event: TraceEvent) -> int:
        """Nothing arrives before it happened, whatever a clock says."""
        return int(min(event.data.get("happened_ns", event.at_ns), event.at_ns)) - self._on_the_way_ns


def _stages(told: _Told) -> dict[Stage, Span]:
    """Those that began; one that was under way when the turn ended, ended then."""
    satellite = _Satellite(told)
    woken = told.sample("wake") if told.data("wake").get("name") else None
    started, endpoint = told.sample("speech-started"), told.data("endpoint")
    wake_ns = speech_ns = silence_ns = None
    sent_ns, sounds_ns = told.first_ns("first-audio"), satellite.sounds_ns
    if woken is not None:
        wake_ns = satellite.heard_ns(woken)
    if started is not None:  # what lies before the detection is the wake word
        speech_ns = satellite.heard_ns(max(started, woken or 0))
    if endpoint:
        silence_ns = satellite.heard_ns(endpoint["sample"] - endpoint["silence_ms"] * NS_PER_MS // NS_PER_SAMPLE)
    begins_and_ends: dict[Stage, tuple[int | None, int | None]] = {
        "wake": (wake_ns, told.first_ns("wake")),
        "speech": (speech_ns, silence_ns),
        "silence": (silence_ns, told.first_ns("endpoint")),
        "stt": (told.first_ns("endpoint"), told.first_ns("transcript")),
        "agent": (told.first_ns("transcript"), told.first_ns("reply")),
        "tts": (told.first_ns("reply"), sent_ns),
        "speaker": (None if sounds_ns is None else sent_ns, sounds_ns),
        "sound": (sent_ns if sounds_ns is None else sounds_ns, satellite.played_ns),
    }
    over_ns = told.events[-1].at_ns
    spans_ns = {
        stage: (begin_ns, max(begin_ns, over_ns if end_ns is None else end_ns))
        for stage, (begin_ns, end_ns) in begins_and_ends.items()
        if begin_ns is not None
    }
    zero_ns = min([told.events[0].at_ns, *(begin_ns for begin_ns, _ in spans_ns.values())])
    return {stage: (_ms(begin_ns - zero_ns), _ms(end_ns - zero_ns)) for stage, (begin_ns, end_ns) in spans_ns.items()}


def _ms(ns: int) -> float:
    return round(ns / NS_PER_MS, 1)


def _v2v_ms(stages: Mapping[Stage, Span]) -> float | None:
    if "silence" not in stages or "sound" not in stages:
        return None
    return round(stages["sound"][0] - stages["silence"][0], 1)


def _begun_by(told: _Told, outcome: str) -> BegunBy:
    """A number is odd when the satellite began the turn; the server begins one to speak, or to hear an answer."""
    if told.data("wake").get("name"):
        return "wake-word"
    if told.count("interruption"):
        return "interruption"
    if told.events[0].turn % 2:
        return "button"
    return "follow-up" if told.count("wake") or outcome == "nothing-said" else "server"


def _why(told: _Told, outcome: str, stages: Mapping[Stage, Span]) -> Why | None:
    """The most likely reason why nothing was understood; None when something was, or somebody gave the turn up."""
    match outcome:
        case "failed":
            waiting = told.count("endpoint") and not told.count("transcript")
            return "stt-late" if waiting and _length_ms(stages["stt"]) >= STT_LATE_MS else None
        case "nothing-said":
            return _why_nothing_said(told)
        case "not-understood":
            return _why_not_understood(told)
        case _:
            return None


def _why_nothing_said(told: _Told) -> Why:
    if told.count("endpoint"):
        return _why_of_its_level(told) or "not-speech"
    level = told.data("level")
    heard_dbfs = [level[key] for key in ("speech_dbfs", "noise_dbfs") if level.get(key) is not None]
    return "level-too-low" if heard_dbfs and max(heard_dbfs) < LOW_ROOM_DBFS else "no-speech"


def _why_not_understood(told: _Told) -> Why:
    if told.text("transcript"):
        return "no-command"
    return _why_of_its_level(told) or ("rejected" if told.count("rejected") else "no-words")


def _why_of_its_level(told: _Told) -> Why | None:
    """What was heard was too faint for anybody, or the room too loud."""
    speech_dbfs, noise_dbfs = (told.data("level").get(key) for key in ("speech_dbfs", "noise_dbfs"))
    if speech_dbfs is not None and speech_dbfs < LOW_SPEECH_DBFS:
        return "level-too-low"
    if speech_dbfs is not None and noise_dbfs is not None and speech_dbfs - noise_dbfs < NOISY_DB:
        return "too-noisy"
    return None


def _length_ms(span: Span) -> float:
    return span[1] - span[0]
