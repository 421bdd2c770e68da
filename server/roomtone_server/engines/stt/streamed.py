"""An utterance that a service hears while it comes: audio goes out, and texts come in, over a connection of its own.

Nobody reads the connection but those who wait for something: whoever waits reads for all. So it needs no task.
"""

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterator

from roomtone.errors import EngineError
from roomtone_server.engines.base import Partial, Transcript
from roomtone_server.engines.stt.services import ended
from roomtone_server.engines.stt.wake_words import without_wake_phrase


class StreamedHearing(ABC):
    """Behind the Hearing Protocol, but for `feed`, `preview` and `finish`, which each service wants in its own way."""

    def __init__(self, wake_phrase: str) -> None:
        self._wake_phrase = wake_phrase
        self._reading = asyncio.Lock()
        self._is_open = True
        self._failure = ""
        self.language = ""  # that the service told, where it did

    @property
    @abstractmethod
    def heard(self) -> Partial:
        """The newest text, as the service has it."""

    @abstractmethod
    async def read(self) -> None:
        """Waits for the next message, and takes it in. Raises EngineError when none can come."""

    @abstractmethod
    async def disconnect(self) -> None:
        """Gives the connection up, at once. Idempotent."""

    async def partials(self) -> AsyncGenerator[Partial, None]:
        shown = ""
        while self._is_open:
            partial = self._own(self.heard)
            if partial.text and partial.text != shown:
                shown = partial.text
                yield partial
            elif not await self._news():
                return

    async def _news(self) -> bool:
        """Waits for another text; False when the utterance ended instead."""
        before = self.heard
        try:
            await self.until(lambda: not self._is_open or self.heard != before)
        except EngineError:
            if self._is_open:
                raise
        return self._is_open

    async def close(self) -> None:
        self._is_open = False
        await self.disconnect()

    async def until(self, done: Callable[[], bool]) -> None:
        """Reads until that is so. Raises EngineError when it cannot be any more, and for whatever failed before."""
        while not done():
            async with self._reading:
                if not done():
                    await self._read()

    async def _read(self) -> None:
        self.check_failure()
        with self.failing():
            await self.read()

    def transcript(self) -> Transcript:
        """What was heard, settled."""
        text = self._own(self.heard).text
        return Transcript(text, spoken=bool(text), language=self.language)

    @contextlib.contextmanager
    def failing(self) -> Iterator[None]:
        """What fails within has failed for good: see `check_failure`."""
        try:
            yield
        except EngineError as problem:
            self._failure = self._failure or str(problem)
            raise

    def check_failure(self) -> None:
        if self._failure:
            raise EngineError(self._failure)

    def check_open(self) -> None:
        self.check_failure()
        if not self._is_open:
            raise ended()

    def _own(self, partial: Partial) -> Partial:
        return Partial(without_wake_phrase(partial.text, self._wake_phrase), partial.samples)
