"""No echo cancellation: for a microphone that has its own, a sound server that does it, or a room without a speaker."""

from typing import Final

from roomtone.ears.base import EchoCanceller
from roomtone.ears.wake.shared import check_frame
from roomtone.engines import EngineSettings, EngineSpec, Surroundings


class NoneSettings(EngineSettings):
    """Nothing to choose."""


class NoCanceller:
    """An EchoCanceller that takes out nothing."""

    tail_samples = 0

    def process(self, frame: bytes, reference: bytes) -> bytes:
        check_frame("none", frame)
        check_frame("none", reference)
        return frame

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


def _make(_settings: NoneSettings, _surroundings: Surroundings) -> EchoCanceller:
    return NoCanceller()


def _missing() -> str | None:
    return None


ENGINE: Final = EngineSpec("none", NoneSettings, _make, _missing)
