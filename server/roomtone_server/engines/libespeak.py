"""libespeak-ng through ctypes: it speaks, and it tells how words are spoken.

The library is global to its process and not reentrant: initialised twice, it may speak in a thread of its own, into a
callback that is gone. So there is one `Library`, one lock guards it, and all engines of the process take turns.
"""

import ctypes
import functools
import importlib.util
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from roomtone.errors import EngineError
from roomtone.extras import remedy
from roomtone_server.engines.tts.texts import lacking, plain
from roomtone_server.languages.codes import normal_code, primary_code

RATE_HZ: Final = 22_050

# Constants of espeak-ng's speak_lib.h.
_SYNCHRONOUS: Final = 2
_BUFFER_MS: Final = 60
_DONT_EXIT: Final = 0x8000
_POSITION_IS_CHARACTER: Final = 1
_TEXT_IS_UTF8: Final = 1  # and neither SSML nor phonemes: what people and models write is plain text
_IPA: Final = 2
_RATE, _VOLUME, _PITCH = 1, 2, 3
_OK: Final = 0
_GO_ON, _STOP = 0, 1


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


class Library:
    """libespeak-ng, once per process and for its whole life."""

    def __init__(self) -> None:
        import espeakng_loader

        self._lock = threading.Lock()
        self._data = Path(espeakng_loader.get_data_path())
        self._c = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        self._c.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        self._c.espeak_TextToPhonemes.restype = ctypes.c_char_p
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

    @property
    def codes(self) -> list[str]:
        """The languages that it speaks, sorted."""
        return sorted(self._voices)

    def voice(self, wanted: str) -> str:
        """The identifier of a voice, from a language code in any spelling, with a variant or without: `en-GB+f3`.

        A region that has no voice of its own gets its language's. Raises LanguageMissing, which lists what there is.
        """
        code, plus, variant = wanted.partition("+")
        identifier = self._voices.get(normal_code(code)) or self._voices.get(primary_code(code))
        if identifier is None:
            raise lacking("espeak", wanted, self.codes)
        if plus and not (self._data / "voices" / "!v" / Path(variant).name).is_file():
            raise EngineError(f"espeak has no voice variant {variant!r} (in {wanted!r})")
        return identifier + plus + variant

    def say(
        self, text: str, voice: str, take: Callable[[bytes], bool], *, rate_wpm: int, pitch: int, volume: int
    ) -> None:
        """Blocks until all is said, or until `take`, called with each chunk on this thread, returns False.

        `voice` is an identifier from `voice`; the audio is int16, mono, RATE_HZ. Raises EngineError.
        """

        def on_audio(samples: int | None, count: int, _events: int | None) -> int:
            if not samples or count <= 0:
                return _GO_ON
            return _GO_ON if take(ctypes.string_at(samples, 2 * count)) else _STOP

        said = _sayable(text)
        callback = _Callback(on_audio)
        with self._lock:
            self._choose(voice)
            for parameter, value in ((_RATE, rate_wpm), (_PITCH, pitch), (_VOLUME, volume)):
                self._c.espeak_SetParameter(parameter, value, 0)
            self._c.espeak_SetSynthCallback(callback)
            status = self._c.espeak_Synth(said, len(said) + 1, 0, _POSITION_IS_CHARACTER, 0, _TEXT_IS_UTF8, None, None)
        if status != _OK:
            raise EngineError(f"espeak refused to speak (status {status})")

    def phonemes(self, text: str, voice: str) -> str:
        """How it would be spoken, in IPA with stress marks. Raises EngineError."""
        said = ctypes.c_char_p(_sayable(text))
        with self._lock:
            self._choose(voice)
            ipa: bytes = self._c.espeak_TextToPhonemes(ctypes.byref(said), _TEXT_IS_UTF8, _IPA) or b""
        return ipa.decode()

    def _choose(self, voice: str) -> None:
        if self._c.espeak_SetVoiceByName(voice.encode()) != _OK:
            raise EngineError(f"espeak cannot load its voice {voice!r}")


def _sayable(text: str) -> bytes:
    r"""Without \x01, which begins a command to the library, and \x00, which ends the text."""
    return plain(text).encode()


_LOADING: Final = threading.Lock()


@functools.cache
def _load() -> Library:
    return Library()


def library() -> Library:
    """The one of this process, loaded at the first call. Raises EngineError."""
    if lacks := missing():
        raise EngineError(f"espeak cannot work here: {lacks}")
    with _LOADING:  # `cache` alone lets two threads in
        return _load()


def missing() -> str | None:
    """What to do to have it; None when it is installed."""
    if importlib.util.find_spec("espeakng_loader") is None:
        return remedy("espeak")
    return None
