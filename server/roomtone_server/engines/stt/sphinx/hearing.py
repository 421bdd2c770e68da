"""One utterance, as the engine's callers see it."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Final

from roomtone.errors import EngineError
from roomtone_server.engines.base import Partial, Transcript
from roomtone_server.engines.stt.sphinx.messages import MAX_BODY_BYTES, Message
from roomtone_server.engines.stt.sphinx.process import WorkerProcess
from roomtone_server.engines.stt.sphinx.verification import Verdict, Verification


class SphinxHearing:
    """Holds the newest partial only: each replaces the one before."""

    def __init__(
        self,
        number: int,
        wake_phrase: str,
        process: WorkerProcess,
        verification: Verification,
        reject_from: float,
        settled: Callable[[int], None],
    ) -> None:
        self.number: Final = number
        self._process = process
        self._verification = verification
        self._reject_from = reject_from
        self._settled = settled  # called once, when nothing more is asked of the worker
        self._partial: Partial | None = None
        self._asked: deque[asyncio.Future[Message]] = deque()  # the worker answers in their order
        self._failure = ""
        self._is_open = True
        self._is_settled = False
        self._news = asyncio.Event()
        process.send(Message({"do": "hear", "id": number, "wake_phrase": wake_phrase}))
        verification.hear(number, wake_phrase)

    async def feed(self, pcm: bytes) -> None:
        self._raise_failure()
        if not self._is_open:
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
            if not self._is_open:
                return
            partial, self._partial = self._partial, None
            if partial is not None:
                yield partial

    async def preview(self) -> Transcript:
        self._raise_ended()
        return await self._transcribe(ahead=True)

    async def finish(self) -> Transcript:
        self._raise_ended()
        self._is_open = False
        self._news.set()
        try:
            return await self._transcribe(ahead=False)
        finally:
            self._settle()

    async def close(self) -> None:
        if self._is_open:
            self._settle()

    def receive(self, message: Message) -> None:
        """What the worker says of this utterance."""
        if message.head["is"] == "partial":
            head = message.head
            self._partial = Partial(head["text"], head["samples"], head["finished"])
            self._news.set()
        else:
            answer = self._asked.popleft()
            if not answer.done():
                answer.set_result(message)

    def fail(self, why: str) -> None:
        """The worker is gone: whichever call comes next, or waits now, raises."""
        self._failure = why
        self._settle()

    async def _transcribe(self, *, ahead: bool) -> Transcript:
        """Both workers' opinion of what was fed so far."""
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._asked.append(answer)
        self._process.send(Message({"do": "transcribe", "id": self.number, "ahead": ahead}))
        head = (await answer).head
        if not head["sounds"]:
            return Transcript("", spoken=False)
        verdict = await self._verification.verdict(self.number, head["claim"])
        self._raise_failure()
        return judged(head, verdict, self._reject_from)

    def _settle(self) -> None:
        """Nothing more is asked; whoever waits for an answer is told."""
        if self._is_settled:
            return
        self._is_settled = True
        self._process.send(Message({"do": "close", "id": self.number}))
        self._verification.forget(self.number)
        self._is_open = False
        self._news.set()
        for answer in self._asked:
            if not answer.done():
                answer.set_exception(EngineError(self._failure or "this utterance was closed"))
        self._settled(self.number)

    def _raise_ended(self) -> None:
        self._raise_failure()
        if not self._is_open:
            raise EngineError("this utterance was finished or closed before")

    def _raise_failure(self) -> None:
        if self._failure:
            raise EngineError(self._failure)


def judged(found: Mapping[str, Any], verdict: Verdict, reject_from: float) -> Transcript:
    """The recogniser's transcript (as in messages.py), once the verifier has given its verdict."""
    text, finished = found["text"], found["finished"]
    if found["claim"] is None:
        return Transcript("", spoken=verdict.spoken, finished=finished)
    if verdict.doubt is not None and verdict.doubt >= reject_from:
        return Transcript("", text, verdict.doubt, verdict.spoken, finished)
    return Transcript(text, doubt=verdict.doubt, finished=finished)
