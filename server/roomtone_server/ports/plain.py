"""Plain Wyoming as ports hear it: each event decoded, and bounded, or refused. Nobody proves who sent it."""

import json
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Final, Generic, Literal, Protocol, TypeVar, cast

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, ValidationError
from wyoming.event import Event

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone.errors import FrameError
from roomtone.link.events import printable

MAX_CHANNELS: Final = 8  # microphone arrays have four or six
_NAME_CHARACTERS: Final = 128


def _named(text: str) -> str:
    return printable(text)[:_NAME_CHARACTERS]


def _or_nothing(value: object) -> object:
    """Wyoming writes null where it has no name."""
    return "" if value is None else value


Name = Annotated[str, BeforeValidator(_or_nothing), AfterValidator(_named)]


class Word(Protocol):
    """A frozen dataclass whose fields are an event's data; further data is ignored."""

    TYPE: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of audio: int16, interleaved."""

    TYPE: ClassVar[str] = "audio-chunk"
    rate: Annotated[int, Field(ge=8_000, le=96_000)]
    width: Literal[2]
    channels: Annotated[int, Field(ge=1, le=MAX_CHANNELS)]
    pcm: bytes = b""


@dataclass(frozen=True, slots=True)
class SoundEnded:
    TYPE: ClassVar[str] = "audio-stop"


W = TypeVar("W", bound=Word)


class Vocabulary(Generic[W]):
    """The words that a port listens for."""

    def __init__(self, *kinds: type[W]) -> None:
        self._adapters = {kind.TYPE: TypeAdapter(kind) for kind in kinds}

    def parse(self, event: Event) -> W | None:
        """None for an event that is none of them. Raises FrameError for one that is not as it should be."""
        adapter = self._adapters.get(event.type)
        if adapter is None:
            return None
        try:
            word = adapter.validate_json(json.dumps(event.data))
        except ValidationError as problem:
            first = problem.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "its data"
            raise FrameError(f"a malformed {event.type}: {where}: {first['msg']}") from None
        return cast("W", _with_audio(word, event.payload or b"")) if isinstance(word, Sound) else word


def _with_audio(sound: Sound, pcm: bytes) -> Sound:
    if len(pcm) % (SAMPLE_BYTES * sound.channels):
        raise FrameError("a malformed audio-chunk: it ends in the middle of a sample")
    return replace(sound, pcm=pcm)
