"""Whisper, asked for the text of one utterance: encoder, language, decoder. Everything here blocks.

The library's own `transcribe` is for recordings of any length: it goes on in windows of 30 s, and again and again at
higher temperatures where it is not sure. An utterance is one window, and is decoded once.
"""

import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone.errors import EngineError

Window = Literal["full", "fit"]

WINDOW_S: Final = 30  # of the encoder
FRAMES_PER_S: Final = 100  # of its spectrogram
FIT_STEP_S: Final = 2  # in which a window that fits grows
MAX_BYTES: Final = WINDOW_S * RATE_HZ * SAMPLE_BYTES

# Where it loops it would fill its 224 tokens; scripts of three bytes a letter need some 30 a second.
MAX_TOKENS: Final = 224
MIN_TOKENS: Final = 16
TOKENS_PER_S: Final = 40
# What is none of its words, by the authors: https://github.com/openai/whisper, transcribe.py.
NO_SPEECH_FROM: Final = 0.6
LEAST_LOG_PROBABILITY: Final = -1.0
MOST_COMPRESSION: Final = 2.4  # what can be squeezed more says the same over and over


class GivenUp(Exception):
    """Nobody wants the text any more."""


@dataclass(frozen=True, slots=True)
class Heard:
    text: str  # empty when nothing was said
    language: str  # a code of Whisper's


@dataclass(frozen=True, slots=True)
class Question:
    """One utterance."""

    pcm: bytes  # int16, mono, 16 kHz; MAX_BYTES of it are heard
    language: str | None  # a code of Whisper's; None: the sound tells
    names: str = ""  # of the home: so they are spelt
    window: Window = "full"

    @property
    def seconds(self) -> float:
        return min(len(self.pcm), MAX_BYTES) / (RATE_HZ * SAMPLE_BYTES)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a model is to work."""

    device: str
    compute_type: str
    beam_size: int
    threads: int


class Whisper:
    """One model, loaded. It may be asked from one thread at a time."""

    def __init__(self, folder: Path, manner: Manner) -> None:
        """Raises EngineError."""
        from faster_whisper import WhisperModel

        self._manner = manner
        try:
            self._model = WhisperModel(
                str(folder),
                device=manner.device,
                compute_type=manner.compute_type,
                cpu_threads=manner.threads,
                local_files_only=True,
            )
        except Exception as problem:  # of CTranslate2 or the tokenizer: they have no root of their own
            raise EngineError(f"the model {folder} cannot be used: {problem}") from problem

    @property
    def languages(self) -> list[str]:
        """Codes of what it hears."""
        return list(self._model.supported_languages)

    def hear(self, asked: Question, is_wanted: Callable[[], bool] = lambda: True) -> Heard:
        """The text. Raises EngineError, and GivenUp when it is found between two steps that nobody wants it."""
        try:
            memory = self._model.encode(self._features(asked))
            language = asked.language or self._told_language(memory)
            if not is_wanted():
                raise GivenUp
            return Heard(self._text(memory, language, asked), language)
        except (RuntimeError, ValueError) as problem:  # of CTranslate2: the graphics card's memory, mostly
            raise EngineError(f"faster-whisper failed while it listened: {problem}") from problem

    def _features(self, asked: Question) -> npt.NDArray[np.float32]:
        """float32 [mels, frames]: of the encoder's whole window, or of one that fits."""
        samples = np.frombuffer(asked.pcm[:MAX_BYTES], np.int16).astype(np.float32) / 32_768
        features = self._model.feature_extractor(samples)[:, : WINDOW_S * FRAMES_PER_S]
        step = (FIT_STEP_S if asked.window == "fit" else WINDOW_S) * FRAMES_PER_S
        frames = min(WINDOW_S * FRAMES_PER_S, math.ceil(features.shape[1] / step) * step)
        padded: npt.NDArray[np.float32] = np.pad(features, ((0, 0), (0, frames - features.shape[1])))
        return padded.astype(np.float32)

    def _told_language(self, memory: object) -> str:
        if not self._model.model.is_multilingual:
            return "en"
        likeliest, _ = self._model.model.detect_language(memory)[0][0]
        return str(likeliest)[2:-2]  # <|en|>

    def _text(self, memory: object, language: str, asked: Question) -> str:
        from faster_whisper.tokenizer import Tokenizer
        from faster_whisper.transcribe import get_suppressed_tokens

        model = self._model.model
        tokenizer = Tokenizer(self._model.hf_tokenizer, model.is_multilingual, task="transcribe", language=language)
        prompt = self._model.get_prompt(tokenizer, [], without_timestamps=True, hotwords=asked.names or None)
        most = min(MAX_TOKENS, MIN_TOKENS + round(asked.seconds * TOKENS_PER_S))
        result = model.generate(
            memory,
            [prompt],
            beam_size=self._manner.beam_size,
            max_length=min(self._model.max_length, max(2 * most, len(prompt) + most)),  # of which it takes half at most
            suppress_tokens=list(get_suppressed_tokens(tokenizer, [-1])),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        text = tokenizer.decode(result.sequences_ids[0]).strip()
        is_silence = result.no_speech_prob > NO_SPEECH_FROM and result.scores[0] < LEAST_LOG_PROBABILITY
        return "" if is_silence or _is_repetitive(text) else text


def _is_repetitive(text: str) -> bool:
    spelt = text.encode()
    return len(spelt) > MOST_COMPRESSION * len(zlib.compress(spelt))
