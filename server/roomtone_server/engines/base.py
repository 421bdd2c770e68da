"""What each kind of engine promises. Requests are plain dataclasses that could travel to another machine.

Every engine is started once and closed once; `tests/contract` holds all of one kind to the same suite.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from roomtone_server.grammar.vocabulary import Vocabulary

ANY_LANGUAGE: Final = "auto"


@dataclass(frozen=True, slots=True)
class HearingRequest:
    """One utterance to come: 16 kHz, mono, int16."""

    language: str = "en"  # ANY_LANGUAGE: whichever is spoken; an engine that cannot tell hears one of its own
    wake_phrase: str = ""  # "okay nabu": its rest may stand at the beginning, and is not part of the utterance
    area: str | None = None  # where the speaker is
    names: tuple[str, ...] = ()  # that are likely to be said, beside the home's; an engine that cannot be told ignores
    terms: tuple[str, ...] = ()  # likewise, and less so


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
    language: str = ""  # a code, where the engine told it by the sound; empty: the one that was asked for


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
        """Opens an utterance. Several may be open at once. Raises LanguageMissing, and EngineError (a dead worker that
        would not come back)."""

    async def close(self) -> None:
        """Stops everything. Idempotent."""


@dataclass(frozen=True, slots=True)
class SpeechRequest:
    """One piece of text to speak."""

    text: str
    language: str = "en"
    voice: str = ""  # empty: the engine's default for the language
    speaker: str = ""  # of a voice that has several; empty: the voice's own


@dataclass(frozen=True, slots=True)
class Voice:
    """One voice of an engine, as `SpeechRequest.voice` names it."""

    name: str
    languages: tuple[str, ...] = ()  # codes; empty: whichever the engine speaks
    title: str = ""  # what people call it, where the name is a number
    speakers: tuple[str, ...] = ()  # of a voice that has several, as `SpeechRequest.speaker` names them


class TextToSpeech(Protocol):
    @property
    def rate_hz(self) -> int:
        """Of the audio that `speak` yields; mono, int16. Known after `start`."""

    async def start(self) -> None:
        """Loads the voice; a service elsewhere need not answer yet. Raises EngineError."""

    async def voices(self) -> list[Voice]:
        """Those that it has, by name; empty when nobody tells. After `start`. Raises EngineError."""

    def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        """Audio as it is made, in chunks of at most 100 ms, each a whole number of samples. Closing the iterator stops
        the engine in mid-word. Text without anything to say yields nothing. Raises EngineError; LanguageMissing for a
        language that it lacks."""

    async def close(self) -> None:
        """Idempotent."""


@dataclass(frozen=True, slots=True)
class Tool:
    """What a model may ask to be done."""

    name: str
    description: str
    parameters: Mapping[str, Any]  # a JSON schema of type "object"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What a model asks to be done, whole: nothing is yielded before its last character."""

    id: str  # tells it from the other calls of the same message
    name: str  # as the model wrote it: perhaps of no tool
    arguments: str  # JSON text as the model wrote it: perhaps broken


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message of a conversation. An assistant's may have `calls`; a tool's is the result of the call `answers`."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str
    calls: tuple[ToolCall, ...] = ()
    answers: ToolCall | None = None


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What a model is to go on from. A model server remembers the beginning that a request shares with the one before,
    byte for byte, so what seldom changes stands first: tools, `system`, old messages; what is new stands last."""

    system: str  # empty: none
    messages: tuple[ChatMessage, ...]
    tools: tuple[Tool, ...] = ()  # sent in this order, each with its keys sorted
    temperature: float | None = None  # None: what the engine's settings say
    max_tokens: int | None = None  # as above


@dataclass(frozen=True, slots=True)
class TextDelta:
    """The next piece of the answer; pieces join as they are. Never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """The next piece of what the model thinks to itself: never spoken. Never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class ChatEnd:
    """The last piece of every whole answer."""

    why: Literal["stop", "calls", "length", "refused"]  # "calls": it waits for their results; "length": it was cut off
    prompt_tokens: int = 0  # 0: the server did not count
    answer_tokens: int = 0  # as above; those of thinking among them


ChatPiece = TextDelta | ThinkingDelta | ToolCall | ChatEnd


class LanguageModel(Protocol):
    async def start(self) -> None:
        """Loads the client; asks the model server nothing, which may come up later. Raises EngineError (a key that is
        not where the settings say)."""

    async def models(self) -> list[str]:
        """The names of the models that can be chosen, sorted. Raises EngineError."""

    def chat(self, request: ChatRequest) -> AsyncGenerator[ChatPiece, None]:
        """The answer as it is made, a ChatEnd last; several may run at once. Closing the generator closes the
        connection, so that the server stops too. Raises EngineError, also after the first pieces."""

    async def close(self) -> None:
        """Idempotent; answers that are still being made end with EngineError."""
