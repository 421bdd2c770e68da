"""What voices share that are asked for over HTTP.

An engine says what its kind of service wants to be asked, as a `Dialect`; all else is here and in `http_service`.
"""

import contextlib
import importlib.util
import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from typing import Final, Protocol

from pydantic import SecretStr

from roomtone.extras import remedy
from roomtone_server.engines.base import SpeechRequest, Voice
from roomtone_server.engines.http_service import Call, HttpService, Media
from roomtone_server.engines.tts.services import PATIENCE, VoiceServiceSettings
from roomtone_server.engines.tts.texts import is_sayable, plain
from roomtone_server.engines.tts.wav import Sound

_SOUND: Final = Media(
    re.compile(r"audio/(x-|vnd\.)?(pn-)?(wav|wave|pcm|l16|raw)\b|(application|binary)/octet-stream", re.IGNORECASE),
    "WAV or raw PCM",
)


class Dialect(Protocol):
    """What is particular to one kind of service."""

    async def speech(self, service: "Service", request: SpeechRequest) -> Call:
        """What brings the sound of a text that can be said. Raises EngineError: see `voice_for`."""

    async def voices(self, service: "Service") -> list[Voice]:
        """As `TextToSpeech.voices`."""


class Service(HttpService):
    """A speech service as it is asked over HTTP, from `open` to `close`."""

    def __init__(self, name: str, url: str, settings: VoiceServiceSettings, headers: Mapping[str, SecretStr]) -> None:
        subject = "the model, the voice and the language"
        super().__init__(name, url, headers, settings, patience=PATIENCE, subject=subject)

    async def sound(self, call: Call, rate_hz: int, raw_hz: int | None) -> AsyncGenerator[bytes, None]:
        """Chunks of speech as they come: see `Sound`. Raises EngineError."""
        sound = Sound(self.where, rate_hz, raw_hz)
        async with contextlib.aclosing(self.pieces(call, _SOUND)) as pieces:
            async for data in pieces:
                for chunk in sound.feed(data):
                    yield chunk
        for chunk in sound.finish():
            yield chunk


class StreamedVoice:
    """A speech service behind the TextToSpeech Protocol."""

    def __init__(self, service: Service, dialect: Dialect, rate_hz: int, raw_hz: int | None) -> None:
        """`raw_hz`: the rate of raw PCM, where the service may send that; what says that it is WAV is taken too."""
        self._service = service
        self._dialect = dialect
        self._rate_hz = rate_hz
        self._raw_hz = raw_hz

    @property
    def rate_hz(self) -> int:
        return self._rate_hz

    async def start(self) -> None:
        await self._service.open()

    async def voices(self) -> list[Voice]:
        return sorted(await self._dialect.voices(self._service), key=lambda voice: voice.name)

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        self._service.check_open()
        if not is_sayable(request.text):
            return
        call = await self._dialect.speech(self._service, replace(request, text=plain(request.text)))
        async with contextlib.aclosing(self._service.sound(call, self._rate_hz, self._raw_hz)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def close(self) -> None:
        await self._service.close()


def missing() -> str | None:
    """What to do to have what these engines need; None when it is installed."""
    return None if importlib.util.find_spec("httpx") and importlib.util.find_spec("soxr") else remedy("http")
