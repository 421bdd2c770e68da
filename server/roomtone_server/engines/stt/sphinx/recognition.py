"""The worker process that hears the sentences of one home, as the engine sees it.

It learns once: a home that changes gets a process of its own, made ready beside the one that still listens, so that
nobody who speaks meanwhile waits.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Final, Self

from roomtone.errors import EngineError
from roomtone_server.engines.stt.automata import cached_file
from roomtone_server.engines.stt.sphinx.hearing import SphinxHearing
from roomtone_server.engines.stt.sphinx.messages import Message
from roomtone_server.engines.stt.sphinx.process import WorkerProcess
from roomtone_server.engines.stt.sphinx.verification import Verification
from roomtone_server.grammar.vocabulary import Vocabulary

LEARN_TIMEOUT_S: Final = 60.0  # a Raspberry Pi compiles a large home in some twenty seconds

_log = logging.getLogger(__name__)


class Recognition:
    """Hears for as long as it `is_alive`; every utterance that was open when it died has failed."""

    def __init__(self) -> None:
        self._process: WorkerProcess
        self._learned: asyncio.Future[list[str]] | None = None
        self._hearings: dict[int, SphinxHearing] = {}
        self._is_wanted = True
        self.has_served = False  # a transcript at least

    @classmethod
    async def start(cls) -> Self:
        """Starts the process; it can hear when it has learned. Raises EngineError."""
        recognition = cls()
        recognition._process = await WorkerProcess.start("recognise", recognition._receive, recognition._fail)
        return recognition

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive

    @property
    def has_ended(self) -> bool:
        return self._process.has_ended

    async def learn(self, vocabulary: Vocabulary, cache: Path, wake_phrases: Iterable[str]) -> list[str]:
        """Takes the home's words; returns those that it cannot hear. Once. Raises EngineError."""
        self._learned = asyncio.get_running_loop().create_future()
        file = await asyncio.to_thread(cached_file, vocabulary, cache)
        home = {"file": str(file), "vocabulary": asdict(vocabulary)}
        self._process.send(Message({"do": "learn", **home, "wake_phrases": list(wake_phrases)}))
        try:
            async with asyncio.timeout(LEARN_TIMEOUT_S):
                return await self._learned
        except TimeoutError:
            raise EngineError(f"the recogniser did not learn the home's names in {LEARN_TIMEOUT_S:.0f} s") from None
        finally:
            self._learned = None

    def hear(self, number: int, wake_phrase: str, verification: Verification, reject_from: float) -> SphinxHearing:
        """Opens an utterance."""
        hearing = SphinxHearing(number, wake_phrase, self._process, verification, reject_from, self._forget)
        self._hearings[number] = hearing
        return hearing

    def retire(self) -> None:
        """Ends it as soon as no utterance is open; none is opened any more."""
        self._is_wanted = False
        if not self._hearings:
            self._process.leave()

    async def close(self) -> None:
        """Ends it now, and returns when it is gone."""
        self._is_wanted = False
        await self._process.kill()

    def _forget(self, number: int) -> None:
        del self._hearings[number]
        if not (self._is_wanted or self._hearings):
            self._process.leave()

    def _receive(self, message: Message) -> None:
        match message.head["is"]:
            case "learned":
                if self._learned is not None and not self._learned.done():
                    self._learned.set_result(message.head["unsayable"])
            case "transcript" | "partial":
                self.has_served = True
                if hearing := self._hearings.get(message.head["id"]):
                    hearing.receive(message)

    def _fail(self, reason: str) -> None:
        why = f"the recogniser stopped in mid-work: {reason}"
        if self._learned is not None and not self._learned.done():
            self._learned.set_exception(EngineError(why))
        for hearing in list(self._hearings.values()):
            hearing.fail(why)
        if self._is_wanted:
            _log.warning("%s; it is started again for the next utterance", why)
