"""Text-to-speech by libespeak-ng, which is small, instant, and speaks more than a hundred languages.

The library is global to its process and not reentrant: one lock guards it, and all engines of the process take turns.
It speaks a thousand times faster than anybody listens, inside one C call that hands out its audio through a callback;
the call runs in the engine's own thread, where ctypes lets go of the GIL.
"""

import asyncio
import functools
import threading
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from pydantic import Field

from roomtone.engines import EngineSettings, EngineSpec, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines import libespeak
from roomtone_server.engines.base import SpeechRequest, TextToSpeech, Voice
from roomtone_server.engines.libespeak import RATE_HZ, Library
from roomtone_server.engines.tts.chunks import without_lead_in
from roomtone_server.engines.tts.texts import is_sayable

# How far the voice may run ahead of who listens, in chunks of 60 ms: 12 s, more than a sentence, so that a reply paced
# to one satellite does not keep the library from another; and a bound on memory, 0.5 MB for each reply.
MAX_CHUNKS_AHEAD: Final = 200

# Where the library's own choice for a language is not what most people expect.
FAVOURITES: Final = {"en": "en-us"}


class EspeakSettings(EngineSettings):
    voices: dict[str, str] = Field(default_factory=dict, description="language code -> espeak voice, e.g. en: en-gb")
    rate_wpm: int = Field(default=165, ge=80, le=450, description="words per minute")
    pitch: int = Field(default=50, ge=0, le=99)
    volume: int = Field(default=100, ge=0, le=200, description="percent")


def _voice(library: Library, settings: EspeakSettings, language: str, voice: str = "") -> str:
    return library.voice(voice or settings.voices.get(language) or FAVOURITES.get(language) or language)


def _say(library: Library, text: str, voice: str, settings: EspeakSettings, take: Callable[[bytes], bool]) -> None:
    """Blocks until all is said, or until `take` returns False; what is taken begins with its first audible sound."""
    begun = False

    def take_audible(chunk: bytes) -> bool:
        nonlocal begun
        if not begun:
            chunk = without_lead_in(chunk, RATE_HZ)
            begun = bool(chunk)
        return take(chunk) if chunk else True

    library.say(text, voice, take_audible, rate_wpm=settings.rate_wpm, pitch=settings.pitch, volume=settings.volume)


class _Speech:
    """One text on its way from the voice's thread to the event loop; the thread waits when it is too far ahead."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._slots = threading.Semaphore(MAX_CHUNKS_AHEAD)
        self._ahead: asyncio.Queue[bytes | Exception] = asyncio.Queue(MAX_CHUNKS_AHEAD + 1)  # and the end
        self.stopped = False

    def run(self, say: Callable[[Callable[[bytes], bool]], None]) -> None:
        """The whole speech, on the voice's thread."""
        end: bytes | Exception = b""
        try:
            if not self.stopped:
                say(self._take)
        except Exception as problem:  # noqa: BLE001 - `next` raises it where somebody listens
            end = problem
        self._loop.call_soon_threadsafe(self._ahead.put_nowait, end)

    def _take(self, chunk: bytes) -> bool:
        self._slots.acquire()
        if self.stopped:
            return False
        self._loop.call_soon_threadsafe(self._ahead.put_nowait, chunk)
        return True

    async def next(self) -> bytes:
        """The next chunk, empty at the end. Raises EngineError."""
        chunk = await self._ahead.get()
        if isinstance(chunk, Exception):
            raise chunk
        self._slots.release()
        return chunk

    def stop(self) -> None:
        self.stopped = True
        self._slots.release()


class Espeak:
    """libespeak-ng behind the TextToSpeech Protocol; speeches of one engine follow each other, first come, first."""

    def __init__(self, settings: EspeakSettings) -> None:
        self._settings = settings
        self._thread: ThreadPoolExecutor | None = None
        self._speeches: set[_Speech] = set()

    @property
    def rate_hz(self) -> int:
        return RATE_HZ

    async def start(self) -> None:
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="espeak")
            try:
                library = await asyncio.get_running_loop().run_in_executor(self._thread, libespeak.library)
                for code, voice in self._settings.voices.items():
                    _voice(library, self._settings, code, voice)
            except BaseException:
                await self.close()
                raise

    async def voices(self) -> list[Voice]:
        self._check_started()
        return [Voice(code, (code,)) for code in libespeak.library().codes]

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        thread = self._check_started()
        library = libespeak.library()
        voice = _voice(library, self._settings, request.language, request.voice)
        if not is_sayable(request.text):
            return
        speech = _Speech()
        self._speeches.add(speech)
        thread.submit(speech.run, functools.partial(_say, library, request.text, voice, self._settings))
        try:
            while chunk := await speech.next():
                yield chunk
            if speech.stopped:
                raise EngineError("espeak was closed while it spoke")
        finally:
            speech.stop()
            self._speeches.discard(speech)

    async def close(self) -> None:
        for speech in self._speeches:
            speech.stop()
        thread, self._thread = self._thread, None
        if thread is not None:
            # A speech ends at its next chunk, within a millisecond, unless another engine has the library just then.
            await asyncio.to_thread(thread.shutdown)

    def _check_started(self) -> ThreadPoolExecutor:
        if self._thread is None:
            raise EngineError("espeak was asked to speak before it was started, or after it was closed")
        return self._thread


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
