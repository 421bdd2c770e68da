"""Speech-to-text by faster-whisper: OpenAI's Whisper on this machine, with a model that is installed here.

    stt: {engine: faster-whisper, model: base}

Whisper hears an utterance as a whole, so it hears one that grows again and again: see `growing`. CTranslate2 lets go of
the GIL in encoder and decoder: it needs a thread, and no process.
"""

import asyncio
import importlib.util
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, Literal, TypeVar

import numpy as np
from pydantic import Field

from roomtone.ears.formats import RATE_HZ
from roomtone.engines import EngineSettings, EngineSpec, ModelWanted, Surroundings
from roomtone.errors import EngineError
from roomtone.extras import remedy
from roomtone.paths import cache_dir
from roomtone_server.engines.base import ANY_LANGUAGE, HearingRequest, SpeechToText, Transcript
from roomtone_server.engines.stt import whisper_files
from roomtone_server.engines.stt.growing import GrowingHearing
from roomtone_server.engines.stt.services import check_language, closed, expected, names_of
from roomtone_server.engines.stt.wake_words import without_wake_phrase
from roomtone_server.engines.stt.whisper_decoding import MAX_BYTES, GivenUp, Heard, Manner, Question, Whisper, Window
from roomtone_server.engines.stt.whole import WholeHearing
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.languages.codes import best_code
from roomtone_server.languages.language import language_of

NAME: Final = "faster-whisper"
# Whisper reads the last 224 tokens of a prompt.
MAX_NAMES: Final = 100
MAX_NAME_TOKENS: Final = 200
WARMED_S: Final = 3  # of noise; as long as a command

T = TypeVar("T")


ComputeType = Literal[
    "auto",
    "default",
    "int8",
    "int8_float32",
    "int8_float16",
    "int8_bfloat16",
    "int16",
    "float16",
    "bfloat16",
    "float32",
]


class FasterWhisperSettings(EngineSettings):
    model: str = Field(default="", description="an installed model, or a folder's path; else the largest installed one")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    compute_type: ComputeType = Field(
        default="auto", description="auto: the fastest that the machine has; default: the model's own"
    )
    beam_size: int = Field(default=1, ge=1, le=10, description="more hears a little better, and takes longer")
    language: str = Field(default="", description="else the one of the house; auto: whichever is spoken")
    tell_names: bool = Field(default=True, description="whether it is told the home's names, so that it spells them")
    threads: int = Field(default=0, ge=0, le=64, description="0: one for each core")
    window: Window = Field(default="full", description="fit: only what was said is encoded, and not always 30 s")

    def manner(self) -> Manner:
        threads = self.threads or len(os.sched_getaffinity(0))
        return Manner(self.device, self.compute_type, self.beam_size, threads)


class FasterWhisper:
    """faster-whisper behind the SpeechToText Protocol. Utterances are heard one after the other; each waits for what is
    under way, which ends with its step when nobody wants it any more."""

    def __init__(self, settings: FasterWhisperSettings, surroundings: Surroundings) -> None:
        self._settings = settings
        self._surroundings = surroundings
        self._pool: ThreadPoolExecutor | None = None
        self._whisper: Whisper | None = None  # the thread's own
        self._languages: list[str] = []
        self._took_s = 0.0  # to hear the last utterance
        self._names: list[str] = []
        self._open: set[WholeHearing] = set()

    async def start(self) -> None:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix=NAME)
        try:
            await self._run(self._load)
        except BaseException:
            await self.close()
            raise

    async def learn(self, vocabulary: Vocabulary) -> list[str]:
        self._language_of(vocabulary.language)
        if self._settings.tell_names:
            self._names = names_of(vocabulary, most=MAX_NAMES, tokens=MAX_NAME_TOKENS)
        return []

    async def hear(self, request: HearingRequest) -> GrowingHearing:
        language = self._language_of(request.language)
        names = ", ".join(expected(self._names, request, most=MAX_NAMES, tokens=MAX_NAME_TOKENS))

        async def transcribe(pcm: bytes) -> Transcript:
            heard = await self._heard(Question(pcm, language, names, self._settings.window))
            text = without_wake_phrase(heard.text, request.wake_phrase)
            return Transcript(text, spoken=bool(text), language="" if language else heard.language)

        hearing = GrowingHearing(transcribe, self._open.discard, MAX_BYTES, lambda: self._took_s)
        self._open.add(hearing)
        return hearing

    async def close(self) -> None:
        for hearing in list(self._open):
            await hearing.close()
        pool, self._pool = self._pool, None
        if pool is not None:
            await asyncio.to_thread(pool.shutdown, cancel_futures=True)
        self._whisper = None

    def _load(self) -> None:
        """The first utterance takes longest: nobody should wait for it later."""
        surroundings = self._surroundings
        folder = whisper_files.folder_of(self._settings.model, surroundings.cache, surroundings.language)
        self._whisper = Whisper(folder, self._settings.manner())
        self._languages = self._whisper.languages
        noise = np.random.default_rng(1).normal(0, 100, WARMED_S * RATE_HZ).astype(np.int16).tobytes()
        self._hear(Question(noise, self._languages[0], window=self._settings.window), threading.Event())

    def _hear(self, asked: Question, given_up: threading.Event) -> Heard:
        """On the thread."""
        assert self._whisper is not None
        began = time.monotonic()
        heard = self._whisper.hear(asked, lambda: not given_up.is_set())
        self._took_s = time.monotonic() - began
        return heard

    def _language_of(self, wanted: str) -> str | None:
        """Whisper's code of it; None when the sound shall tell. Raises EngineError."""
        if self._pool is None or self._whisper is None:
            raise closed(NAME)
        wanted = self._settings.language or wanted
        if wanted == ANY_LANGUAGE:
            return None
        check_language(NAME, self._languages, wanted)
        return best_code(self._languages, language_of(wanted).whisper or wanted)

    async def _heard(self, asked: Question) -> Heard:
        given_up = threading.Event()
        try:
            return await self._run(partial(self._hear, asked, given_up))
        except GivenUp:
            raise EngineError("this utterance was given up") from None
        finally:
            given_up.set()

    async def _run(self, work: Callable[[], T]) -> T:
        if self._pool is None:
            raise closed(NAME)
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)


def _lacks(settings: FasterWhisperSettings, surroundings: Surroundings) -> list[ModelWanted]:
    model, cache, language = settings.model, surroundings.cache, surroundings.language
    if not model:
        return [] if whisper_files.fitting(cache, language) else [ModelWanted(whisper_files.KIND, language=language)]
    is_here = "/" in model or model in whisper_files.installed(cache)
    return [] if is_here else [ModelWanted(whisper_files.KIND, model)]


def _make(settings: FasterWhisperSettings, surroundings: Surroundings) -> SpeechToText:
    return FasterWhisper(settings, surroundings)


def _missing() -> str | None:
    return None if importlib.util.find_spec("faster_whisper") else remedy("whisper")


def _unfit(language: str) -> str | None:
    if whisper_files.fitting(cache_dir(), language):
        return None
    return f"no model for {language!r} is installed: `roomtone models pull --for {language}`"


ENGINE: Final = EngineSpec(NAME, FasterWhisperSettings, _make, _missing, rank=5, unfit=_unfit, lacks=_lacks)
