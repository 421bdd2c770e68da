"""Wake words, for satellites that have none of their own."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Final

from pydantic import BaseModel, Field
from wyoming.event import Event
from wyoming.wake import Detection, NotDetected

from roomtone.ears.base import WakeEngine
from roomtone.ears.formats import FRAME_MS
from roomtone.ears.resample import Framer
from roomtone_server.ports.services.clients import Client, Clients
from roomtone_server.ports.services.exchange import Exchange, Refused, understood
from roomtone_server.ports.services.sound import Intake

MAX_LISTENING: Final = 32  # guards memory and the core: each listens all day, with models of its own
MAX_NAMES: Final = 64


class _Detect(BaseModel):
    names: Annotated[list[str], Field(max_length=MAX_NAMES)] | None = None


class Wake:
    """Serves `detect`. Engines that have listened rest until somebody wants them again."""

    def __init__(self, make: Callable[[], WakeEngine], first: WakeEngine, clients: Clients) -> None:
        """`make` makes more of them; it may take long, and is called on a thread."""
        self._make = make
        self._clients = clients
        self.words = tuple(first.words)
        self._resting = [first]
        self._listening = 0

    async def detect(self, exchange: Exchange, event: Event) -> None:
        """Tells of each wake word in the audio that follows, and when there was none. Raises Refused, EngineError,
        LinkError."""
        wanted = set(understood(event, _Detect).names or self.words)
        if unknown := wanted.difference(self.words):
            known = ", ".join(self.words)
            raise Refused(f"there is no wake word {min(unknown)!r}; there are: {known}", "unknown-wake-word")
        async with self._engine() as engine:
            if not await _listen(exchange, engine, wanted, self._clients.of(exchange.host)):
                exchange.send(NotDetected().event())

    def close(self) -> None:
        for engine in self._resting:
            engine.close()

    @asynccontextmanager
    async def _engine(self) -> AsyncIterator[WakeEngine]:
        if self._listening >= MAX_LISTENING:
            raise Refused(f"this server listens for wake words in {MAX_LISTENING} places, and for no more", "busy")
        self._listening += 1
        try:
            engine = self._resting.pop() if self._resting else await asyncio.to_thread(self._make)
            engine.reset()
            try:
                yield engine
            finally:
                self._resting.append(engine)
        finally:
            self._listening -= 1


async def _listen(exchange: Exchange, engine: WakeEngine, wanted: set[str], client: Client) -> bool:
    """Whether any of the words was heard, until the audio ends."""
    intake, framer = Intake(), Framer()
    frames, detected = 0, False
    while (event := await exchange.receive()).type != "audio-stop":
        if event.type != "audio-chunk":
            continue
        for frame in framer.process(intake.take(event)):
            frames += 1
            found = engine.process(frame)
            if found is not None and found.name in wanted:
                detected = True
                client.wake(found.phrase)
                exchange.send(Detection(found.name, (intake.began_at_ms or 0) + frames * FRAME_MS).event())
    return detected
