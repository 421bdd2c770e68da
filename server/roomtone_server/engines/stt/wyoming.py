"""Speech-to-text by any Wyoming service, such as wyoming-faster-whisper.

    stt: {engine: wyoming, uri: "tcp://nas.lan:10300"}
    stt: {engine: wyoming, find: faster-whisper}

A service that streams its transcript tells it as it comes. A preview is asked for over a connection of its own, since
a service takes the end of the audio for the end of everything.
"""

from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any, Final

from pydantic import BaseModel, Field
from typing_extensions import override
from wyoming import asr
from wyoming.audio import AudioChunk, AudioStart, AudioStop

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone.engines import EngineSpec, Surroundings
from roomtone_server.engines.base import ANY_LANGUAGE, HearingRequest, Partial, SpeechToText, Transcript
from roomtone_server.engines.patience import Patience
from roomtone_server.engines.stt.latest import Latest
from roomtone_server.engines.stt.services import (
    MAX_UTTERANCE_BYTES,
    PATIENCE,
    HearingServiceSettings,
    check_language,
    closed,
    names_of,
)
from roomtone_server.engines.stt.streamed import StreamedHearing
from roomtone_server.engines.wyoming import Connection
from roomtone_server.engines.wyoming_place import WyomingPlaceSettings, WyomingService
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.languages.codes import primary_code

MAX_NAMES: Final = 500
MAX_NAME_TOKENS: Final = 5000
CHUNK_BYTES: Final = RATE_HZ * SAMPLE_BYTES  # in which a preview sends what was kept

_FORMAT: Final = {"rate": RATE_HZ, "width": SAMPLE_BYTES, "channels": 1}


class WyomingSettings(HearingServiceSettings, WyomingPlaceSettings):
    model: str = Field(default="", description="of a service that has several; else its own choice")


class _Model(BaseModel):
    name: str
    languages: tuple[str, ...]
    installed: bool = True


class _Program(BaseModel):
    models: list[_Model]


class _Info(BaseModel):
    asr: list[_Program] = []


class _Text(BaseModel):
    text: str
    language: str | None = None


class WyomingEars:
    """A Wyoming service behind the SpeechToText Protocol: one connection for each utterance, and for each preview."""

    def __init__(self, settings: WyomingSettings) -> None:
        self._settings = settings
        self._service = WyomingService("wyoming", settings, settings.connect_s, "asr")
        self._is_started = False
        self._languages: tuple[str, ...] | None = None  # once it told them
        self._names: list[str] = []
        self._open: set[WyomingHearing] = set()

    async def start(self) -> None:
        self._is_started = True
        self._languages = None

    async def learn(self, vocabulary: Vocabulary) -> list[str]:
        self._check_started()
        check_language("wyoming", self._languages or (), vocabulary.language)
        if self._settings.tell_names:
            self._names = names_of(vocabulary, most=MAX_NAMES, tokens=MAX_NAME_TOKENS)
        return []

    async def hear(self, request: HearingRequest) -> "WyomingHearing":
        self._check_started()
        check_language("wyoming", await self._told_languages(), request.language)
        asked = asr.Transcribe(
            name=self._settings.model or None,
            language=None if request.language == ANY_LANGUAGE else primary_code(request.language),
            transcript_names=[*request.names, *self._names] or None,
            transcript_terms=list(request.terms) or None,
        )
        hearing = WyomingHearing(self._service, self._settings, asked, request.wake_phrase, self._open.discard)
        await hearing.connect()
        self._open.add(hearing)
        return hearing

    async def close(self) -> None:
        self._is_started = False
        for hearing in list(self._open):
            await hearing.close()

    async def _told_languages(self) -> tuple[str, ...]:
        """Asked once; a service that was not there is asked again."""
        if self._languages is None:
            async with (
                self._service.connected() as connection,
                Patience(self._service.where, self._settings, *PATIENCE).wait(),
            ):
                info = await connection.info(_Info)
            wanted = self._settings.model
            models = [model for each in info.asr for model in each.models if model.installed]
            self._languages = tuple(code for model in models if wanted in ("", model.name) for code in model.languages)
        return self._languages

    def _check_started(self) -> None:
        if not self._is_started:
            raise closed("wyoming")


class WyomingHearing(StreamedHearing):
    """What the service tells before the end of the audio is provisional, even if it calls it a transcript: it does not
    know when our user has ended."""

    def __init__(
        self,
        service: WyomingService,
        settings: WyomingSettings,
        asked: asr.Transcribe,
        wake_phrase: str,
        forget: Callable[["WyomingHearing"], None],
    ) -> None:
        super().__init__(wake_phrase)
        self._service = service
        self._settings = settings
        self._asked = asked
        self._forget = forget
        self._connections = AsyncExitStack()
        self._connection: Connection
        self._previews = Latest(self._transcribed)
        self._pcm = bytearray()
        self._heard = Partial("", 0)
        self._has_transcript = False

    async def connect(self) -> None:
        """Once, first of all. Raises EngineError."""
        async with AsyncExitStack() as connected:
            self._connection = await connected.enter_async_context(self._service.connected())
            await self._connection.send(self._asked.event())
            await self._connection.send(AudioStart(**_FORMAT).event())
            self._connections = connected.pop_all()

    @property
    @override
    def heard(self) -> Partial:
        return self._heard

    async def feed(self, pcm: bytes) -> None:
        self.check_failure()
        taken = pcm[: MAX_UTTERANCE_BYTES - len(self._pcm)]
        if taken and self._is_open and not self._has_transcript:
            with self.failing():
                await self._connection.send(AudioChunk(**_FORMAT, audio=taken).event())
        self._pcm += taken

    async def preview(self) -> Transcript:
        self.check_open()
        if not self._pcm:
            return Transcript("", spoken=False)
        return await self._previews.of(bytes(self._pcm))

    async def finish(self) -> Transcript:
        self.check_open()
        self._is_open = False
        try:
            if not self._pcm:
                return Transcript("", spoken=False)
            await self._end()
            return self.transcript()
        finally:
            await self.close()

    @override
    async def read(self) -> None:
        event = await self._connection.receive()
        samples = len(self._pcm) // SAMPLE_BYTES
        if asr.Transcript.is_type(event.type):
            told = self._connection.understood(event, _Text)
            self._heard, self.language = Partial(told.text, samples), told.language or ""
            self._has_transcript = True
        elif asr.TranscriptStart.is_type(event.type):
            self._heard = Partial("", samples)
        elif asr.TranscriptChunk.is_type(event.type):
            self._heard = Partial(self._heard.text + self._connection.understood(event, _Text).text, samples)

    @override
    async def disconnect(self) -> None:
        self._forget(self)
        await self._previews.close()
        await self._connections.aclose()

    async def _end(self) -> None:
        async with Patience(self._service.where, self._settings, *PATIENCE).wait():
            if not self._has_transcript:
                await self._connection.send(AudioStop().event())
            await self.until(lambda: self._has_transcript)

    async def _transcribed(self, pcm: bytes) -> Transcript:
        """What the service makes of audio that is sent at once."""
        whole = WyomingHearing(self._service, self._settings, self._asked, self._wake_phrase, lambda _: None)
        try:
            await whole.connect()
            for at in range(0, len(pcm), CHUNK_BYTES):
                await whole.feed(pcm[at : at + CHUNK_BYTES])
            return await whole.finish()
        finally:
            await whole.close()


def _missing() -> None:
    """It needs nothing that the server does not."""


def _make(settings: WyomingSettings, _surroundings: Surroundings) -> SpeechToText:
    return WyomingEars(settings)


ENGINE: Final[EngineSpec[Any, Any]] = EngineSpec("wyoming", WyomingSettings, _make, _missing, auto=False)
