"""A voice session: what the runtime knows of a satellite, whichever kind it is. A port provides it.

Frames come in; audio and events go out. Nothing here waits for the network except `play`, which waits for room.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from roomtone_server.turn.events import Outcome, Sound

# Ports speak of outcomes and sounds, and do not import the turn.
__all__ = ["Audio", "GivenUp", "Incoming", "Outcome", "Satellite", "Sound", "Sounded", "VoiceSession", "Woken"]


@dataclass(frozen=True, slots=True)
class Satellite:
    id: str  # stable across connections
    name: str  # for people
    area: str | None


@dataclass(frozen=True, slots=True)
class Woken:
    """An utterance begins; the audio that follows belongs to it."""

    turn: int
    word: str  # the wake word's name; empty when there was none
    phrase: str  # as it is spoken
    score: float
    sample: int  # of the detection
    first_sample: int  # of the audio that follows


@dataclass(frozen=True, slots=True)
class Audio:
    pcm: bytes  # 16 kHz, mono, int16, any whole number of samples
    first_sample: int


@dataclass(frozen=True, slots=True)
class Sounded:
    turn: int
    samples: int  # at the reply's rate
    done: bool


@dataclass(frozen=True, slots=True)
class GivenUp:
    turn: int


Incoming = Woken | Audio | Sounded | GivenUp


class VoiceSession(Protocol):
    @property
    def satellite(self) -> Satellite: ...

    def incoming(self) -> AsyncGenerator[Incoming, None]:
        """What the satellite sends, in order; ends, or raises LinkError, when it is gone."""

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
