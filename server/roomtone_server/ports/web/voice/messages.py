"""The events of `/voice`, both ways: docs/api.md tells them, and a test holds it to this file.

Each is a frozen dataclass whose fields are those of the event; `decode` makes one of what a browser sent, `encode` what
is sent to one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Annotated, Any, ClassVar, Final, Literal, get_args

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError
from pydantic_core import from_json

from roomtone.errors import FrameError
from roomtone.link.events import printable
from roomtone_server.runtime.session import Outcome

# Guard memory and the event loop: each is much more than a browser has a use for.
MAX_EVENT_BYTES: Final = 4096
MAX_AUDIO_BYTES: Final = 19_200  # 200 ms at 48 kHz


def _named(text: str) -> str:
    if name := printable(text):
        return name
    raise ValueError("nothing in it prints")


Name = Annotated[str, Field(max_length=64), AfterValidator(_named)]
BrowserId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{8,64}$")]
Turn = Annotated[int, Field(ge=0, lt=2**53)]
Position = Annotated[int, Field(ge=0, lt=2**53)]  # samples since the microphone, or the reply, began
Instant = Annotated[float, Field(ge=0, lt=2**43, allow_inf_nan=False)]  # ms on the browser's own monotonic clock

Mode = Literal["hold", "wake", "open"]
BegunBy = Literal["hold", "listen", "word", "voice", "interruption", "invitation"]
ChimeSound = Literal["awake", "invited", "done", "error", "timer"]
StageName = Literal[
    "wake",
    "interruption",
    "speech-started",
    "speech-ended",
    "speculated",
    "discarded",
    "committed",
    "endpoint",
    "first-audio",
    "last-audio",
    "played",
    "interrupted",
]


# --- from the browser ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hello:
    """Who it is: the first event, and only the first."""

    TYPE: ClassVar = "hello"
    browser: BrowserId
    name: Name
    area: Name | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """The microphone begins, or begins anew; its samples are counted from 0, at this rate."""

    TYPE: ClassVar = "start"
    rate: Literal[16000, 48000]
    mode: Mode


@dataclass(frozen=True, slots=True)
class Stop:
    """The microphone has ended."""

    TYPE: ClassVar = "stop"


@dataclass(frozen=True, slots=True)
class PositionTold:
    """The number of the sample that comes next, and when it was heard."""

    TYPE: ClassVar = "position"
    sample: Position
    at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    TYPE: ClassVar = "hold"


@dataclass(frozen=True, slots=True)
class Release:
    TYPE: ClassVar = "release"


@dataclass(frozen=True, slots=True)
class Listen:
    """An utterance begins that ends by its silence."""

    TYPE: ClassVar = "listen"


@dataclass(frozen=True, slots=True)
class Cancel:
    TYPE: ClassVar = "cancel"


@dataclass(frozen=True, slots=True)
class Played:
    """How much of the turn's reply has left the speaker."""

    TYPE: ClassVar = "played"
    turn: Turn
    samples: Position  # at the reply's own rate
    done: bool = False
    at: Instant | None = None


@dataclass(frozen=True, slots=True)
class Pong:
    TYPE: ClassVar = "pong"
    id: Position  # the ping's
    at: Instant | None = None


FromBrowser = Hello | Start | Stop | PositionTold | Hold | Release | Listen | Cancel | Played | Pong


# --- to the browser --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Welcome:
    TYPE: ClassVar = "welcome"
    satellite: str
    server: str


@dataclass(frozen=True, slots=True)
class Started:
    TYPE: ClassVar = "started"
    mode: Mode
    wake_words: tuple[str, ...]  # as they are spoken


@dataclass(frozen=True, slots=True)
class Listening:
    """The microphone is wanted from here on."""

    TYPE: ClassVar = "listening"
    turn: int
    by: BegunBy
    seconds: float | None = None  # that an invitation waits


@dataclass(frozen=True, slots=True)
class Heard:
    """The utterance is over."""

    TYPE: ClassVar = "heard"
    turn: int


@dataclass(frozen=True, slots=True)
class PartialText:
    TYPE: ClassVar = "partial"
    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class TranscriptText:
    TYPE: ClassVar = "transcript"
    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class Intent:
    TYPE: ClassVar = "intent"
    turn: int
    name: str
    slots: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Action:
    TYPE: ClassVar = "action"
    turn: int
    entity: str
    service: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ReplyText:
    TYPE: ClassVar = "reply"
    turn: int
    text: str


@dataclass(frozen=True, slots=True)
class ReplyAudio:
    """Binary frames of this turn's reply follow, at this rate in Hz."""

    TYPE: ClassVar = "audio"
    turn: int
    rate: int


@dataclass(frozen=True, slots=True)
class ReplyAudioEnd:
    TYPE: ClassVar = "audio-end"
    turn: int


@dataclass(frozen=True, slots=True)
class Pause:
    TYPE: ClassVar = "pause"
    turn: int


@dataclass(frozen=True, slots=True)
class Resume:
    TYPE: ClassVar = "resume"
    turn: int


@dataclass(frozen=True, slots=True)
class Flush:
    TYPE: ClassVar = "flush"
    turn: int


@dataclass(frozen=True, slots=True)
class Chime:
    TYPE: ClassVar = "chime"
    sound: ChimeSound


@dataclass(frozen=True, slots=True)
class Stage:
    TYPE: ClassVar = "stage"
    turn: int
    stage: StageName
    at: float  # ms since the turn began


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that the person should know."""

    TYPE: ClassVar = "problem"
    turn: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Ended:
    TYPE: ClassVar = "ended"
    turn: int
    outcome: Outcome
    text: str


@dataclass(frozen=True, slots=True)
class Ping:
    TYPE: ClassVar = "ping"
    id: int


ToBrowser = (
    Welcome
    | Started
    | Listening
    | Heard
    | PartialText
    | TranscriptText
    | Intent
    | Action
    | ReplyText
    | ReplyAudio
    | ReplyAudioEnd
    | Pause
    | Resume
    | Flush
    | Chime
    | Stage
    | Trouble
    | Ended
    | Ping
)

_KINDS: Final[Mapping[str, type[FromBrowser]]] = {kind.TYPE: kind for kind in get_args(FromBrowser)}
_FIELDS: Final = {kind: tuple(each.name for each in fields(kind)) for kind in get_args(ToBrowser)}


def decode(text: str) -> FromBrowser | None:
    """The event in a text frame; None for a type that is not known here. Raises FrameError for what is no event."""
    if len(text.encode(errors="surrogatepass")) > MAX_EVENT_BYTES:
        raise FrameError(f"an event has more than {MAX_EVENT_BYTES} bytes")
    try:
        event = from_json(text, allow_inf_nan=False)
    except ValueError:
        raise FrameError("an event is not JSON") from None
    kind = event.get("type") if isinstance(event, dict) else None
    if not isinstance(kind, str):
        raise FrameError("an event is not a JSON object with a type")
    if kind not in _KINDS:
        return None
    try:
        # By way of JSON, since strict Python validation takes a dataclass for itself only.
        return _adapter(kind).validate_json(text, strict=True)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "its fields"
        raise FrameError(f"a malformed {kind}: {where}: {first['msg']}") from None


def encode(event: ToBrowser) -> str:
    """The text frame that carries an event, whatever is in it: what JSON has no form for is a text, or null."""
    data = {"type": event.TYPE, **{name: getattr(event, name) for name in _FIELDS[type(event)]}}
    try:
        return _json(data, allow_nan=False)
    except ValueError:
        return _json(json.loads(_json(data), parse_constant=lambda _: None))


def _json(data: object, *, allow_nan: bool = True) -> str:
    return json.dumps(data, default=str, allow_nan=allow_nan, separators=(",", ":"))


@cache
def _adapter(kind: str) -> TypeAdapter[FromBrowser]:
    return TypeAdapter(_KINDS[kind])
