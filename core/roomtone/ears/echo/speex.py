"""Speex's echo canceller (MDF) and the suppressor of what it leaves, from libspeexdsp.

The library is bound as Debian ships it (libspeexdsp1, 100 kB, BSD-3-Clause; PulseAudio and ALSA's plugins bring it
along) and not through pyaec: that wheel holds a copy of the library without its licence, and names none of its own.
"""

import ctypes
from functools import cache
from typing import Annotated, Final

from pydantic import Field

from roomtone.ears.base import EchoCanceller
from roomtone.ears.formats import FRAME_BYTES, RATE_HZ, SAMPLE_BYTES, SAMPLES_PER_MS
from roomtone.ears.wake.shared import check_frame
from roomtone.engines import EngineSettings, EngineSpec, Surroundings
from roomtone.errors import EngineError

LIBRARY: Final = "libspeexdsp.so.1"
REMEDY: Final = f"apt install libspeexdsp1 (it has {LIBRARY})"

_BLOCK_SAMPLES: Final = 160  # half a frame: shorter adapts faster, longer is cheaper
_BLOCK_BYTES: Final = _BLOCK_SAMPLES * SAMPLE_BYTES

# From speex_echo.h and speex_preprocess.h.
_ECHO_SET_SAMPLING_RATE: Final = 24
_PREPROCESS_SET_ECHO_STATE: Final = 24


class SpeexSettings(EngineSettings):
    tail_ms: Annotated[int, Field(ge=50, le=500)] = 200  # how long a room rings, and how far off the delay may be
    # Whether what is left of the echo is suppressed, and with it the noise of the room, while something plays. The
    # filter alone takes away 4 dB less, and some of what it leaves in its first second sounds like wake words.
    suppress: bool = True


class Speex:
    """An EchoCanceller."""

    def __init__(self, settings: SpeexSettings) -> None:
        self.tail_samples = settings.tail_ms * SAMPLES_PER_MS
        self._library = _library()
        self._out = ctypes.create_string_buffer(_BLOCK_BYTES)
        self._canceller: int | None = self._library.speex_echo_state_init(_BLOCK_SAMPLES, self.tail_samples)
        self._suppressor: int | None = self._library.speex_preprocess_state_init(_BLOCK_SAMPLES, RATE_HZ)
        if not self._canceller or not self._suppressor:
            self.close()
            raise EngineError("speex cannot be made: there is no memory for it")
        rate_hz = ctypes.c_int(RATE_HZ)
        self._library.speex_echo_ctl(self._canceller, _ECHO_SET_SAMPLING_RATE, ctypes.byref(rate_hz))
        self._library.speex_preprocess_ctl(self._suppressor, _PREPROCESS_SET_ECHO_STATE, self._canceller)
        self._suppresses = settings.suppress

    def process(self, frame: bytes, reference: bytes) -> bytes:
        check_frame("speex", frame)
        check_frame("speex", reference)
        if not self._canceller:
            raise EngineError("speex is closed")
        return b"".join(
            self._process_block(frame[at : at + _BLOCK_BYTES], reference[at : at + _BLOCK_BYTES])
            for at in range(0, FRAME_BYTES, _BLOCK_BYTES)
        )

    def _process_block(self, heard: bytes, played: bytes) -> bytes:
        self._library.speex_echo_cancellation(self._canceller, heard, played, self._out)
        if self._suppresses:
            self._library.speex_preprocess_run(self._suppressor, self._out)
        return self._out.raw

    def reset(self) -> None:
        if self._canceller:
            self._library.speex_echo_state_reset(self._canceller)

    def close(self) -> None:
        if self._suppressor:
            self._library.speex_preprocess_state_destroy(self._suppressor)
        if self._canceller:
            self._library.speex_echo_state_destroy(self._canceller)
        self._suppressor = self._canceller = None


@cache
def _library() -> ctypes.CDLL:
    """Raises OSError when it is not installed."""
    library = ctypes.CDLL(LIBRARY)
    state, block = ctypes.c_void_p, ctypes.c_char_p
    for function, result, arguments in (
        ("speex_echo_state_init", state, (ctypes.c_int, ctypes.c_int)),
        ("speex_echo_ctl", ctypes.c_int, (state, ctypes.c_int, state)),
        ("speex_echo_cancellation", None, (state, block, block, block)),
        ("speex_echo_state_reset", None, (state,)),
        ("speex_echo_state_destroy", None, (state,)),
        ("speex_preprocess_state_init", state, (ctypes.c_int, ctypes.c_int)),
        ("speex_preprocess_ctl", ctypes.c_int, (state, ctypes.c_int, state)),
        ("speex_preprocess_run", ctypes.c_int, (state, block)),
        ("speex_preprocess_state_destroy", None, (state,)),
    ):
        declared = getattr(library, function)
        declared.restype, declared.argtypes = result, arguments
    return library


def _make(settings: SpeexSettings, _surroundings: Surroundings) -> EchoCanceller:
    return Speex(settings)


def _missing() -> str | None:
    try:
        _library()
    except OSError:
        return REMEDY
    return None


ENGINE: Final = EngineSpec("speex", SpeexSettings, _make, _missing, rank=10)
