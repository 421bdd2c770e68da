"""What the server says, put into the satellite's own words."""

from dataclasses import dataclass
from typing import Final

from wyoming.asr import Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event as LinkEvent

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone.errors import FrameError, LinkError, TokenRefused
from roomtone.link.events import (
    Chime,
    Flush,
    Heard,
    Listen,
    Message,
    Refused,
    Reply,
    SetSatellite,
    TurnEnded,
    WatchLevel,
    Yours,
    parse,
    printable,
)
from roomtone.satellite import events
from roomtone_satellite.feedback import EventName

# What a chunk may declare: beyond these, resampling a few bytes would make many of them.
MIN_RATE_HZ: Final = 8_000
MAX_RATE_HZ: Final = 192_000
MAX_CHANNELS: Final = 2


@dataclass(frozen=True, slots=True)
class ReplyAudio:
    turn: int
    pcm: bytes  # int16, interleaved
    rate_hz: int
    channels: int


@dataclass(frozen=True, slots=True)
class ReplyAudioEnded:
    turn: int


@dataclass(frozen=True, slots=True)
class Told:
    """For the owner's event commands."""

    event: EventName
    text: str


Heeded = SetSatellite | WatchLevel | events.Event | events.PlayChime | ReplyAudio | ReplyAudioEnded | Told


class Incoming:
    """The events of one connection. Audio carries no turn: it belongs to the reply that was announced last."""

    def __init__(self) -> None:
        self._turn: int | None = None

    def take(self, event: LinkEvent) -> Heeded | None:
        """What follows from an event; nothing from one of no concern, or of a newer server. Raises FrameError for a
        malformed one, LinkError when the server sends this satellite away."""
        message = parse(event)
        if message is not None:
            return self._message(message)
        if Transcript.is_type(event.type):
            return Told("transcript", text_of(event))
        return None if self._turn is None else _audio_event(event, self._turn)

    def _message(self, message: Message) -> Heeded | None:
        match message:
            case Reply(turn=turn, text=text):
                self._turn = turn
                return Told("reply", text)
            case Yours() | Heard() | Flush() | TurnEnded() | Listen():
                return _turn_event(message)
            case SetSatellite() | WatchLevel():
                return message
            case Chime(sound=sound):
                return events.PlayChime(sound)
            case Refused(reason="token", text=text):
                raise TokenRefused(f"the server sends this satellite away: {printable(text)}")
            case Refused(text=text):
                raise LinkError(f"the server ends the connection: {printable(text)}")
            case _:
                raise FrameError(f"the server sent {message.TYPE}, which only satellites send")


def _turn_event(message: Yours | Heard | Flush | TurnEnded | Listen) -> events.Event:
    match message:
        case Yours(turn=turn, settles_s=settles_s):
            return events.TurnGranted(turn, settles_s)
        case Heard(turn=turn):
            return events.EndpointFound(turn)
        case Flush(turn=turn):
            return events.FlushAsked(turn)
        case TurnEnded(turn=turn, outcome=outcome, text=text):
            return events.TurnEnded(turn, outcome, printable(text))
        case Listen(turn=turn):
            return events.ListenAsked(turn)


def _audio_event(event: LinkEvent, turn: int) -> Heeded | None:
    if AudioStart.is_type(event.type):
        return events.ReplyStarted(turn)
    if AudioChunk.is_type(event.type):
        return reply_audio(event, turn)
    return ReplyAudioEnded(turn) if AudioStop.is_type(event.type) else None


def reply_audio(event: LinkEvent, turn: int) -> ReplyAudio:
    """Of an audio-chunk. Raises FrameError for what no speaker should be given."""
    rate_hz, width, channels = (event.data.get(key) for key in ("rate", "width", "channels"))
    pcm = event.payload or b""
    if not (isinstance(rate_hz, int) and MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ):
        raise FrameError(f"a malformed {event.type}: its rate is not from {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz")
    if not (isinstance(channels, int) and 1 <= channels <= MAX_CHANNELS) or width != SAMPLE_BYTES:
        raise FrameError(f"a malformed {event.type}: it is not 16-bit audio of one or two channels")
    if len(pcm) % (SAMPLE_BYTES * channels):
        raise FrameError(f"a malformed {event.type}: it ends in half a sample")
    return ReplyAudio(turn, pcm, rate_hz, channels)


def text_of(event: LinkEvent, key: str = "text") -> str:
    """One of its fields. Raises FrameError where that is no text, or absent."""
    text = event.data.get(key)
    if not isinstance(text, str):
        raise FrameError(f"a malformed {event.type}: it has no {key}")
    return text
