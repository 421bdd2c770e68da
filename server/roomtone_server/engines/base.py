"""What each kind of engine promises. Requests are plain dataclasses that could travel to another machine.

Every engine is started once and closed once; `tests/contract` holds all of one kind to the same suite.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from roomtone_server.grammar.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class HearingRequest:
    """One utterance to come: 16 kHz, mono, int16."""

    language: str = "en"
    wake_phrase: str = ""  # "okay nabu": its rest may stand at the beginning, and is not part of the utterance
    area: str | None = None  # where the speaker is


@dataclass(frozen=True, slots=True)
class Partial:
    """A provisional transcript; each replaces the one before."""

    text: str
    samples: int  # how much audio it accounts for
    finished: bool = True  # False: it sounds as if the sentence went on; an engine that cannot tell says True


@dataclass(frozen=True, slots=True)
class Transcript:
    """The settled text; empty when nothing was understood, and the rest says why."""

    text: str
    rejected: str = ""  # what it would be, had it not been doubted too much
    doubt: float | None = None  # of `text` or `rejected`, on the engine's own scale; None: it does not verify
    spoken: bool = True  # False: a cough, a door, a room; nobody asked for anything, and nobody wants an answer
    finished: bool = True  # as a partial's


class Hearing(Protocol):
    """One utterance being heard. Errors of the engine are raised as EngineError from whichever call comes next."""

    async def feed(self, pcm: bytes) -> None:
        """Takes the next audio, any whole number of samples; returns at once unless the engine is seconds behind."""

    def partials(self) -> AsyncGenerator[Partial, None]:
        """Partials as they come, only those that differ from the last; ends once `finish` or `close` was called."""

    async def preview(self) -> Transcript:
        """What `finish` would say if no more audio came; any number of times before that."""

    async def finish(self) -> Transcript:
        """No more audio comes; the final transcript. At most once."""

    async def close(self) -> None:
        """Gives the utterance up and frees what it holds; any time, any number of times."""


class SpeechToText(Protocol):
    async def start(self) -> None:
        """Loads models and starts workers; after it, `hear` answers without delay. Raises EngineError."""

    async def learn(self, vocabulary: Vocabulary) -> list[str]:
        """Takes the home's words, and returns the names among them that it cannot hear. Until it returns, utterances
        are heard as before, without delay; those that are open keep the old words. Cheap when nothing changed."""

    async def hear(self, request: HearingRequest) -> Hearing:
        """Opens an utterance. Several may be open at once. Raises EngineError (a language it lacks, a dead worker that
        would not come back)."""

    async def close(self) -> None:
        """Stops everything. Idempotent."""


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """One piece of text to speak."""

    text: str
    language: str = "en"
    voice: str = ""  # empty: the engine's default for the language


class TextToSpeech(Protocol):
    @property
    def rate_hz(self) -> int:
        """Of the audio that `speak` yields; mono, int16. Known after `start`."""

    async def start(self) -> None:
        """Loads the voice. Raises EngineError."""

    def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        """Audio as it is made, in chunks of at most 100 ms, each a whole number of samples. Closing the iterator stops
        the engine in mid-word. Text without anything to say yields nothing. Raises EngineError."""

    async def close(self) -> None:
        """Idempotent."""
