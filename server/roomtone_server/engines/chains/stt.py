"""Recognisers in a chain.

What was fed of an utterance is kept; where a recogniser fails in its middle, the next one hears it from the beginning,
as fast as it can, and goes on with what comes. Its partials replace those of the one before.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from itertools import chain
from typing import Final

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone.errors import EngineError
from roomtone_server.engines.base import Hearing, HearingRequest, Partial, SpeechToText, Transcript
from roomtone_server.engines.chains.chain import Attempt, Chain
from roomtone_server.engines.stt.services import ended
from roomtone_server.grammar.vocabulary import Vocabulary

# Without a cap, a button that is held for ever would take the server's memory. Of what is longer, the begin is lost to
# an engine that takes over.
MAX_KEPT_BYTES: Final = 60 * RATE_HZ * SAMPLE_BYTES

_LOGGER = logging.getLogger(__name__)


class SttChain:
    """A `SpeechToText`."""

    def __init__(self, makers: Mapping[str, Callable[[], SpeechToText]], patience_s: float) -> None:
        """`patience_s`: to open an utterance, and to each transcript that is asked for."""
        self.chain: Final = Chain("stt", makers, patience_s, self._begin)
        self._vocabulary: Vocabulary | None = None

    async def start(self) -> None:
        await self.chain.start()

    async def learn(self, vocabulary: Vocabulary) -> list[str]:
        """All learn; the names are those that the first which could learn cannot hear. One that fails at it keeps the
        words that it had. Raises EngineError when all fail."""
        self._vocabulary = vocabulary
        async with asyncio.TaskGroup() as tasks:
            learning = [tasks.create_task(_taught(engine, vocabulary)) for engine in self.chain.engines]
        problems = []
        for task in learning:
            if not isinstance(result := task.result(), EngineError):
                return result
            problems.append(result)
        raise problems[0]

    async def hear(self, request: HearingRequest) -> "ChainHearing":
        return await ChainHearing.open(self.chain.attempts(), request)

    async def close(self) -> None:
        await self.chain.close()

    async def _begin(self, engine: SpeechToText) -> None:
        """One that starts late learns what the others have learned meanwhile."""
        await engine.start()
        learned = None
        while self._vocabulary is not None and learned is not self._vocabulary:
            learned = self._vocabulary
            await engine.learn(learned)


@dataclass(frozen=True, slots=True)
class _Hearer:
    """An engine that hears the utterance, and the utterance there."""

    attempt: Attempt[SpeechToText]
    hearing: Hearing


class ChainHearing:
    """One utterance, at whichever engine hears it now."""

    def __init__(self, attempts: Iterator[Attempt[SpeechToText]], request: HearingRequest) -> None:
        self._attempts = attempts
        self._request = request
        self._hearer: _Hearer | None = None  # the one before failed
        self._kept: deque[bytes] = deque()
        self._kept_bytes = 0
        self._changing = asyncio.Lock()  # of who hears: audio waits meanwhile
        self._changed = asyncio.Event()  # who hears, or that anybody does
        self._is_over = False
        self._final: Transcript | None = None
        self._nobody: EngineError | None = None  # is left

    @classmethod
    async def open(cls, attempts: Iterator[Attempt[SpeechToText]], request: HearingRequest) -> "ChainHearing":
        """Raises EngineError."""
        hearing = cls(attempts, request)
        await hearing._listen()
        return hearing

    async def feed(self, pcm: bytes) -> None:
        async with self._changing:
            if self._is_over:
                return
            self._keep(pcm)
            if (hearer := self._hearer) is not None:
                try:
                    async with hearer.attempt.patience():
                        await hearer.hearing.feed(pcm)
                except EngineError as problem:
                    await self._drop(hearer, problem)
            await self._listen()

    async def partials(self) -> AsyncGenerator[Partial, None]:
        text = ""
        while (hearer := await self._whoever_hears()) is not None:
            self._changed.clear()
            try:
                async with aclosing(hearer.hearing.partials()) as partials:
                    async for partial in partials:
                        hearer.attempt.gave()
                        if partial.text != text and hearer is self._hearer:
                            text = partial.text
                            yield partial
            except EngineError as problem:
                await self._drop(hearer, problem)
            if hearer is self._hearer and not self._is_over:
                await self._changed.wait()

    async def preview(self) -> Transcript:
        self._check_open()
        return await self._ask(lambda hearing: hearing.preview())

    async def finish(self) -> Transcript:
        self._check_open()
        self._final = await self._ask(lambda hearing: hearing.finish())
        self._end()
        return self._final

    async def close(self) -> None:
        self._end()
        if self._hearer is not None:
            await self._hearer.hearing.close()

    async def _ask(self, question: Callable[[Hearing], Awaitable[Transcript]]) -> Transcript:
        """The answer of whoever hears, or of the next. Raises EngineError."""
        while (hearer := await self._whoever_hears()) is not None:
            try:
                async with hearer.attempt.patience():
                    transcript = await question(hearer.hearing)
            except EngineError as problem:
                await self._drop(hearer, problem)
            else:
                hearer.attempt.gave()
                return transcript
        if self._final is not None:
            return self._final  # to a preview that was moving on to the next engine meanwhile
        raise ended()

    async def _whoever_hears(self) -> _Hearer | None:
        """None once the utterance is over. Raises EngineError when nobody is left."""
        async with self._changing:
            return await self._listen()

    async def _listen(self) -> _Hearer | None:
        """As above, with `_changing` held: where the one before failed, the next hears, from the beginning."""
        if self._nobody is not None:
            raise EngineError(str(self._nobody))
        if self._hearer is None and not self._is_over:
            self._hearer = await self._next()
            self._changed.set()
            if self._is_over:
                self._hearer.attempt.ended()
                await self._hearer.hearing.close()
        return None if self._is_over else self._hearer

    async def _drop(self, broken: _Hearer, problem: EngineError) -> None:
        """Whoever failed hears no longer, unless another call has seen to it, or the failure comes of the end."""
        if broken is self._hearer and not self._is_over:
            self._hearer = None
            broken.attempt.failed(problem)
            await broken.hearing.close()

    async def _next(self) -> _Hearer:
        """The next engine that can hear, with all that was kept fed to it. Raises EngineError when none is left."""
        try:
            for attempt in self._attempts:
                try:
                    return _Hearer(attempt, await self._opened(attempt))
                except EngineError as problem:
                    attempt.failed(problem)
                except BaseException:
                    # Whoever asked waits no longer: the next call begins with the same engine.
                    attempt.ended()
                    self._attempts = chain([attempt], self._attempts)
                    raise
        except EngineError as problem:
            self._nobody = problem
            raise
        raise AssertionError("attempts end with an error")

    async def _opened(self, attempt: Attempt[SpeechToText]) -> Hearing:
        async with attempt.patience():
            hearing = await attempt.engine.hear(self._request)
            try:
                for pcm in self._kept:
                    await hearing.feed(pcm)
            except BaseException:
                await hearing.close()
                raise
            return hearing

    def _keep(self, pcm: bytes) -> None:
        self._kept.append(pcm)
        self._kept_bytes += len(pcm)
        while self._kept_bytes > MAX_KEPT_BYTES:
            self._kept_bytes -= len(self._kept.popleft())

    def _check_open(self) -> None:
        if self._is_over:
            raise ended()

    def _end(self) -> None:
        if not self._is_over:
            self._is_over = True
            self._changed.set()
            if self._hearer is not None:
                self._hearer.attempt.ended()


async def _taught(engine: SpeechToText, vocabulary: Vocabulary) -> list[str] | EngineError:
    try:
        return await engine.learn(vocabulary)
    except EngineError as problem:
        _LOGGER.warning("an engine keeps the words it had: %s", problem)
        return problem
