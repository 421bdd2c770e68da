"""Text-to-speech by libespeak-ng, which is small, instant, and speaks more than a hundred languages.

The library is global to its process and not reentrant: one lock guards it, and all engines of the process take turns.
It speaks a thousand times faster than anybody listens, inside one C call that hands out its audio through a callback;
the call runs in the engine's own thread, where ctypes lets go of the GIL.
"""

import asyncio
import ctypes
import functools
import importlib.util
import re
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from roomtone.engines import EngineSettings, EngineSpec, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines.base import SpeechRequest, TextToSpeech

RATE_HZ: Final = 22_050

# How far the voice may run ahead of who listens, in chunks of 60 ms: 12 s, more than a sentence, so that a reply paced
# to one satellite does not keep the library from another; and a bound on memory, 0.5 MB for each reply.
MAX_CHUNKS_AHEAD: Final = 200

# Where the library's own choice for a language is not what most people expect.
FAVOURITES: Final = {"en": "en-us"}

_AUDIBLE: Final = 100  # of 32,768: -50 dBFS
_KEPT_LEAD_IN: Final = RATE_HZ * 5 // 1000  # samples: the voice swells into its first sound

# Constants of espeak-ng's speak_lib.h.
_SYNCHRONOUS: Final = 2
_BUFFER_MS: Final = 60
_DONT_EXIT: Final = 0x8000
_POSITION_IS_CHARACTER: Final = 1
_TEXT_IS_UTF8: Final = 1  # and neither SSML nor phonemes: what people and models write is plain text
_RATE, _VOLUME, _PITCH = 1, 2, 3
_OK: Final = 0
_GO_ON, _STOP = 0, 1

_CONTROL_CHARACTERS: Final = re.compile(r"[\x00-\x1f\x7f]")  # \x01 begins a command to the library, \x00 ends the text


class EspeakSettings(EngineSettings):
    voices: dict[str, str] = Field(default_factory=dict, description="language code -> espeak voice, e.g. en: en-gb")
    rate_wpm: int = Field(default=165, ge=80, le=450, description="words per minute")
    pitch: int = Field(default=50, ge=0, le=99)
    volume: int = Field(default=100, ge=0, le=200, description="percent")


class _Voice(ctypes.Structure):
    """`espeak_VOICE`; `languages` points at a list of (priority byte, code, 0), ended by a 0."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )

    def codes(self) -> Iterator[tuple[int, str]]:
        """(priority, language code): the lower the number, the better the voice stands for the language."""
        at = self.languages
        while priority := ctypes.c_ubyte.from_address(at).value:
            code = ctypes.string_at(at + 1)
            yield priority, code.decode().lower()
            at += 1 + len(code) + 1


_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)


class _Library:
    """libespeak-ng, once per process and for its whole life."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lock = threading.Lock()
        self._data = Path(espeakng_loader.get_data_path())
        self._c = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        self._c.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        rate_hz = self._c.espeak_Initialize(_SYNCHRONOUS, _BUFFER_MS, str(self._data).encode(), _DONT_EXIT)
        if rate_hz != RATE_HZ:
            raise EngineError(
                f"libespeak-ng does not start with the data in {self._data} (it answers {rate_hz}): "
                "reinstall it with pip install --force-reinstall espeakng-loader"
            )
        self._voices = self._voices_by_code()

    def _voices_by_code(self) -> dict[str, str]:
        best: dict[str, tuple[int, str]] = {}
        voices = self._c.espeak_ListVoices(None)
        count = 0
        while voices[count]:
            voice = voices[count].contents
            for priority, code in voice.codes():
                if code not in best or priority < best[code][0]:
                    best[code] = priority, voice.identifier.decode()
            count += 1
        return {code: identifier for code, (_, identifier) in best.items()}

    def voice(self, wanted: str) -> str:
        """The identifier of a voice, from a language code in any spelling, with a variant or without: `en-GB+f3`.

        A region that has no voice of its own gets its language's. Raises EngineError, which lists what there is.
        """
        code, plus, variant = wanted.partition("+")
        code = code.lower().replace("_", "-")
        identifier = self._voices.get(code) or self._voices.get(code.partition("-")[0])
        if identifier is None:
            raise EngineError(f"espeak has no voice for {wanted!r}; it has: {', '.join(sorted(self._voices))}")
        if plus and not (self._data / "voices" / "!v" / Path(variant).name).is_file():
            raise EngineError(f"espeak has no voice variant {variant!r} (in {wanted!r})")
        return identifier + plus + variant

    def say(self, text: str, voice: str, settings: EspeakSettings, take: Callable[[bytes], bool]) -> None:
        """Blocks until all is said, or until `take`, called with each chunk on this thread, returns False."""
        begun = False

        def on_audio(samples: int | None, count: int, _events: int | None) -> int:
            nonlocal begun
            if not samples or count <= 0:
                return _GO_ON
            chunk = ctypes.string_at(samples, 2 * count)
            if not begun:
                chunk = _without_lead_in(chunk)
                begun = bool(chunk)
            return _GO_ON if not chunk or take(chunk) else _STOP

        plain = _CONTROL_CHARACTERS.sub(" ", text).encode(errors="replace")
        callback = _Callback(on_audio)
        with self._lock:
            if self._c.espeak_SetVoiceByName(voice.encode()) != _OK:
                raise EngineError(f"espeak cannot load its voice {voice!r}")
            for parameter, value in ((_RATE, settings.rate_wpm), (_PITCH, settings.pitch), (_VOLUME, settings.volume)):
                self._c.espeak_SetParameter(parameter, value, 0)
            self._c.espeak_SetSynthCallback(callback)
            status = self._c.espeak_Synth(
                plain, len(plain) + 1, 0, _POSITION_IS_CHARACTER, 0, _TEXT_IS_UTF8, None, None
            )
        if status != _OK:
            raise EngineError(f"espeak refused to speak (status {status})")


_LOADING: Final = threading.Lock()


@functools.cache
def _load() -> _Library:
    return _Library()


def _library() -> _Library:
    with _LOADING:  # `cache` alone lets two threads in
        return _load()


def _voice(library: _Library, settings: EspeakSettings, language: str, voice: str = "") -> str:
    return library.voice(voice or settings.voices.get(language) or FAVOURITES.get(language) or language)


def _without_lead_in(chunk: bytes) -> bytes:
    """The chunk from just before its first audible sample; nothing when there is none. A "t" begins with 50 ms of
    silence, for which nobody who asked something should wait."""
    samples = memoryview(chunk).cast("h")
    first = next((at for at, sample in enumerate(samples) if abs(sample) > _AUDIBLE), None)
    return b"" if first is None else chunk[2 * max(0, first - _KEPT_LEAD_IN) :]


def _is_sayable(text: str) -> bool:
    return any(character.isalnum() for character in text)


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
                library = await asyncio.get_running_loop().run_in_executor(self._thread, _library)
                for code, voice in self._settings.voices.items():
                    _voice(library, self._settings, code, voice)
            except BaseException:
                await self.close()
                raise

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        if self._thread is None:
            raise EngineError("espeak was asked to speak before it was started, or after it was closed")
        library = _library()
        voice = _voice(library, self._settings, request.language, request.voice)
        if not _is_sayable(request.text):
            return
        speech = _Speech()
        self._speeches.add(speech)
        self._thread.submit(speech.run, functools.partial(library.say, request.text, voice, self._settings))
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


def synthesise(text: str, language: str = "en", settings: EspeakSettings | None = None) -> bytes:
    """The whole speech at once (int16, mono, RATE_HZ). Blocks for about a millisecond per second of speech, and while
    an `Espeak` of this process speaks: not for an event loop that also listens to one.

    Raises EngineError: no such voice, or espeak is not installed.
    """
    if remedy := _missing():
        raise EngineError(f"espeak cannot work here: {remedy}")
    settings = settings or EspeakSettings()
    library = _library()
    voice = _voice(library, settings, language)
    chunks: list[bytes] = []

    def take(chunk: bytes) -> bool:
        chunks.append(chunk)
        return True

    if _is_sayable(text):
        library.say(text, voice, settings, take)
    return b"".join(chunks)


def _missing() -> str | None:
    if importlib.util.find_spec("espeakng_loader") is None:
        return "pip install 'roomtone[espeak]'"
    return None


def _make(settings: EspeakSettings, _surroundings: Surroundings) -> TextToSpeech:
    return Espeak(settings)


ENGINE: Final[EngineSpec[Any, Any]] = EngineSpec(
    name="espeak", settings=EspeakSettings, make=_make, missing=_missing, rank=10
)
