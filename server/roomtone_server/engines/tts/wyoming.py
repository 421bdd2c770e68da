"""Text-to-speech by any Wyoming service, such as wyoming-piper.

tts: {engine: wyoming, uri: "tcp://nas.lan:10200"}
tts: {engine: wyoming, find: piper}
"""

import contextlib
from collections.abc import AsyncGenerator
from typing import Any, Final, Literal

from pydantic import BaseModel, Field
from wyoming.audio import AudioChunk, AudioStop
from wyoming.event import Event
from wyoming.tts import Synthesize, SynthesizeVoice

from roomtone.engines import EngineSpec, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines.base import SpeechRequest, TextToSpeech, Voice
from roomtone_server.engines.patience import Patience
from roomtone_server.engines.tts.chunks import Chunks
from roomtone_server.engines.tts.services import PATIENCE, VoiceServiceSettings, fitting, voice_for
from roomtone_server.engines.tts.texts import is_sayable, plain
from roomtone_server.engines.wyoming import Connection
from roomtone_server.engines.wyoming_place import WyomingPlaceSettings, WyomingService
from roomtone_server.languages.codes import best_code, normal_code


class WyomingSettings(VoiceServiceSettings, WyomingPlaceSettings):
    voice: str = Field(default="", description="where neither `voices` nor the request names one; else its own")
    speaker: str = Field(default="", description="of a voice that has several")
    rate_hz: int = Field(default=22_050, ge=8_000, le=48_000, description="a voice of another rate is converted")


class _Speaker(BaseModel):
    name: str


class _Voice(BaseModel):
    name: str
    languages: tuple[str, ...]
    installed: bool = True
    speakers: list[_Speaker] | None = None


class _Program(BaseModel):
    voices: list[_Voice]


class _Info(BaseModel):
    tts: list[_Program] = []


class _Format(BaseModel):
    rate: int = Field(ge=4_000, le=192_000)
    width: Literal[2]
    channels: int = Field(ge=1, le=8)


class WyomingVoice:
    """A Wyoming service behind the TextToSpeech Protocol: one connection for each text."""

    def __init__(self, settings: WyomingSettings, language: str) -> None:
        self._settings = settings
        self._language = language  # of the house
        self._service = WyomingService("wyoming", settings, settings.connect_s, "tts")
        self._started = False
        self._voices: list[Voice] | None = None  # once it told them
        self._speeches: set[Connection] = set()

    @property
    def rate_hz(self) -> int:
        return self._settings.rate_hz

    async def start(self) -> None:
        self._started = True
        self._voices = None

    async def voices(self) -> list[Voice]:
        self._check_started()
        async with self._service.connected() as connection, self._patience().wait():
            info = await connection.info(_Info)
        installed = {voice.name: voice for each in info.tts for voice in each.voices if voice.installed}
        self._voices = [
            Voice(
                name,
                tuple(map(normal_code, voice.languages)),
                speakers=tuple(speaker.name for speaker in voice.speakers or ()),
            )
            for name, voice in sorted(installed.items())
        ]
        return self._voices

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        self._check_started()
        if not is_sayable(request.text):
            return
        voice = await self._voice_for(request)
        async with self._service.connected() as connection:
            self._speeches.add(connection)
            try:
                async with contextlib.aclosing(self._spoken(connection, request, voice)) as chunks:
                    async for chunk in chunks:
                        yield chunk
            except EngineError as problem:
                if connection in self._speeches:
                    raise
                raise EngineError("wyoming was closed while it spoke") from problem
            finally:
                self._speeches.discard(connection)

    async def close(self) -> None:
        self._started = False
        for connection in self._speeches:
            connection.abort()
        self._speeches.clear()

    async def _spoken(self, connection: Connection, request: SpeechRequest, voice: str) -> AsyncGenerator[bytes, None]:
        patience = self._patience()
        speaker = request.speaker or self._settings.speaker or None
        asked = Synthesize(plain(request.text), SynthesizeVoice(voice, speaker=speaker) if voice else None)
        async with patience.wait():
            await connection.send(asked.event())
        chunks: Chunks | None = None
        while not AudioStop.is_type((event := await _next(connection, patience)).type):
            if AudioChunk.is_type(event.type):
                patience.came()
                sound = connection.understood(event, _Format)
                chunks = chunks or Chunks(self.rate_hz, sound.rate, sound.channels)
                for chunk in chunks.feed(event.payload or b""):
                    yield chunk
        if chunks is None:
            raise EngineError(f"{self._service.where} sent no sound: see its log")
        for chunk in chunks.finish():
            yield chunk

    async def _voice_for(self, request: SpeechRequest) -> str:
        voices = await self.voices() if self._voices is None else self._voices
        by_voice = {voice.name: voice.languages for voice in voices}
        languages = {code for codes in by_voice.values() for code in codes}
        own = self._settings.voice
        # A service does not tell which voice is its default; it is one of the house's language, most likely.
        is_house = best_code([self._language], request.language) is not None
        default = "" if is_house and not own else fitting(by_voice, request.language, own)
        return voice_for(request, self._settings, "wyoming", languages, default)

    def _patience(self) -> Patience:
        return Patience(self._service.where, self._settings, *PATIENCE)

    def _check_started(self) -> None:
        if not self._started:
            raise EngineError("wyoming was asked to speak before it was started, or after it was closed")


async def _next(connection: Connection, patience: Patience) -> Event:
    async with patience.wait():
        return await connection.receive()


def _missing() -> None:
    """It needs nothing that the server does not."""


def _make(settings: WyomingSettings, surroundings: Surroundings) -> TextToSpeech:
    return WyomingVoice(settings, surroundings.language)


ENGINE: Final[EngineSpec[Any, Any]] = EngineSpec(
    name="wyoming", settings=WyomingSettings, make=_make, missing=_missing, auto=False
)
