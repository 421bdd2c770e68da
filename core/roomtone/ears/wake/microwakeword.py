"""microWakeWord: small quantized models that suit a Pi Zero; the default.

All models share one front end, which makes 40 features of each 10 ms of audio. A model takes as many of those steps at
a time as its input has rows, keeps what it needs of the past itself, and gives one probability. The mean of the last
few, compared with a cutoff, decides; the cutoff and their number come from the model's manifest, a JSON file beside it.
"""

import math
from collections import deque
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import BaseModel, Field, ValidationError

from roomtone import extras
from roomtone.ears.base import WakeDetection, WakeEngine
from roomtone.ears.formats import FRAME_BYTES, SAMPLE_BYTES, SAMPLES_PER_MS
from roomtone.ears.wake.shared import Probability, Refractory, Tunable, WakeSettings, check_frame
from roomtone.engines import EngineSpec, Surroundings
from roomtone.errors import EngineError

if TYPE_CHECKING:
    from roomtone.ears.wake.tflite import Encoding

PACKAGE: Final = "pymicro_wakeword"
FEATURES: Final = 40  # of each step
STEP_MS: Final = 10
STEP_BYTES: Final = STEP_MS * SAMPLES_PER_MS * SAMPLE_BYTES
MAX_MANIFEST_BYTES: Final = 64 * 1024  # a manifest has some 500 bytes; more is another file

Word = Literal["alexa", "hey_jarvis", "hey_mycroft", "okay_nabu"]


class MicroWakeWordSettings(WakeSettings):
    """`models` of your own are .json manifests, each with its .tflite beside it."""

    words: tuple[Word, ...] = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")


class _Micro(BaseModel):
    probability_cutoff: Probability
    sliding_window_size: Annotated[int, Field(ge=1, le=100)]
    feature_step_size: Literal[10] = STEP_MS


class _Manifest(BaseModel):
    """What a model's JSON file must say; more may stand there."""

    wake_word: Annotated[str, Field(min_length=1, max_length=100)]
    model: Annotated[str, Field(pattern=r"^[\w.-]+\.tflite$")]  # beside the manifest, never elsewhere
    micro: _Micro


class MicroWakeWord(Tunable):
    """A WakeEngine: several models behind one front end."""

    def __init__(self, settings: MicroWakeWordSettings) -> None:
        """Raises EngineError, naming the file, for a model or manifest that cannot be used."""
        from pymicro_features import MicroFrontend

        from roomtone.ears.wake.tflite import package_folder

        bundled = package_folder(PACKAGE) / "models"
        manifests = [*(bundled / f"{word}.json" for word in settings.words), *settings.models]
        self._frontend = MicroFrontend()
        self._refractory = Refractory(settings.refractory_s)
        self._words: list[_Word] = []
        try:
            for path in manifests:
                self._words.append(_Word(path, settings.thresholds.get(path.stem)))
        except EngineError:
            self.close()
            raise
        self.words = tuple(word.name for word in self._words)
        self._gatherings = _gathered(self._words)

    def process(self, frame: bytes) -> WakeDetection | None:
        check_frame("microwakeword", frame)
        if not self._words:
            raise EngineError("microwakeword is closed")
        detections = []
        for features in self._features(frame):
            for gathering in self._gatherings:
                if steps := gathering.add(features):
                    detections += [found for word in gathering.words if (found := word.hear(steps))]
        return self._refractory.best(detections)

    def reset(self) -> None:
        self._frontend.reset()
        self._refractory.reset()
        for gathering in self._gatherings:
            gathering.reset()
        for word in self._words:
            word.reset()

    def close(self) -> None:
        for word in self._words:
            word.close()
        self._words, self._gatherings = [], []

    def _features(self, frame: bytes) -> Iterator[list[float]]:
        """The steps that the frame completes: two, or fewer while the front end's first window fills."""
        for start in range(0, FRAME_BYTES, STEP_BYTES):
            features = self._frontend.process_samples(frame[start : start + STEP_BYTES]).features
            if features:
                yield features


class _Gathering:
    """Collects as many steps as its words take at a time, and encodes each of them once for all these words."""

    def __init__(self, words: "list[_Word]") -> None:
        self.words = words
        self._elements = _Elements(words[0].encoding)
        self._missing = self._at_once = words[0].steps
        self._gathered = b""

    def add(self, features: list[float]) -> bytes | None:
        """What its words are to hear now, if anything."""
        self._gathered += b"".join(map(self._elements.__getitem__, features))
        self._missing -= 1
        if self._missing:
            return None
        gathered = self._gathered
        self.reset()
        return gathered

    def reset(self) -> None:
        self._missing, self._gathered = self._at_once, b""


def _gathered(words: "list[_Word]") -> list[_Gathering]:
    alike: dict[tuple[Encoding, int], list[_Word]] = {}
    for word in words:
        alike.setdefault((word.encoding, word.steps), []).append(word)
    return [_Gathering(words) for words in alike.values()]


class _Elements(dict[float, bytes]):
    """For the value of a feature, the element that stands for it in a model's input; each is worked out once. The front
    end knows few values: multiples of 10/256, a few hundred in practice, 65,536 at most."""

    def __init__(self, encoding: "Encoding") -> None:
        super().__init__()
        self._encoding = encoding

    def __missing__(self, value: float) -> bytes:
        element = self[value] = self._encoding.encode(value)
        return element


class _Word:
    """One model, and what it thought of the last few steps."""

    def __init__(self, path: Path, threshold: float | None) -> None:
        from roomtone.ears.wake.tflite import TfLiteModel, library

        manifest = _manifest(path)
        self.name = path.stem
        self.phrase = manifest.wake_word.lower()
        self.threshold = threshold or manifest.micro.probability_cutoff
        self._window = manifest.micro.sliding_window_size
        self._probabilities: deque[float] = deque(maxlen=self._window)
        self._model = TfLiteModel(library(PACKAGE), path.parent / manifest.model)
        try:
            self.steps = self._checked_steps()
        except EngineError:
            self._model.close()
            raise
        self.encoding = self._model.input_encoding

    def _checked_steps(self) -> int:
        """How many steps the model takes at a time. Raises EngineError for a model of another kind."""
        if len(self._model.input_shape) != 3 or self._model.input_shape[::2] != (1, FEATURES):
            raise EngineError(f"{self._model.path} is no microWakeWord model: its input is not 1 x steps x {FEATURES}")
        if math.prod(self._model.output_shape) != 1:
            raise EngineError(f"{self._model.path} is no microWakeWord model: its output is not one probability")
        return self._model.input_shape[1]

    def hear(self, steps: bytes) -> WakeDetection | None:
        """Takes the next steps, as many as the model wants, encoded for it."""
        self._probabilities.append(self._model.run_encoded(steps))
        if len(self._probabilities) < self._window:
            return None
        mean = sum(self._probabilities) / self._window
        return WakeDetection(self.name, self.phrase, mean) if mean > self.threshold else None

    def reset(self) -> None:
        self._probabilities.clear()
        self._model.reset()

    def close(self) -> None:
        self._model.close()


def _manifest(path: Path) -> _Manifest:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_MANIFEST_BYTES + 1)
    except OSError as problem:
        raise EngineError(f"the wake word model {path} cannot be read: {problem.strerror}") from problem
    if len(data) > MAX_MANIFEST_BYTES:
        raise EngineError(f"{path} is too large for the manifest of a wake word model: name the .json, not the .tflite")
    try:
        return _Manifest.model_validate_json(data)
    except ValidationError as problem:
        first = problem.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise EngineError(f"{path} is no manifest of a microWakeWord model: {where}: {first['msg']}") from problem


def _make(settings: MicroWakeWordSettings, _: Surroundings) -> WakeEngine:
    return MicroWakeWord(settings)


def _missing() -> str | None:
    return None if find_spec(PACKAGE) else extras.remedy("satellite")


ENGINE: Final = EngineSpec("microwakeword", MicroWakeWordSettings, _make, _missing, rank=20)
