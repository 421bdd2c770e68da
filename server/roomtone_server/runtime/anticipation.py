"""Answers that are made ready before anybody asks for them: who conducts a turn from elsewhere sends the transcript
back with its next breath, and then the reply's text.

Nothing here has an effect; what nobody asks for in time is thrown away.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from roomtone_server.agent.base import Prepared, Request
from roomtone_server.engines.base import SpeechRequest
from roomtone_server.runtime.parts import Parts
from roomtone_server.runtime.speaking import pieces_of

_LOGGER = logging.getLogger(__name__)

MAX_KEPT: Final = 4  # guards both cores: each may be a language model's work
KEPT_S: Final = 15.0  # who conducts the turn asks within milliseconds


@dataclass(eq=False, slots=True)
class Anticipated:
    """One request that is expected, and what is ready for it."""

    request: Request
    voice: str
    prepared: asyncio.Future[Prepared] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


@asynccontextmanager
async def anticipating(parts: Parts) -> AsyncIterator["Anticipation"]:
    """What is still being made when the block is left is given up."""
    async with asyncio.TaskGroup() as tasks:
        anticipation = Anticipation(parts, tasks)
        try:
            yield anticipation
        finally:
            anticipation.close()


class Anticipation:
    """What is expected to be asked; of more than MAX_KEPT the oldest is given up. Use `anticipating`."""

    def __init__(self, parts: Parts, tasks: asyncio.TaskGroup) -> None:
        self._parts = parts
        self._tasks = tasks
        self._kept: dict[Anticipated, tuple[asyncio.Task[None], asyncio.TimerHandle]] = {}
        self._claimed: set[asyncio.Task[None]] = set()

    def begin(self, request: Request, voice: str = "") -> Anticipated:
        """Gets ready what will be answered, and its audio in that voice."""
        while len(self._kept) >= MAX_KEPT:
            self.discard(next(iter(self._kept)))
        anticipated = Anticipated(request, voice)
        task = self._tasks.create_task(self._prepare(anticipated), name="anticipated answer")
        expiry = asyncio.get_running_loop().call_later(KEPT_S, self.discard, anticipated)
        self._kept[anticipated] = task, expiry
        return anticipated

    def discard(self, anticipated: Anticipated) -> None:
        """It was not meant, or nobody asks; any number of times, and never what was claimed."""
        if anticipated in self._kept:
            task, expiry = self._kept.pop(anticipated)
            expiry.cancel()
            task.cancel()

    async def claim(self, request: Request) -> Prepared:
        """What is ready for a request, to be committed; made now when nothing is. Each is given out once."""
        for anticipated in self._kept:
            if anticipated.request == request:
                task, expiry = self._kept.pop(anticipated)
                expiry.cancel()
                self._claimed.add(task)  # it may still be thinking ahead, and `commit` takes that up
                task.add_done_callback(self._claimed.discard)
                await asyncio.wait([anticipated.prepared])
                if not anticipated.prepared.cancelled():
                    return anticipated.prepared.result()
                break
        return await self._parts.agent.prepare(request)

    def speak_ahead(self, text: str, language: str, voice: str) -> None:
        """Makes the beginning of a reply's audio, for whoever will want it read aloud."""
        if len(self._claimed) < MAX_KEPT:
            task = self._tasks.create_task(self._speak(text, language, voice), name="anticipated voice")
            self._claimed.add(task)
            task.add_done_callback(self._claimed.discard)

    def close(self) -> None:
        for anticipated in list(self._kept):
            self.discard(anticipated)
        for task in self._claimed:
            task.cancel()

    async def _prepare(self, anticipated: Anticipated) -> None:
        request = anticipated.request
        try:
            answer = await self._parts.agent.prepare(request)
            anticipated.prepared.set_result(answer)
            if answer.speculative and answer.reply:
                await self._speak(answer.reply, request.language, anticipated.voice)
            await self._parts.agent.think_ahead(answer)
        except Exception:  # a fault of ours: it must not take the others along
            _LOGGER.exception("an answer could not be prepared")
        finally:
            anticipated.prepared.cancel()  # unless it is there

    async def _speak(self, text: str, language: str, voice: str) -> None:
        for piece in pieces_of(text, language):
            await self._parts.tts.prepare(SpeechRequest(piece, language, voice))
