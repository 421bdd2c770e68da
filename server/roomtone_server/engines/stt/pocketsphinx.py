"""The embedded recogniser: pocketsphinx, listening for the home's own sentences. It needs no model beyond its package.

pocketsphinx holds the GIL while it decodes, so that it works in a process of its own, and a phone loop that
turns down what is no command in another: see `sphinx/`.
"""

import asyncio
import logging
from dataclasses import asdict
from importlib.util import find_spec
from typing import Final

from pydantic import Field

from roomtone.engines import EngineSettings, EngineSpec, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines.base import HearingRequest
from roomtone_server.engines.stt.sphinx.hearing import SphinxHearing
from roomtone_server.engines.stt.sphinx.messages import Message
from roomtone_server.engines.stt.sphinx.process import WorkerProcess
from roomtone_server.engines.stt.sphinx.verification import Verification
from roomtone_server.grammar.vocabulary import Vocabulary

LANGUAGE: Final = "en"  # of the model inside the package
START_TIMEOUT_S: Final = 60.0  # a Raspberry Pi compiles a large home in some ten seconds
# A worker that dies over and over is not restarted at once: 0, 0.5, 1, 2 ... seconds.
FIRST_BACKOFF_S: Final = 0.5
MAX_BACKOFF_S: Final = 10.0

_log = logging.getLogger(__name__)


class PocketSphinxSettings(EngineSettings):
    reject_from: float = Field(
        default=1.3,
        gt=0,
        description="how much doubt turns down what was heard; higher lets more speech that is no command through",
    )


class PocketSphinx:
    def __init__(self, settings: PocketSphinxSettings, surroundings: Surroundings) -> None:
        self._cache = surroundings.cache
        self._vocabulary = Vocabulary(LANGUAGE)
        self._process: WorkerProcess | None = None
        self._reject_from = settings.reject_from
        self._verification = Verification()
        self._starting = asyncio.Lock()
        self._learned: asyncio.Future[list[str]] | None = None
        self._hearings: dict[int, SphinxHearing] = {}
        self._heard = 0
        self._deaths = 0
        self._open = False
        self._unpronounceable: list[str] = []

    async def start(self) -> None:
        self._open = True
        await self._running()

    async def learn(self, vocabulary: Vocabulary) -> list[str]:
        _check_language(vocabulary.language)
        async with self._starting:
            if vocabulary != self._vocabulary:
                self._vocabulary = vocabulary
                if self._process is not None:
                    await self._teach(self._process)
            return self._unpronounceable

    async def hear(self, request: HearingRequest) -> SphinxHearing:
        _check_language(request.language)
        process = await self._running()
        self._hearings = {number: hearing for number, hearing in self._hearings.items() if not hearing.is_settled}
        self._heard += 1
        hearing = self._hearings[self._heard] = SphinxHearing(
            self._heard, request.wake_phrase, process, self._verification, self._reject_from
        )
        return hearing

    async def close(self) -> None:
        self._open = False
        async with self._starting:
            await self._verification.close()
            process, self._process = self._process, None
            if process is not None:
                await process.kill()

    async def _running(self) -> WorkerProcess:
        """The worker, started again when it died."""
        async with self._starting:
            if not self._open:
                raise EngineError("the recogniser is not started, or closed already")
            try:
                await self._verification.start()
                if self._process is None or not self._process.is_alive:
                    self._process = await self._started()
                await self._verification.ready()
            except BaseException:
                await self._verification.close()
                raise
            return self._process

    async def _started(self) -> WorkerProcess:
        if self._deaths > 1:
            await asyncio.sleep(min(MAX_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** (self._deaths - 2)))
        process = await WorkerProcess.start(("recognise", str(self._cache)), self._receive, self._fail)
        try:
            await self._teach(process)
        except BaseException:
            await process.kill()
            raise
        return process

    async def _teach(self, process: WorkerProcess) -> None:
        self._learned = asyncio.get_running_loop().create_future()
        process.send(Message({"do": "learn", "vocabulary": asdict(self._vocabulary)}))
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                self._unpronounceable = await self._learned
        except TimeoutError:
            await process.kill()
            raise EngineError(f"the recogniser did not learn the home's names in {START_TIMEOUT_S:.0f} s") from None
        finally:
            self._learned = None
        if self._unpronounceable:
            _log.warning(
                "%d names of the home cannot be heard: no pronunciation is known; roomtone doctor lists them, and the"
                " extra `espeak` knows more",
                len(self._unpronounceable),
            )

    def _receive(self, message: Message) -> None:
        match message.head["is"]:
            case "learned":
                if self._learned is not None and not self._learned.done():
                    self._learned.set_result(message.head["left_out"])
            case "transcript":
                self._deaths = 0
                if hearing := self._hearings.pop(message.head["id"], None):
                    hearing.receive(message)
            case "partial" if hearing := self._hearings.get(message.head["id"]):
                hearing.receive(message)

    def _fail(self, reason: str) -> None:
        why = f"the recogniser stopped in mid-work: {reason}"
        if self._learned is not None and not self._learned.done():
            self._learned.set_exception(EngineError(why))
        if self._process is not None:
            self._deaths += 1
            _log.warning("%s; it is started again for the next utterance", why)
        hearings, self._hearings = self._hearings, {}
        for hearing in hearings.values():
            hearing.fail(why)


def _check_language(language: str) -> None:
    if language.partition("-")[0] != LANGUAGE:
        raise EngineError(
            f"pocketsphinx hears {LANGUAGE!r} only, not {language!r}: set `language: {LANGUAGE}`, or another stt engine"
        )


def _make(settings: PocketSphinxSettings, surroundings: Surroundings) -> PocketSphinx:
    return PocketSphinx(settings, surroundings)


def _missing() -> str | None:
    for module in ("pocketsphinx", "numpy", "hassil", "home_assistant_intents"):
        if find_spec(module) is None:
            return f"{module} is not installed: pip install 'roomtone[server]'"
    return None


ENGINE: Final = EngineSpec("pocketsphinx", PocketSphinxSettings, _make, _missing, rank=10)
