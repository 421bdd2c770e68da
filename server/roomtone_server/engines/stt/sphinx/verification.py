"""Whether a phone loop confirms what the recogniser claims: the second worker process, as the engine sees it.

It is there to turn down, not to serve: without it claims stand. One that hangs is ended, and started again later.
"""

import asyncio
import logging
from dataclasses import dataclass
from typing import Any, Final

from roomtone.errors import EngineError
from roomtone_server.engines.stt.sphinx.messages import Message
from roomtone_server.engines.stt.sphinx.process import WorkerProcess

START_TIMEOUT_S: Final = 20.0
PATIENCE_S: Final = 2.0  # somebody waits for an answer: ten times what a long command takes
# It is started again for the next utterance, but not over and over: 0.5, 1, 2 ... seconds after it died.
FIRST_BACKOFF_S: Final = 0.5
MAX_BACKOFF_S: Final = 60.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    doubt: float | None  # of what is claimed: see distance.py; None without a claim, and when nobody can tell
    spoken: bool  # somebody spoke; where nobody can tell, too


NOBODY_CAN_TELL: Final = Verdict(None, spoken=True)


class Verification:
    """Several verdicts may be asked about one utterance while it grows."""

    def __init__(self) -> None:
        self._process: WorkerProcess | None = None
        self._waiting: dict[int, asyncio.Future[Verdict]] = {}  # by number of the question
        self._asked = 0
        self._starting = asyncio.Lock()
        self._deaths = 0
        self._not_before_s = 0.0
        self._loaded = asyncio.Event()  # or dead

    async def start(self) -> None:
        """Starts the worker where there is none; returns when it has loaded its model, or cannot. Raises nothing."""
        async with self._starting:
            is_alive = self._process is not None and self._process.is_alive
            if is_alive or asyncio.get_running_loop().time() < self._not_before_s:
                return
            if self._process is not None:
                await self._process.kill()  # its pipe may be gone before it is
            self._loaded.clear()
            try:
                process = self._process = await WorkerProcess.start("verify", self._receive, self._fail)
            except EngineError as problem:
                self._retry_later(str(problem))
                return
            try:
                async with asyncio.timeout(START_TIMEOUT_S):
                    await self._loaded.wait()
            except TimeoutError:
                await process.kill()

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.kill()

    def hear(self, number: int, wake_phrase: str) -> None:
        """An utterance begins."""
        self._send(Message({"do": "hear", "id": number, "wake_phrase": wake_phrase}))

    async def feed(self, audio: Message) -> None:
        """The same message as the recogniser's."""
        if self._process is None:
            return
        self._process.send(audio)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._process.drained()
        except TimeoutError:
            await self._process.kill()

    async def verdict(self, number: int, claim: dict[str, Any] | None) -> Verdict:
        """What a claim about an utterance as it is now (a `recogniser.Claim`) is worth; whether anybody spoke."""
        process = self._process
        if process is None or not process.is_alive:
            return NOBODY_CAN_TELL
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self._asked = asked = self._asked + 1
        self._waiting[asked] = verdict
        process.send(Message({"do": "verify", "id": number, "asked": asked, "claim": claim}))
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await verdict
        except TimeoutError:
            await process.kill()
            return NOBODY_CAN_TELL
        finally:
            del self._waiting[asked]

    def forget(self, number: int) -> None:
        """No more verdicts are asked about an utterance."""
        self._send(Message({"do": "close", "id": number}))

    def _send(self, message: Message) -> None:
        if self._process is not None:
            self._process.send(message)

    def _receive(self, message: Message) -> None:
        if message.head["is"] == "ready":
            self._loaded.set()
            return
        self._deaths = 0
        verdict = self._waiting.get(message.head["asked"])
        if verdict is not None and not verdict.done():
            verdict.set_result(Verdict(message.head["doubt"], message.head["spoken"]))

    def _fail(self, reason: str) -> None:
        for verdict in self._waiting.values():
            if not verdict.done():
                verdict.set_result(NOBODY_CAN_TELL)
        if self._process is not None:  # not closed
            self._retry_later(reason)

    def _retry_later(self, reason: str) -> None:
        self._loaded.set()
        backoff_s = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2.0**self._deaths)
        self._deaths += 1
        self._not_before_s = asyncio.get_running_loop().time() + backoff_s
        _log.warning("speech that is no command may be taken for one: the recogniser's verifier stopped: %s", reason)
