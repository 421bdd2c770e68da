"""What a Wyoming satellite says, as far as we listen. Where one leaves a field out, what it most likely means is the
default here.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Literal

from pydantic import BaseModel

from roomtone.link.codec import Limits
from roomtone_server.ports.plain import Name, Sound, SoundEnded, Vocabulary

# One that waits for a voice sends the seconds before it in one chunk: up to five of them, at 48 kHz.
LIMITS: Final = Limits(payload_bytes=512 * 1024)


class About(BaseModel):
    """Of itself; either may be empty."""

    name: Name = ""
    area: Name = ""


@dataclass(frozen=True, slots=True)
class Described:
    """The answer to `describe`; `satellite` is None for a service that is none."""

    TYPE: ClassVar[str] = "info"
    satellite: About | None = None


@dataclass(frozen=True, slots=True)
class WantsTurn:
    """Audio follows: from `wake` on in which a wake word is to be found, from `asr` on in which there was one."""

    TYPE: ClassVar[str] = "run-pipeline"
    start_stage: Literal["wake", "asr", "intent", "handle", "tts"]
    restart_on_end: bool = False  # of one that streams always
    wake_word_name: Name = ""


@dataclass(frozen=True, slots=True)
class HeardWord:
    """It has heard a wake word by itself."""

    TYPE: ClassVar[str] = "detection"
    name: Name = ""


@dataclass(frozen=True, slots=True)
class Played:
    """What it was sent up to the last `audio-stop` has sounded."""

    TYPE: ClassVar[str] = "played"


@dataclass(frozen=True, slots=True)
class Complaint:
    """Why it does not do as it was told."""

    TYPE: ClassVar[str] = "error"
    text: Name = ""


Word = Described | WantsTurn | HeardWord | Sound | SoundEnded | Played | Complaint

WORDS: Final = Vocabulary[Word](Described, WantsTurn, HeardWord, Sound, SoundEnded, Played, Complaint)
