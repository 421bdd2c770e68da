"""A voice session: what the runtime knows of a satellite, whichever kind it is. A port provides it.

Frames come in; audio and events go out. Nothing here waits for the network except `play`, which waits for room.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from roomtone_server.turn.events import Outcome, Sound

# Ports speak of outcomes and sounds, and do not import the turn.
__all__ = [
    "Audio",
    "GivenUp",
    "Incoming",
    "Interrupted",
    "Kind",
    "Moment",
    "Outcome",
    "Released",
    "Satellite",
    "Sound",
    "Sounded",
    "VoiceSession",
    "Woken",
]


Kind = Literal["native", "wyoming", "browser"]


@dataclass(frozen=True, slots=True)
class Satellite:
    id: str  # stable across connections
    name: str  # for people
    area: str | None
    kind: Kind = "native"


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened at the satellite, as far as the link knows it."""

    at_s: float | None = None  # on the server's monotonic clock; None: the satellite does not tell of its own
    error_s: float = 0.0  # it was at most so much earlier or later
    round_trip_s: float | None = None  # to the satellite and back; None: not measured

    def told(self) -> dict[str, Any]:
        """For the trace."""
        told: dict[str, Any] = {}
        if self.round_trip_s is not None:
            told["round_trip_ms"] = round(self.round_trip_s * 1000, 3)
        if self.at_s is not None:
            told |= {"happened_ns": round(self.at_s * 1e9), "clock_error_ms": round(self.error_s * 1000, 3)}
        return told


SOMETIME: Final = Moment()


@dataclass(frozen=True, slots=True)
class Woken:
    """An utterance begins; the audio that follows belongs to it."""

    turn: int
    word: str  # the wake word's name; empty when there was none
    phrase: str  # as it is spoken
    score: float
    sample: int  # of the detection
    first_sample: int  # of the audio that follows
    held: bool = False  # by a button, for as long as it is held
    unasked: bool = False  # begun by a voice alone, which may speak to others
    snr_db: float | None = None  # how far the word stood out of the room; None: not known
    heard: Moment = SOMETIME  # `sample`


@dataclass(frozen=True, slots=True)
class Released:
    """The button that was held for this turn is held no longer."""

    turn: int


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A voice while a reply sounds; the audio that follows is of it. It ends as its turn does, or the reply's."""

    turn: int  # that it may become
    interrupts: int  # the turn of the reply
    sample: int  # where the voice began
    first_sample: int  # of the audio that follows
    paused: bool  # whether the reply is paused meanwhile
    heard: Moment = SOMETIME  # `sample`


@dataclass(frozen=True, slots=True)
class Audio:
    pcm: bytes  # 16 kHz, mono, int16, any whole number of samples
    first_sample: int


@dataclass(frozen=True, slots=True)
class Sounded:
    turn: int
    samples: int  # at the reply's rate
    done: bool
    sounded: Moment = SOMETIME  # so many


@dataclass(frozen=True, slots=True)
class GivenUp:
    turn: int


Incoming = Woken | Released | Interrupted | Audio | Sounded | GivenUp


class VoiceSession(Protocol):
    @property
    def satellite(self) -> Satellite: ...

    def incoming(self) -> AsyncGenerator[Incoming, None]:
        """What the satellite sends, in order; ends, or raises LinkError, when it is gone."""

    def grant(self, turn: int, settles_s: float) -> None:
        """The turn is this satellite's, unless a better one takes it; its chime waits for so long."""

    def stop_listening(self, turn: int) -> None:
        """The endpoint was found: no more audio is wanted."""

    def show_partial(self, turn: int, text: str) -> None: ...

    def show_transcript(self, turn: int, text: str) -> None: ...

    def show_reply(self, turn: int, text: str) -> None: ...

    def chime(self, sound: Sound) -> None:
        """One of the satellite's own sounds, before the reply."""

    def begin_reply(self, turn: int, rate_hz: int) -> None:
        """Audio of this turn follows: mono, int16."""

    def play(self, turn: int, pcm: bytes) -> None:
        """The next of the reply's audio, a chunk of at most 100 ms; the runtime paces it."""

    def end_reply(self, turn: int) -> None:
        """That was all of it; the satellite reports when it has sounded."""

    def flush(self, turn: int) -> None:
        """The speaker falls silent now."""

    def invite(self, turn: int, seconds: float) -> None:
        """Stream without a wake word, as this turn."""

    def end_turn(self, turn: int, outcome: Outcome, text: str) -> None: ...
