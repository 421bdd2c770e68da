"""One utterance, as the engine's callers see it."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

from roomtone.errors import EngineError
from roomtone_server.engines.base import Partial, Transcript
from roomtone_server.engines.stt.sphinx.messages import MAX_BODY_BYTES, Message
from roomtone_server.engines.stt.sphinx.process import WorkerProcess
from roomtone_server.engines.stt.sphinx.verification import Verification


class SphinxHearing:
    """Holds the newest partial only: each replaces the one before."""

    def __init__(
        self, number: int, wake_phrase: str, process: WorkerProcess, verification: Verification, reject_from: float
    ) -> None:
        self.number: Final = number
        self._process = process
        self._verification = verification
        self._reject_from = reject_from
        self._partial: Partial | None = None
        self._transcript = Transcript("")
        self._claim: dict[str, Any] = {}
        self._failure = ""
        self._ended = False
        self._news = asyncio.Event()
        self._settled = asyncio.Event()
        process.send(Message({"do": "hear", "id": number, "wake_phrase": wake_phrase}))
        verification.hear(number, wake_phrase)

    async def feed(self, pcm: bytes) -> None:
        self._raise_failure()
        if self._ended:
            return
        for start in range(0, len(pcm), MAX_BODY_BYTES):
            audio = Message({"do": "audio", "id": self.number}, pcm[start : start + MAX_BODY_BYTES])
            self._process.send(audio)
            await self._verification.feed(audio)
        await self._process.drained()

    async def partials(self) -> AsyncGenerator[Partial, None]:
        while True:
            await self._news.wait()
            self._news.clear()
            self._raise_failure()
            if self._ended:
                return
            partial, self._partial = self._partial, None
            if partial is not None:
                yield partial

    async def finish(self) -> Transcript:
        self._raise_failure()
        if self._ended:
            raise EngineError("this utterance was finished or closed before")
        self._process.send(Message({"do": "finish", "id": self.number}))
        self._end()
        try:
            await self._settled.wait()
            self._raise_failure()
            text = self._transcript.text
            verdict = await self._verification.verdict(self.number, self._claim if text else None)
            if text and verdict.doubt is not None and verdict.doubt >= self._reject_from:
                return Transcript("", text, verdict.doubt, verdict.spoken)
            return Transcript(text, "", verdict.doubt, verdict.spoken or bool(text))
        finally:
            self._verification.forget(self.number)

    async def close(self) -> None:
        if not self._settled.is_set():
            self._process.send(Message({"do": "close", "id": self.number}))
            self._settled.set()
            self._verification.forget(self.number)
        self._end()

    def receive(self, message: Message) -> None:
        """What the worker says of this utterance."""
        if message.head["is"] == "partial":
            self._partial = Partial(message.head["text"], message.head["samples"])
            self._news.set()
        else:
            self._transcript = Transcript(message.head["text"])
            self._claim = message.head["claim"]
            self._settled.set()

    def fail(self, why: str) -> None:
        """The worker is gone: whichever call comes next, or waits now, raises."""
        if not self._settled.is_set():
            self._failure = why
            self._verification.forget(self.number)
            self._settled.set()
            self._news.set()

    @property
    def is_settled(self) -> bool:
        return self._settled.is_set()

    def _end(self) -> None:
        self._ended = True
        self._news.set()

    def _raise_failure(self) -> None:
        if self._failure:
            raise EngineError(self._failure)
