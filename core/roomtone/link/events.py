"""The words that cross the link: Wyoming's events, and the few that a paired satellite needs beside them.

Wyoming's own (audio-start, audio-chunk, audio-stop, transcript, transcript-chunk, ping, pong) keep their meaning. Ours
begin with `roomtone-`. Each is a frozen dataclass whose fields are the event's data; `event_of` and `parse` convert.

Life of a connection, `>` from the satellite, `<` from the server:

    > roomtone-hello or roomtone-pair                the first message, always with the protocol's version
    < roomtone-welcome, roomtone-paired or roomtone-refused
    > roomtone-wake, audio-chunk ..., audio-stop     one utterance; its turn is the wake's
    < roomtone-yours                                 unless another satellite has heard the wake word better
    < roomtone-heard                                 enough: the satellite stops streaming
    < transcript-chunk ..., transcript, roomtone-reply, audio-start, audio-chunk ..., audio-stop
    > roomtone-played                                what has sounded, and that it is over
    < roomtone-turn-ended
    < roomtone-listen                                please stream without a wake word (a follow-up)

and beside all turns, with a satellite that has told its state:

    > roomtone-state                                 at once, and whenever it is another
    < roomtone-set                                   mute, volume, thresholds of wake words
    < roomtone-watch-level                           for some seconds, tell how loud it is
    > roomtone-level ...

A turn's number is odd when the satellite began it and even when the server did, so that neither waits for the other.
Audio chunks carry Wyoming's `timestamp` in ms; a frame is 20 ms, so a sample's position is exactly 16 times it.
What has an `at_us` tells when it was, on its sender's own clock: that which the sender's pongs tell.
"""

import json
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from typing import Annotated, ClassVar, Final, Literal, get_args

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from wyoming.event import Event

from roomtone.errors import FrameError

PROTOCOL: Final = 1
OLDEST_PROTOCOL: Final = 1


def printable(text: str) -> str:
    """The text on one line, without what would not print: control characters steer terminals and forge log lines."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


# What a peer may put into a field; the codec has bounded the whole event before.
Text = Annotated[str, Field(max_length=8192)]  # a reply's text; longer ones come in several
Name = Annotated[str, Field(max_length=128), AfterValidator(printable)]  # what people call a thing
Secret = Annotated[str, Field(max_length=128)]
Turn = Annotated[int, Field(ge=0, lt=2**53)]  # fits a JSON number everywhere
Position = Annotated[int, Field(ge=0, lt=2**53)]  # samples since the microphone (or the reply) began
Instant = Annotated[int, Field(ge=0, lt=2**53)]  # microseconds of its sender's monotonic clock, whatever its zero
Level = Annotated[float, Field(ge=-120, le=0)]  # dB below a full-scale square wave
MAX_SETTLES_S: Final = 2.0  # a chime later than this would answer nothing that anybody remembers

Volume = Annotated[float, Field(ge=0, le=1)]  # 1: as loud as the speaker is
Threshold = Annotated[float, Field(gt=0, lt=1)]  # of a wake word: the score from which on it is heard
MAX_WAKE_WORDS: Final = 32  # guards memory, and the page that lists them
MAX_ABILITIES: Final = 32  # as above; newer satellites may have some that we do not know
MAX_WATCH_S: Final = 60.0  # whoever wants to see levels for longer asks again: nobody's microphone tells them for ever

Ability = Literal["mute", "volume", "level", "thresholds"]
Outcome = Literal[
    "answered", "not-understood", "nothing-said", "interrupted", "cancelled", "failed", "lost", "elsewhere"
]
Sound = Literal["timer", "error", "done"]
Refusal = Literal["version", "token", "code", "busy", "malformed"]


@dataclass(frozen=True, slots=True)
class Hello:
    """A paired satellite opens its connection."""

    TYPE: ClassVar = "roomtone-hello"
    protocol: int
    software: Name
    satellite: Name  # the id that pairing gave
    token: Secret = field(repr=False)
    name: Name
    area: Name | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """An unpaired satellite asks to be let in, with the code's one-time secret."""

    TYPE: ClassVar = "roomtone-pair"
    protocol: int
    software: Name
    secret: Secret = field(repr=False)
    name: Name
    area: Name | None = None


@dataclass(frozen=True, slots=True)
class Paired:
    """The satellite is let in, and keeps these for the next time."""

    TYPE: ClassVar = "roomtone-paired"
    satellite: Name
    token: Secret = field(repr=False)
    server: Name  # its name, for people


@dataclass(frozen=True, slots=True)
class Welcome:
    TYPE: ClassVar = "roomtone-welcome"
    protocol: int
    software: Name
    server: Name  # its name, for people


@dataclass(frozen=True, slots=True)
class Refused:
    """The server closes after this; `text` is for the satellite's owner and says what to do."""

    TYPE: ClassVar = "roomtone-refused"
    reason: Refusal
    text: Text


@dataclass(frozen=True, slots=True)
class Wake:
    """A wake word was heard. Audio follows from `first_sample` on; the detection stood at `sample`."""

    TYPE: ClassVar = "roomtone-wake"
    turn: Turn
    name: Name  # empty: no wake word (a button, or the answer to roomtone-listen)
    phrase: Name
    score: float
    sample: Position
    first_sample: Position
    held: bool = False  # a button is held: the utterance lasts until roomtone-released
    word_dbfs: Level | None = None  # how loud the wake word was, and the room without it; None: not measured
    room_dbfs: Level | None = None
    at_us: Instant | None = None  # when `sample` was heard


@dataclass(frozen=True, slots=True)
class Yours:
    """The turn is this satellite's, unless one that heard the wake word better takes it; the chime waits so long."""

    TYPE: ClassVar = "roomtone-yours"
    turn: Turn
    settles_s: Annotated[float, Field(ge=0, le=MAX_SETTLES_S)]


@dataclass(frozen=True, slots=True)
class Released:
    """The button that was held for this turn is held no longer: that was the utterance."""

    TYPE: ClassVar = "roomtone-released"
    turn: Turn


@dataclass(frozen=True, slots=True)
class Heard:
    """The endpoint: the satellite stops streaming this turn."""

    TYPE: ClassVar = "roomtone-heard"
    turn: Turn


@dataclass(frozen=True, slots=True)
class Reply:
    """The reply's text, before its audio; the audio up to the next audio-stop belongs to it."""

    TYPE: ClassVar = "roomtone-reply"
    turn: Turn
    text: Text


@dataclass(frozen=True, slots=True)
class Played:
    """How much of the turn's reply has left the speaker; `done` when its audio-stop was reached or it was flushed."""

    TYPE: ClassVar = "roomtone-played"
    turn: Turn
    samples: Position  # at the reply's own rate
    done: bool
    at_us: Instant | None = None  # when that was so


@dataclass(frozen=True, slots=True)
class Flush:
    """The speaker falls silent now and forgets what it holds of this turn."""

    TYPE: ClassVar = "roomtone-flush"
    turn: Turn


@dataclass(frozen=True, slots=True)
class TurnEnded:
    TYPE: ClassVar = "roomtone-turn-ended"
    turn: Turn
    outcome: Outcome
    text: Text = ""  # for a failed turn, what went wrong


@dataclass(frozen=True, slots=True)
class Listen:
    """The server asks for an utterance without a wake word, once the reply has been played."""

    TYPE: ClassVar = "roomtone-listen"
    turn: Turn
    seconds: float  # soft end when nothing was said by then


@dataclass(frozen=True, slots=True)
class Interrupt:
    """A voice, and no wake word, while a reply sounds. Audio follows from `first_sample` on; the voice began at
    `sample`. The reply goes on when this turn ends, and is over when the reply's is flushed."""

    TYPE: ClassVar = "roomtone-interrupt"
    turn: Turn  # that it may become
    interrupts: Turn  # the reply's
    sample: Position
    first_sample: Position
    paused: bool  # whether the reply is paused meanwhile
    at_us: Instant | None = None  # when `sample` was heard


@dataclass(frozen=True, slots=True)
class Cancel:
    """The satellite gives a turn up: its button, its mute, a wake word during the reply."""

    TYPE: ClassVar = "roomtone-cancel"
    turn: Turn


@dataclass(frozen=True, slots=True)
class Chime:
    """The satellite plays one of its own sounds, if it has them switched on."""

    TYPE: ClassVar = "roomtone-chime"
    sound: Sound


@dataclass(frozen=True, slots=True)
class Ping:
    """Wyoming's: are you there?"""

    TYPE: ClassVar = "ping"
    text: Text | None = None


@dataclass(frozen=True, slots=True)
class Pong:
    """The answer to a ping: Wyoming's, and what the clock of who answers shows."""

    TYPE: ClassVar = "pong"
    text: Text | None = None  # the ping's
    at_us: Instant | None = None  # None: an end that does not tell


@dataclass(frozen=True, slots=True)
class WakeWord:
    """One of those that a satellite listens for: part of its state."""

    name: Name
    phrase: Name  # as it is spoken
    threshold: Threshold | None = None  # None: its engine does not tell


@dataclass(frozen=True, slots=True)
class SatelliteState:
    """How the satellite is set, and what the server may set. What it does not name in `can`, it is not asked for."""

    TYPE: ClassVar = "roomtone-state"
    muted: bool
    muted_there: bool  # by its own button or settings, which alone lift that
    volume: Volume
    wake_words: Annotated[tuple[WakeWord, ...], Field(max_length=MAX_WAKE_WORDS)] = ()
    can: Annotated[tuple[Name, ...], Field(max_length=MAX_ABILITIES)] = ()  # of `Ability`, or of a newer version's


@dataclass(frozen=True, slots=True)
class SetSatellite:
    """The server sets what it names; None stays as it is. `roomtone-state` tells what became of it."""

    TYPE: ClassVar = "roomtone-set"
    muted: bool | None = None  # False lifts a mute that was set so, and no other
    volume: Volume | None = None
    thresholds: Annotated[dict[Name, Threshold], Field(max_length=MAX_WAKE_WORDS)] | None = None  # by wake word


@dataclass(frozen=True, slots=True)
class WatchLevel:
    """For so long the satellite tells how loud it is there; nothing while it is muted. Anew at each of these."""

    TYPE: ClassVar = "roomtone-watch-level"
    seconds: Annotated[float, Field(ge=0, le=MAX_WATCH_S)]


@dataclass(frozen=True, slots=True)
class SatelliteLevel:
    """How loud the microphone has heard the room since the last of these, a few times a second."""

    TYPE: ClassVar = "roomtone-level"
    dbfs: Level


Message = (
    Hello
    | Pair
    | Paired
    | Welcome
    | Refused
    | Wake
    | Released
    | Yours
    | Heard
    | Reply
    | Played
    | Flush
    | TurnEnded
    | Listen
    | Interrupt
    | Cancel
    | Chime
    | SatelliteState
    | SetSatellite
    | WatchLevel
    | SatelliteLevel
    | Ping
    | Pong
)

_KINDS: Final[dict[str, type[Message]]] = {kind.TYPE: kind for kind in get_args(Message)}
# `dataclasses.asdict` would copy values that nobody can change, and take twenty times as long. Only a state, which is
# told rarely, has others inside.
_FIELDS: Final = {kind: tuple(each.name for each in fields(kind)) for kind in get_args(Message)}


def event_of(message: Message) -> Event:
    """The Wyoming event that carries a message."""
    if isinstance(message, SatelliteState):
        return Event(type=message.TYPE, data=asdict(message))
    return Event(type=message.TYPE, data={name: getattr(message, name) for name in _FIELDS[type(message)]})


def parse(event: Event) -> Message | None:
    """The message that an event carries; None for an event that is not one of ours.

    Raises FrameError for one of ours with a field missing, too long, or of another type. Fields that this version does
    not know are ignored, so that a newer peer may add some.
    """
    if event.type not in _KINDS:
        return None
    try:
        # By way of JSON, since strict Python validation takes a dataclass for itself only.
        message: Message = _adapter(event.type).validate_json(json.dumps(event.data), strict=True)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "its data"
        raise FrameError(f"a malformed {event.type}: {where}: {first['msg']}") from None
    return message


@cache
def _adapter(kind: str) -> TypeAdapter[Message]:
    """Each when it is needed: all of them would take some 30 ms of a server's start."""
    return TypeAdapter(_KINDS[kind])
