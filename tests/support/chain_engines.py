"""Small engines of each kind for chains: they make real audio, hear how much they were fed, and fail where a test says.

Each counts in `asked` what it was asked, and in `open` what of that it has not given up yet.
"""

import asyncio
from dataclasses import dataclass, field

import numpy as np

from roomtone.engines import EngineSettings, EngineSpec
from roomtone.errors import EngineError, LanguageMissing
from roomtone_server.engines.base import ChatEnd, Partial, TextDelta, Transcript, Voice

BROKEN = "its cable was pulled"


@dataclass
class Part:
    """What the engines of all kinds share."""

    name: str = ""
    takes_s: float = 0.0  # to its first result
    starts: list = field(default_factory=list)  # for each start an error, or None; at the end it can start
    languages: tuple = ("en",)
    asked: int = 0
    open: int = 0
    running: int = 0  # started and not closed

    async def start(self):
        if self.starts and (problem := self.starts.pop(0)) is not None:
            raise EngineError(problem)
        self.running += 1

    async def close(self):
        self.running = max(0, self.running - 1)

    def check(self, language):
        if language not in self.languages:
            raise LanguageMissing(f"{self.name} lacks {language!r}")


@dataclass
class Beeper(Part):
    """Speaks any text as `chunks` chunks of 50 ms, a tone of its own."""

    rate_hz: int = 16_000
    tone_hz: int = 440
    chunks: int = 4
    fails_at: int | None = None  # this chunk
    texts: list = field(default_factory=list)
    wanted: list = field(default_factory=list)  # voices

    async def voices(self):
        if self.fails_at is not None:
            raise EngineError(BROKEN)
        return [Voice(f"{self.name}'s")]

    async def speak(self, request):
        self.check(request.language)
        self.asked += 1
        self.texts.append(request.text)
        self.wanted.append(request.voice)
        self.open += 1
        try:
            await asyncio.sleep(self.takes_s)
            for number in range(self.chunks if request.text else 0):
                if number == self.fails_at:
                    raise EngineError(BROKEN)
                yield self.chunk(number)
        finally:
            self.open -= 1

    def chunk(self, number):
        samples = self.rate_hz // 20
        t = (np.arange(samples) + number * samples) / self.rate_hz
        return (8000 * np.sin(2 * np.pi * self.tone_hz * t + 0.5)).astype(np.int16).tobytes()

    @property
    def speech(self):
        return b"".join(self.chunk(number) for number in range(self.chunks))


def pitch_hz(pcm, rate_hz):
    """The loudest frequency."""
    samples = np.frombuffer(pcm, np.int16)
    return float(np.argmax(np.abs(np.fft.rfft(samples))) * rate_hz / len(samples))


@dataclass
class Counter(Part):
    """Hears how many ms it was fed: "c heard 40"."""

    fails_at_ms: int | None = None  # of audio, while it is fed or tells partials
    fails_at: frozenset = frozenset()  # "hear", "partials", "preview", "finish"
    feed_takes_s: float = 0.0
    learned: list = field(default_factory=list)

    async def learn(self, vocabulary):
        self.check(vocabulary.language)
        self.learned.append(vocabulary)
        return [f"unheard by {self.name}"]

    async def hear(self, request):
        self.check(request.language)
        self.asked += 1
        if "hear" in self.fails_at:
            raise EngineError(BROKEN)
        await asyncio.sleep(self.takes_s)
        return Count(self)


class Count:
    def __init__(self, counter):
        self._counter = counter
        self._ms = 0
        self._news = asyncio.Event()
        self._is_over = False
        counter.open += 1

    async def feed(self, pcm):
        await asyncio.sleep(self._counter.feed_takes_s)
        self._ms += len(pcm) // 32
        self._news.set()
        if self._ms == self._counter.fails_at_ms:
            raise EngineError(BROKEN)

    async def partials(self):
        while True:
            await self._news.wait()
            self._news.clear()
            if self._is_over:
                return
            if "partials" in self._counter.fails_at:
                raise EngineError(BROKEN)
            yield Partial(self._text, self._ms * 16)

    async def preview(self):
        return await self._transcript("preview")

    async def finish(self):
        transcript = await self._transcript("finish")
        self._end()
        return transcript

    async def close(self):
        if not self._is_over:
            self._end()

    @property
    def _text(self):
        return f"{self._counter.name} heard {self._ms}"

    async def _transcript(self, what):
        await asyncio.sleep(self._counter.takes_s)
        if what in self._counter.fails_at:
            raise EngineError(BROKEN)
        if self._is_over:
            raise EngineError("this utterance was closed")
        return Transcript(self._text)

    def _end(self):
        self._is_over = True
        self._news.set()
        self._counter.open -= 1


@dataclass
class Model(Part):
    """Answers with its pieces; an EngineError among them is raised."""

    pieces: tuple = (TextDelta("It is "), TextDelta("noon."), ChatEnd("stop"))
    requests: list = field(default_factory=list)

    async def models(self):
        return [f"{self.name}'s"]

    async def chat(self, request):
        self.asked += 1
        self.requests.append(request)
        self.open += 1
        try:
            await asyncio.sleep(self.takes_s)
            for piece in self.pieces:
                if isinstance(piece, EngineError):
                    raise piece
                yield piece
        finally:
            self.open -= 1


def makers(*engines):
    """For a chain: each engine under its name, made as often as it is wanted."""
    return {engine.name: lambda engine=engine: engine for engine in engines}


class BeeperSettings(EngineSettings):
    fails_at: int | None = None


def _make(settings, _):
    return Beeper("beeper", fails_at=settings.fails_at)


BEEPER = EngineSpec("beeper", BeeperSettings, _make, lambda: None)
MUTE = EngineSpec("mute", BeeperSettings, _make, lambda: "pip install a mouth", rank=9)
