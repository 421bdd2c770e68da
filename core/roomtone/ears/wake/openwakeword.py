"""openWakeWord: larger models in three stages, for machines with power to spare.

Its models come from the package pyopen-wakeword. The package named openwakeword ships none (it downloads them at run
time) and fails with numpy 2, so it is not the one. The models' licence, CC BY-NC-SA 4.0, keeps this engine an extra.

Every 80 ms: audio -> 8 columns of 32 mel bands -> one embedding of the last 76 columns -> for each word, a probability
from the last 16 embeddings or so. The first two stages are shared by all words. Sizes and scaling are those of
github.com/dscripka/openWakeWord.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import roomtone.ears.formats as audio
from roomtone import extras
from roomtone.ears.base import WakeDetection, WakeEngine
from roomtone.ears.wake.shared import Refractory, Tunable, WakeSettings, check_frame
from roomtone.engines import EngineSpec, Surroundings
from roomtone.errors import EngineError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PACKAGE: Final = "pyopen_wakeword"
CHUNK_SAMPLES: Final = 80 * audio.SAMPLES_PER_MS  # the step of all stages
CONTEXT_SAMPLES: Final = 30 * audio.SAMPLES_PER_MS  # how far a chunk's first mel column looks back
MEL_BANDS: Final = 32
MEL_COLUMNS: Final = 76  # that one embedding sees
EMBEDDING_SIZE: Final = 96
MAX_LOOK_BACK: Final = 120  # embeddings that a word's model may see: 9.6 s
DEFAULT_THRESHOLD: Final = 0.5

Word = Literal["alexa", "hey_jarvis", "hey_mycroft", "hey_rhasspy", "okay_nabu"]


class OpenWakeWordSettings(WakeSettings):
    """`models` of your own are .tflite files made for openWakeWord."""

    words: tuple[Word, ...] = ("alexa", "hey_jarvis", "hey_mycroft", "okay_nabu")


class OpenWakeWord(Tunable):
    """A WakeEngine: several models behind the two shared stages."""

    def __init__(self, settings: OpenWakeWordSettings) -> None:
        """Raises EngineError, naming the file, for a model that cannot be used."""
        from roomtone.ears.wake.tflite import package_folder

        bundled = package_folder(PACKAGE) / "models"
        self._refractory = Refractory(settings.refractory_s)
        self._embeddings = _Embeddings(bundled)
        self._words: list[_Word] = []
        try:
            for path in (*(bundled / f"{word}.tflite" for word in settings.words), *settings.models):
                threshold = settings.thresholds.get(path.stem, DEFAULT_THRESHOLD)
                self._words.append(_Word(path, threshold, self._embeddings.of_silence))
        except EngineError:
            self.close()
            raise
        self.words = tuple(word.name for word in self._words)

    def process(self, frame: bytes) -> WakeDetection | None:
        check_frame("openwakeword", frame)
        if not self._words:
            raise EngineError("openwakeword is closed")
        embedding = self._embeddings.next(frame)
        if embedding is None:
            return self._refractory.best([])
        return self._refractory.best([found for word in self._words if (found := word.hear(embedding))])

    def reset(self) -> None:
        self._refractory.reset()
        self._embeddings.reset()
        for word in self._words:
            word.reset()

    def close(self) -> None:
        self._embeddings.close()
        for word in self._words:
            word.close()
        self._words = []


class _Embeddings:
    """Frames of 20 ms in, an embedding out at every fourth."""

    def __init__(self, models: Path) -> None:
        import numpy as np

        from roomtone.ears.wake.tflite import TfLiteModel, library

        lib = library(PACKAGE)
        window = CONTEXT_SAMPLES + CHUNK_SAMPLES
        self._to_mels = TfLiteModel(lib, models / "melspectrogram.tflite", (1, window))
        self._to_embedding = TfLiteModel(lib, models / "embedding_model.tflite", (1, MEL_COLUMNS, MEL_BANDS, 1))
        silent_column = self._mels(np.zeros(window, np.float32))[:1]
        self._silent_mels: NDArray[np.float32] = silent_column.repeat(MEL_COLUMNS, axis=0)
        self.of_silence: NDArray[np.float32] = self._embedding(self._silent_mels)
        self._audio: NDArray[np.float32] = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._columns = self._silent_mels

    def next(self, frame: bytes) -> "NDArray[np.float32] | None":
        import numpy as np

        samples = np.frombuffer(frame, "<i2").astype(np.float32)
        self._audio = np.concatenate((self._audio, samples))
        if len(self._audio) < CONTEXT_SAMPLES + CHUNK_SAMPLES:
            return None
        self._columns = np.concatenate((self._columns, self._mels(self._audio)))[-MEL_COLUMNS:]
        self._audio = self._audio[CHUNK_SAMPLES:]
        return self._embedding(self._columns)

    def reset(self) -> None:
        import numpy as np

        self._audio = np.zeros(CONTEXT_SAMPLES, np.float32)
        self._columns = self._silent_mels

    def close(self) -> None:
        self._to_mels.close()
        self._to_embedding.close()

    def _mels(self, samples: "NDArray[np.float32]") -> "NDArray[np.float32]":
        import numpy as np

        return self._to_mels.run(samples[None, :]).reshape(-1, MEL_BANDS) / np.float32(10) + np.float32(2)

    def _embedding(self, columns: "NDArray[np.float32]") -> "NDArray[np.float32]":
        return self._to_embedding.run(columns[None, :, :, None]).reshape(1, EMBEDDING_SIZE)


class _Word:
    """One word's model, and the embeddings that it looks back on."""

    def __init__(self, path: Path, threshold: float, of_silence: "NDArray[np.float32]") -> None:
        from roomtone.ears.wake.tflite import TfLiteModel, library

        self.name = path.stem
        self.phrase = self.name.replace("_", " ")
        self.threshold = threshold
        self._model = TfLiteModel(library(PACKAGE), path)
        match self._model.input_shape:
            case (1, look_back, size) if size == EMBEDDING_SIZE and look_back <= MAX_LOOK_BACK:
                self._silence = of_silence.repeat(look_back, axis=0)
                self._seen = self._silence
            case _:
                self._model.close()
                raise EngineError(
                    f"{path} is no openWakeWord model: its input is not 1 x embeddings x {EMBEDDING_SIZE}"
                )

    def hear(self, embedding: "NDArray[np.float32]") -> WakeDetection | None:
        import numpy as np

        self._seen = np.concatenate((self._seen[1:], embedding))
        probability = self._model.run(self._seen[None, :, :]).item()
        return WakeDetection(self.name, self.phrase, probability) if probability > self.threshold else None

    def reset(self) -> None:
        self._seen = self._silence

    def close(self) -> None:
        self._model.close()


def _make(settings: OpenWakeWordSettings, _: Surroundings) -> WakeEngine:
    return OpenWakeWord(settings)


def _missing() -> str | None:
    return None if find_spec(PACKAGE) else extras.remedy("openwakeword")


ENGINE: Final = EngineSpec("openwakeword", OpenWakeWordSettings, _make, _missing, rank=10)
