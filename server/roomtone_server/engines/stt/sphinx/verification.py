"""Whether a phone loop confirms what the recogniser claims: the second worker process, as the engine sees it.

It is there to turn down, not to serve: while it is dead, slow or starting, claims stand.
"""

import asyncio
import logging
from typing import Any, Final

from roomtone.errors import EngineError
from roomtone_server.engines.stt.sphinx.messages import Message
from roomtone_server.engines.stt.sphinx.process import WorkerProcess

PATIENCE_S: Final = 2.0  # somebody waits for an answer: ten times what a long command takes
# It is started again for the next utterance, but not over and over: 0.5, 1, 2 ... seconds after it died.
FIRST_BACKOFF_S: Final = 0.5
MAX_BACKOFF_S: Final = 60.0

_log = logging.getLogger(__name__)


class Verification:
    """Rejects claims that are doubted as much as `reject_from` or more: see distance.py."""

    def __init__(self, reject_from: float) -> None:
        self._reject_from = reject_from
        self._process: WorkerProcess | None = None
        self._waiting: dict[int, asyncio.Future[bool]] = {}
        self._deaths = 0
        self._not_before_s = 0.0

    async def prepare(self) -> None:
        """Starts the worker where there is none; to be called by one task at a time. Raises nothing."""
        if self._is_alive or asyncio.get_running_loop().time() < self._not_before_s:
            return
        try:
            self._process = await WorkerProcess.start(("verify",), self._receive, self._fail)
        except EngineError as problem:
            self._retry_later(str(problem))

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            await process.kill()

    def hear(self, number: int, wake_phrase: str) -> None:
        """An utterance begins."""
        self._send(Message({"do": "hear", "id": number, "wake_phrase": wake_phrase}))

    async def feed(self, audio: Message) -> None:
        """The same message as the recogniser's."""
        if self._process is not None:
            self._process.send(audio)
            await self._process.drained()

    async def accepts(self, number: int, claim: dict[str, Any]) -> bool:
        """Whether a claim about an utterance stands; it is forgotten then."""
        if not self._is_alive:
            return True
        verdict: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[number] = verdict
        self._send(Message({"do": "verify", "id": number, "claim": claim}))
        try:
            async with asyncio.timeout(PATIENCE_S):
                return await verdict
        except TimeoutError:
            _log.warning("what was heard could not be verified in %.0f s, and is taken as it is", PATIENCE_S)
            return True
        finally:
            del self._waiting[number]

    def forget(self, number: int) -> None:
        """Nothing is claimed about an utterance, or what was has its verdict."""
        self._send(Message({"do": "close", "id": number}))

    @property
    def _is_alive(self) -> bool:
        return self._process is not None and self._process.is_alive

    def _send(self, message: Message) -> None:
        if self._process is not None:
            self._process.send(message)

    def _receive(self, message: Message) -> None:
        self._deaths = 0
        verdict = self._waiting.get(message.head["id"])
        if verdict is not None and not verdict.done():
            verdict.set_result(message.head["doubt"] < self._reject_from)

    def _fail(self, reason: str) -> None:
        for verdict in self._waiting.values():
            if not verdict.done():
                verdict.set_result(True)
        if self._process is not None:  # not closed
            self._retry_later(reason)

    def _retry_later(self, reason: str) -> None:
        backoff_s = min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2.0**self._deaths)
        self._deaths += 1
        self._not_before_s = asyncio.get_running_loop().time() + backoff_s
        _log.warning("speech that is no command may be taken for one: the recogniser's verifier stopped: %s", reason)
