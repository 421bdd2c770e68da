"""What all wake engines share: the settings of words and models, and the pause after a detection."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Protocol, Self

from pydantic import Field, model_validator

from roomtone.ears.base import TunedWord, WakeDetection
from roomtone.ears.formats import FRAME_BYTES, FRAME_SAMPLES, RATE_HZ
from roomtone.engines import EngineSettings
from roomtone.errors import EngineError

Probability = Annotated[float, Field(gt=0, lt=1)]


class WakeSettings(EngineSettings):
    """What to listen for. A word's name is its model's file name without the ending.

    An engine's own settings narrow `words` to what it ships.
    """

    words: tuple[str, ...]
    models: tuple[Path, ...] = ()
    thresholds: dict[str, Probability] = Field(default_factory=dict)  # by word, instead of the engine's or model's own
    refractory_s: Annotated[float, Field(ge=0, le=60)] = 1.0

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [*self.words, *(model.stem for model in self.models)]
        if not names:
            raise ValueError("there is nothing to listen for: name one of the words, or a model")
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"named more than once: {', '.join(sorted(twice))}")
        if unknown := self.thresholds.keys() - set(names):
            raise ValueError(f"a threshold for what is not listened for: {', '.join(sorted(unknown))}")
        return self


class Refractory:
    """Lets the best detection of a frame through, and then none, of any word, until nothing has fired for a while: one
    spoken wake word is one detection, however long its model stays sure. Counts samples, never a clock."""

    def __init__(self, seconds: float) -> None:
        self._samples = round(seconds * RATE_HZ)
        self._left = 0

    def best(self, detections: list[WakeDetection]) -> WakeDetection | None:
        """The frame's detection, if any. Call it once for each frame of 20 ms, also when nothing was detected."""
        waiting = self._left > 0
        self._left = self._samples if detections else max(0, self._left - FRAME_SAMPLES)
        if waiting or not detections:
            return None
        return max(detections, key=lambda detection: detection.score)

    def reset(self) -> None:
        self._left = 0


class Word(Protocol):
    """A wake word's model, as far as it can be tuned."""

    name: str
    phrase: str
    threshold: float


class Tunable:
    """What engines with a model per word have in common: a `TunableWakeEngine`."""

    _words: Sequence[Word]

    @property
    def tuning(self) -> Sequence[TunedWord]:
        return [TunedWord(word.name, word.phrase, word.threshold) for word in self._words]

    def tune(self, name: str, threshold: float) -> None:
        for word in self._words:
            if word.name == name:
                word.threshold = threshold
                return
        raise EngineError(f"no threshold can be set for {name}, which is not listened for")


def check_frame(engine: str, frame: bytes) -> None:
    """Raises EngineError for anything but one frame of 20 ms."""
    if len(frame) != FRAME_BYTES:
        raise EngineError(f"{engine} takes frames of {FRAME_BYTES} bytes, not {len(frame)}")
