"""Text-to-speech by libespeak-ng, which is small, instant, and speaks more than a hundred languages.

The library is global to its process and not reentrant: one lock guards it, and all engines of the process take turns.
It speaks a thousand times faster than anybody listens, inside one C call that hands out its audio through a callback;
the call runs in the engine's own thread, where ctypes lets go of the GIL.
"""

import contextlib
import functools
from collections.abc import AsyncGenerator
from typing import Any, Final

from pydantic import Field

from roomtone.engines import EngineSettings, EngineSpec, Surroundings
from roomtone_server.engines import libespeak
from roomtone_server.engines.base import SpeechRequest, TextToSpeech, Voice
from roomtone_server.engines.libespeak import RATE_HZ, Library
from roomtone_server.engines.tts.chunks import without_lead_in
from roomtone_server.engines.tts.speech_thread import SpeechThread, Take
from roomtone_server.engines.tts.texts import is_sayable
from roomtone_server.languages.language import language_of

MAX_CHUNKS_AHEAD: Final = 200  # of 60 ms: 12 s, 0.5 MB for each reply


class EspeakSettings(EngineSettings):
    voices: dict[str, str] = Field(default_factory=dict, description="language code -> espeak voice, e.g. en: en-gb")
    rate_wpm: int = Field(default=165, ge=80, le=450, description="words per minute")
    pitch: int = Field(default=50, ge=0, le=99)
    volume: int = Field(default=100, ge=0, le=200, description="percent")


def _voice(library: Library, settings: EspeakSettings, language: str, voice: str = "") -> str:
    known = language_of(language)
    expected = known.espeak if language == known.code else ""  # a region is already a choice
    return library.voice(voice or settings.voices.get(language) or expected or language)


def _say(library: Library, text: str, voice: str, settings: EspeakSettings, take: Take) -> None:
    """Blocks until all is said, or until `take` returns False; what is taken begins with its first audible sound."""
    begun = False

    def take_audible(chunk: bytes) -> bool:
        nonlocal begun
        if not begun:
            chunk = without_lead_in(chunk, RATE_HZ)
            begun = bool(chunk)
        return take(chunk) if chunk else True

    library.say(text, voice, take_audible, rate_wpm=settings.rate_wpm, pitch=settings.pitch, volume=settings.volume)


class Espeak:
    """libespeak-ng behind the TextToSpeech Protocol."""

    def __init__(self, settings: EspeakSettings) -> None:
        self._settings = settings
        self._thread = SpeechThread("espeak", MAX_CHUNKS_AHEAD)

    @property
    def rate_hz(self) -> int:
        return RATE_HZ

    async def start(self) -> None:
        self._thread.open()
        try:
            library = await self._thread.run(libespeak.library)
            for code, voice in self._settings.voices.items():
                _voice(library, self._settings, code, voice)
        except BaseException:
            await self.close()
            raise

    async def voices(self) -> list[Voice]:
        self._thread.check_open()
        return [Voice(code, (code,)) for code in libespeak.library().codes]

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        self._thread.check_open()
        library = libespeak.library()
        voice = _voice(library, self._settings, request.language, request.voice)
        if not is_sayable(request.text):
            return
        say = functools.partial(_say, library, request.text, voice, self._settings)
        async with contextlib.aclosing(self._thread.speak(say)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def close(self) -> None:
        # A speech ends at its next chunk, within a millisecond, unless another engine has the library just then.
        await self._thread.close()


def synthesise(text: str, language: str = "en", settings: EspeakSettings | None = None) -> bytes:
    """The whole speech at once (int16, mono, RATE_HZ). Blocks for about a millisecond per second of speech, and while
    an `Espeak` of this process speaks: not for an event loop that also listens to one.

    Raises EngineError: no such voice, or espeak is not installed.
    """
    settings = settings or EspeakSettings()
    library = libespeak.library()
    voice = _voice(library, settings, language)
    chunks: list[bytes] = []

    def take(chunk: bytes) -> bool:
        chunks.append(chunk)
        return True

    if is_sayable(text):
        _say(library, text, voice, settings, take)
    return b"".join(chunks)


def _make(settings: EspeakSettings, _surroundings: Surroundings) -> TextToSpeech:
    return Espeak(settings)


ENGINE: Final[EngineSpec[Any, Any]] = EngineSpec(
    name="espeak", settings=EspeakSettings, make=_make, missing=libespeak.missing, rank=10
)
