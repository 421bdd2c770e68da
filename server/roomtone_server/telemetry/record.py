"""One record per turn: when each stage began and ended, and why nothing was understood. No words, unless asked for.

Times are ms since the turn's first moment, on the server's monotonic clock. `telemetry.folding` makes records.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import TypeAdapter

Stage = Literal["wake", "speech", "silence", "stt", "agent", "tts", "speaker", "sound"]
Span = tuple[float, float]  # begin and end, in ms

STAGES: Final[Mapping[Stage, str]] = {
    "wake": "the wake word was detected, until the server knows of it",
    "speech": "the user speaks, pauses included",
    "silence": "the silence that was waited for, to be sure",
    "stt": "the transcript is settled",
    "agent": "the agent acts, and finds its first words",
    "tts": "the first audio of the reply is made, and sent",
    "speaker": "it crosses the network, and begins to sound",
    "sound": "the reply plays",
}

BegunBy = Literal["wake-word", "button", "follow-up", "interruption", "server"]

Why = Literal["no-speech", "level-too-low", "not-speech", "too-noisy", "rejected", "no-words", "no-command", "stt-late"]

WHYS: Final[Mapping[Why, str]] = {
    "no-speech": "no speech",
    "level-too-low": "level too low",
    "not-speech": "a sound that was no speech",
    "too-noisy": "too noisy",
    "rejected": "rejected",
    "no-words": "no words were recognised",
    "no-command": "words that are no command",
    "stt-late": "STT late",
}


@dataclass(frozen=True, slots=True)
class Revisions:
    """Speculations on what the user was about to have said."""

    made: int = 0
    discarded: int = 0
    committed: int = 0


@dataclass(frozen=True, slots=True)
class Lengths:
    """Of texts, in characters; and how many partials there were."""

    partials: int = 0
    transcript: int = 0
    rejected: int = 0
    reply: int = 0


@dataclass(frozen=True, slots=True)
class Words:
    transcript: str
    rejected: str  # what it would have been, had it not been doubted too much
    reply: str


@dataclass(frozen=True, slots=True)
class TurnRecord:
    satellite: str  # its id
    turn: int  # its number on the link; the store counts for itself
    began_at: float  # seconds since the Unix epoch
    begun_by: BegunBy
    outcome: str
    why: Why | None  # nothing was understood
    failure: str  # what went wrong in a failed turn, as the log says it
    v2v_ms: float | None  # from the user's last speech sample to the reply's first, at the satellite
    silence_ms: int | None  # S, of that: how much was silence waited for
    stages: Mapping[Stage, Span]
    revisions: Revisions
    engines: Mapping[str, str]  # by kind
    lengths: Lengths
    doubt: float | None  # of what was rejected, on the recogniser's own scale
    speech_dbfs: float | None
    noise_dbfs: float | None
    words: Words | None  # None: not kept
    round_trip_ms: float | None = None  # to the satellite and back, the quickest of the last pings; None: not measured
    # So closely the satellite's clock is known; its sound card adds to that. None: it does not tell its clock, and what
    # it did stands where that arrived, less half a round trip.
    clock_error_ms: float | None = None
    satellite_name: str | None = None  # as people called it then; None: it was gone

    @property
    def why_words(self) -> str:
        """Why it came to nothing, in a few words; empty for a turn that was answered."""
        if self.why is None:
            return self.failure
        if self.why == "no-speech" and self.begun_by == "wake-word":
            return f"{WHYS[self.why]} after the wake word"
        return WHYS[self.why] + (f", distance {self.doubt:.2f}" if self.doubt is not None else "")


_ADAPTER: Final = TypeAdapter(TurnRecord)


def to_json(record: TurnRecord) -> str:
    return _ADAPTER.dump_json(record).decode()


def from_json(text: str) -> TurnRecord:
    """What `to_json` wrote."""
    return _ADAPTER.validate_json(text)
