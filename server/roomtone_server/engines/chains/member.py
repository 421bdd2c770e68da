"""One engine of a chain: brought up, and again where that failed; what became of what it was asked; how it fares."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, Literal, Protocol, TypeVar

from roomtone.errors import EngineError
from roomtone_server.engines.breaker import Breaker, State, Ticket

_LOGGER = logging.getLogger(__name__)


class Engine(Protocol):
    """What all kinds of engines share."""

    async def start(self) -> None: ...

    async def close(self) -> None: ...


E = TypeVar("E", bound=Engine)


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """How one engine of a chain fares. "on-trial": it has rested, and is asked again when its turn comes."""

    name: str
    state: Literal["starts", "works", "rests", "on-trial"]
    why: str = ""  # it rests, or is on trial
    rests_s: float = 0.0  # how much longer


class Member(Generic[E]):
    """`engine` is None until it has started. Times are the event loop's."""

    def __init__(self, title: str, name: str, make: Callable[[], E], begin: Callable[[E], Awaitable[None]]) -> None:
        """`title` stands in the log; `begin` starts an engine that was made."""
        self.name: Final = name
        self.engine: E | None = None
        self._title = title
        self._make = make
        self._begin = begin
        self._breaker = Breaker()
        self._why = ""

    @property
    def changes(self) -> int:
        """How often it was found to fail, or to work again."""
        return self._breaker.changes

    @property
    def is_resting(self) -> bool:
        return self._breaker.state(_now()) is State.OPEN

    @property
    def why(self) -> str:
        """Of the last failure; empty while it works."""
        return self._why

    def status(self) -> EngineStatus:
        match self._breaker.state(_now()):
            case State.OPEN:
                return EngineStatus(self.name, "rests", self._why, round(self._breaker.remaining_s(_now()), 1))
            case _ if self.engine is None:
                return EngineStatus(self.name, "starts", self._why)
            case State.HALF_OPEN:
                return EngineStatus(self.name, "on-trial", self._why)
            case State.CLOSED:
                return EngineStatus(self.name, "works")

    async def start(self) -> None:
        """Makes and starts it, once; where that fails, it rests."""
        ticket = self._breaker.insist()
        try:
            engine = self._make()
            try:
                await self._begin(engine)
            except BaseException:
                await engine.close()
                raise
        except EngineError as problem:
            self.failed(ticket, problem)
        else:
            self.engine = engine
            self.succeeded(ticket)

    async def keep_starting(self) -> None:
        """Starts it each time that it has rested, until it has started."""
        while self.engine is None:
            await asyncio.sleep(self._breaker.remaining_s(_now()))
            await self.start()

    async def close(self) -> None:
        if self.engine is not None:
            await self.engine.close()

    def admit(self, *, insists: bool) -> Ticket | None:
        """A ticket, with which it may be asked now: see `Breaker`; who insists always gets one."""
        ticket = self._breaker.admit(_now())
        return self._breaker.insist() if ticket is None and insists else ticket

    def succeeded(self, ticket: Ticket) -> None:
        before = self.changes
        self._breaker.succeeded(ticket)
        if self.changes != before:
            self._why = ""
            _LOGGER.info("%s works again", self._title)

    def failed(self, ticket: Ticket, problem: EngineError) -> None:
        before = self.changes
        self._breaker.failed(ticket, _now())
        if self.changes != before:
            self._why = str(problem)
            _LOGGER.warning("%s rests for %.0f s: %s", self._title, self._breaker.remaining_s(_now()), problem)

    def abandoned(self, ticket: Ticket) -> None:
        self._breaker.abandoned(ticket)


def _now() -> float:
    return asyncio.get_running_loop().time()
