"""What a Wyoming satellite says, as far as we listen: each event decoded, and bounded, or refused.

Wyoming has no events for much that our own satellites tell; where a satellite of another make leaves a field out, what
it most likely means is the default here.
"""

import json
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, TypeAdapter, ValidationError
from wyoming.event import Event

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone.errors import FrameError
from roomtone.link.codec import Limits
from roomtone.link.events import printable

# One that waits for a voice sends the seconds before it in one chunk: up to five of them, at 48 kHz.
LIMITS: Final = Limits(payload_bytes=512 * 1024)

MAX_CHANNELS: Final = 8  # microphone arrays have four or six
_NAME_CHARACTERS: Final = 128


def _named(text: str) -> str:
    return printable(text)[:_NAME_CHARACTERS]


def _or_nothing(value: object) -> object:
    """Wyoming writes null where it has no name."""
    return "" if value is None else value


Name = Annotated[str, BeforeValidator(_or_nothing), AfterValidator(_named)]


class About(BaseModel):
    """Of itself; either may be empty."""

    name: Name = ""
    area: Name = ""


@dataclass(frozen=True, slots=True)
class Described:
    """The answer to `describe`; `satellite` is None for a service that is none."""

    TYPE: ClassVar = "info"
    satellite: About | None = None


@dataclass(frozen=True, slots=True)
class WantsTurn:
    """Audio follows: from `wake` on in which a wake word is to be found, from `asr` on in which there was one."""

    TYPE: ClassVar = "run-pipeline"
    start_stage: Literal["wake", "asr", "intent", "handle", "tts"]
    restart_on_end: bool = False  # of one that streams always
    wake_word_name: Name = ""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """It has heard a wake word by itself."""

    TYPE: ClassVar = "detection"
    name: Name = ""


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of what its microphone hears: int16, interleaved."""

    TYPE: ClassVar = "audio-chunk"
    rate: Annotated[int, Field(ge=8_000, le=96_000)]
    width: Literal[2]
    channels: Annotated[int, Field(ge=1, le=MAX_CHANNELS)]
    pcm: bytes = b""


@dataclass(frozen=True, slots=True)
class StoppedStreaming:
    TYPE: ClassVar = "audio-stop"


@dataclass(frozen=True, slots=True)
class Played:
    """What it was sent up to the last `audio-stop` has sounded."""

    TYPE: ClassVar = "played"


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why it does not do as it was told."""

    TYPE: ClassVar = "error"
    text: Name = ""


Word = Described | WantsTurn | HeardWord | Sound | StoppedStreaming | Played | Complaint

_ADAPTERS: Final = {kind.TYPE: TypeAdapter(kind) for kind in get_args(Word)}


def parse(event: Event) -> Word | None:
    """None for an event that says nothing to us. Raises FrameError for one that is not as it should be."""
    adapter = _ADAPTERS.get(event.type)
    if adapter is None:
        return None
    try:
        word: Word = adapter.validate_json(json.dumps(event.data))
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "its data"
        raise FrameError(f"a malformed {event.type}: {where}: {first['msg']}") from None
    return _with_audio(word, event.payload or b"") if isinstance(word, Sound) else word


def _with_audio(sound: Sound, pcm: bytes) -> Sound:
    if len(pcm) % (SAMPLE_BYTES * sound.channels):
        raise FrameError("a malformed audio-chunk: it ends in the middle of a sample")
    return Sound(sound.rate, sound.width, sound.channels, pcm)
