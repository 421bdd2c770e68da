"""One connection, as whoever serves it sees it: events in, events out, and requests that are turned down."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from wyoming.event import Event

from roomtone.errors import RoomtoneError
from roomtone.link.connection import Link

# What a client has sent and nobody has handled yet; beyond it TCP slows it down.
MAX_WAITING_EVENTS: Final = 16

M = TypeVar("M", bound=BaseModel)


class Refused(RoomtoneError):
    """A request that cannot be met; the client is told why, and the code."""

    def __init__(self, why: str, code: str) -> None:
        super().__init__(why)
        self.code = code


class Exchange:
    """A client's link, read ahead by its own task, so that a client that leaves is noticed whatever is being done."""

    def __init__(self, link: Link) -> None:
        self.host = link.host
        self._link = link
        self._events: asyncio.Queue[Event] = asyncio.Queue(MAX_WAITING_EVENTS)

    async def read(self) -> None:
        """For as long as the client is there; the task beside whoever calls `receive`. Raises LinkError."""
        while True:
            await self._events.put(await self._link.receive())

    async def receive(self) -> Event:
        return await self._events.get()

    def send(self, event: Event) -> None:
        """Queues an event. Raises LinkError."""
        self._link.send(event)

    async def flush(self) -> None:
        """Returns when all that was sent is on its way: who sends audio without it loses some. Raises LinkError."""
        await self._link.drain()


Handler = Callable[[Exchange, Event], Awaitable[None]]


def understood(event: Event, kind: type[M]) -> M:
    """An event's data. Raises Refused when they are not of the kind."""
    try:
        return kind.model_validate(event.data, strict=True)
    except ValidationError as problem:
        first = problem.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "its data"
        raise Refused(f"a malformed {event.type}: {where}: {first['msg']}", "malformed") from None
