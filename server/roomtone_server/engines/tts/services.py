"""What voices share that ask a service, whatever it speaks: how long they wait, and which voice they ask for."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Literal

from pydantic import Field

from roomtone.engines import EngineSettings
from roomtone.errors import EngineError
from roomtone_server.engines.base import SpeechRequest
from roomtone_server.engines.tts.texts import best_code, lacking

Limit = Literal["first_audio_s", "silence_s"]


class ServiceSettings(EngineSettings):
    voices: dict[str, str] = Field(default_factory=dict, description="language code -> voice, where it has its own")
    connect_s: float = Field(default=3.0, gt=0, le=60, description="how long the service may take to be reached")
    first_audio_s: float = Field(default=10.0, gt=0, le=120, description="how long it may take to begin to speak")
    silence_s: float = Field(default=5.0, gt=0, le=120, description="how long it may pause while it speaks")


class Patience:
    """How long a service is waited for: `first_audio_s` from now until something came, then `silence_s` each time."""

    def __init__(self, where: str, settings: ServiceSettings) -> None:
        """`where` stands in errors."""
        self._where = where
        self._settings = settings
        self._allow("first_audio_s")

    @contextlib.asynccontextmanager
    async def wait(self) -> AsyncIterator[None]:
        """Around each wait. Raises EngineError when it takes too long."""
        try:
            async with asyncio.timeout_at(self._due):
                yield
        except TimeoutError as problem:
            raise EngineError(
                f"{self._where} was silent for {self._limit_s:g} s: see what keeps it busy, or raise `{self._limit}`"
            ) from problem

    def came(self) -> None:
        """Something did."""
        self._allow("silence_s")

    def _allow(self, limit: Limit) -> None:
        self._limit = limit
        self._limit_s: float = getattr(self._settings, limit)
        self._due = asyncio.get_running_loop().time() + self._limit_s


def fitting(languages: Mapping[str, Sequence[str]], wanted: str, preferred: str = "") -> str:
    """Of voices and their languages the preferred one if it speaks the wanted language, else the first that does, as
    near as there is; one of which no language is known speaks any. Empty when none does."""
    known = languages.get(preferred, ())
    if preferred and (not known or best_code(known, wanted)):
        return preferred
    code = best_code((code for codes in languages.values() for code in codes), wanted)
    return next((voice for voice, codes in languages.items() if code in codes or not codes), "")


def voice_for(
    request: SpeechRequest, settings: ServiceSettings, engine: str, languages: Iterable[str], default: str
) -> str:
    """The voice for a request: its own, the one set for its language, the default. Raises EngineError for a language
    that is neither among the engine's nor has a voice set."""
    code = best_code(settings.voices, request.language)
    if code is None and best_code(languages, request.language) is None:
        raise lacking(engine, request.language, {*languages, *settings.voices})
    return request.voice or (settings.voices[code] if code else default)
