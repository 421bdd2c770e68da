"""What wake engines, voice-activity engines and echo cancellers promise; `tests/contract` holds each of them to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class WakeDetection:
    name: str  # the wake word's name, as the settings spell it: "okay_nabu"
    phrase: str  # as it is spoken: "okay nabu"
    score: float  # 0 to 1, the engine's own scale


class WakeEngine(Protocol):
    """Listens for one or more wake words. Not thread-safe; a call takes at most a few milliseconds."""

    @property
    def words(self) -> Sequence[str]:
        """The names it listens for, at least one."""

    def process(self, frame: bytes) -> WakeDetection | None:
        """Takes the next 20 ms (int16, mono, 16 kHz, exactly FRAME_BYTES); a detection, at most once per word and
        refractory time. When two words fire on one frame, the better score wins."""

    def reset(self) -> None:
        """Forgets all audio, so that what comes next is judged on its own."""

    def close(self) -> None:
        """Frees the models. Idempotent."""


@dataclass(frozen=True, slots=True)
class TunedWord:
    """A wake word, and the score from which on it is heard."""

    name: str
    phrase: str
    threshold: float  # between 0 and 1


@runtime_checkable
class TunableWakeEngine(Protocol):
    """A WakeEngine whose thresholds can be changed while it listens."""

    @property
    def tuning(self) -> Sequence[TunedWord]:
        """As it is now."""

    def tune(self, name: str, threshold: float) -> None:
        """From the next frame on. Raises EngineError for a word that it does not listen for."""


class VoiceActivity(Protocol):
    """Tells speech from the rest. Not thread-safe; a call takes at most a few milliseconds."""

    def process(self, frame: bytes) -> float:
        """Takes the next 20 ms (int16, mono, 16 kHz, exactly FRAME_BYTES): the probability of speech, 0 to 1, as of
        the last window the model has seen whole."""

    def reset(self) -> None:
        """Forgets all audio."""


class EchoCanceller(Protocol):
    """Takes the echo of a speaker out of what a microphone hears. Not thread-safe; a call takes at most a few ms."""

    @property
    def tail_samples(self) -> int:
        """How long after its reference an echo may come to be taken out; 0: it takes out nothing, and may be left
        out altogether."""

    def process(self, frame: bytes, reference: bytes) -> bytes:
        """Takes the microphone's next 20 ms and what the speaker played at that time (both int16, mono, 16 kHz, exactly
        FRAME_BYTES): as many samples, without the echo, at most 10 ms late. It learns the room meanwhile."""

    def reset(self) -> None:
        """Forgets all audio, and the room."""

    def close(self) -> None:
        """Frees what it holds. Idempotent."""
