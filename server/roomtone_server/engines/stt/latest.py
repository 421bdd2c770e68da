"""Transcripts of an utterance that grows, where each costs a request: one at most is under way."""

import asyncio
from collections.abc import Awaitable, Callable

from roomtone.errors import EngineError
from roomtone_server.engines.base import Transcript
from roomtone_server.engines.stt.services import ended

Transcribe = Callable[[bytes], Awaitable[Transcript]]


class Latest:
    """Whoever asks about the same audio shares a request. One about more audio ends the one before, whose callers get
    the newer answer; a caller who leaves ends only what nobody else waits for."""

    def __init__(self, transcribe: Transcribe) -> None:
        self._transcribe = transcribe
        self._newest: _Request | None = None
        self._is_open = True

    async def of(self, pcm: bytes) -> Transcript:
        """The transcript of the utterance so far, or of a little more. Raises EngineError."""
        while self._is_open:
            newest = self._newest
            if newest is None or newest.has_failed or newest.size < len(pcm):
                older, newest = newest, _Request(len(pcm))
                self._newest = newest
                await self._ask(newest, pcm, older)
            else:
                await newest.over.wait()
            if newest.problem:
                raise EngineError(newest.problem)
            if newest.answer is not None:
                return newest.answer
        raise ended()

    async def close(self) -> None:
        """Ends what is under way; who waits for it gets an EngineError."""
        self._is_open = False
        if self._newest is not None:
            await self._newest.end()

    async def _ask(self, request: "_Request", pcm: bytes, older: "_Request | None") -> None:
        try:
            async with asyncio.timeout(None) as request.scope:
                if older is not None:
                    await older.end()
                request.answer = await self._transcribe(pcm)
        except TimeoutError:
            if not request.scope.expired():
                raise
        except EngineError as problem:
            request.problem = str(problem)
        finally:
            request.over.set()


class _Request:
    """One request, until it is over: then it has an answer, or a problem, or was given up."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.scope = asyncio.timeout(None)
        self.over = asyncio.Event()
        self.answer: Transcript | None = None
        self.problem = ""

    @property
    def has_failed(self) -> bool:
        return self.over.is_set() and self.answer is None

    async def end(self) -> None:
        """Ends it now, in whichever task it runs."""
        if not self.over.is_set():
            self.scope.reschedule(asyncio.get_running_loop().time())
            await self.over.wait()
