"""The port of the services, open from the server's first moment on: it tells what there is, and has requests wait until
it is there.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from wyoming.error import Error
from wyoming.event import Event

from roomtone.errors import LinkError, RoomtoneError
from roomtone.link.allow import AllowList
from roomtone.link.codec import Limits
from roomtone.link.connection import Deadlines, Link
from roomtone.link.crowd import MAX_CONNECTIONS
from roomtone.link.stream import serve_plain
from roomtone_server.ports.services.description import KeptDescription, at_start
from roomtone_server.ports.services.exchange import Exchange, Handler, Refused
from roomtone_server.settings import ServerSettings

_LOGGER = logging.getLogger(__name__)

# What is asked for meanwhile waits so long for the engines: a first start may take minutes.
STARTS_WITHIN_S: Final = 20.0
# Clients of services know no pings: none is sent.
DEADLINES: Final = Deadlines(ping_s=float("inf"))
LIMITS: Final = Limits(data_bytes=256 * 1024)  # a description may name hundreds of voices

REQUESTS: Final = frozenset({"transcribe", "detect", "synthesize", "synthesize-start", "transcript", "recognize"})


class Services:
    """What clients are told, and who serves them."""

    def __init__(self, description: Event, allow: AllowList) -> None:
        """The `description` is what is known before the engines have started."""
        self.port = 0  # where it listens
        self.allow = allow
        self._description = description
        self._handlers: asyncio.Future[Mapping[str, Handler]] = asyncio.get_running_loop().create_future()

    def open(self, handlers: Mapping[str, Handler], description: Event) -> None:
        """The engines have started: from now on requests are served, by their event's type."""
        self._description = description
        self._handlers.set_result(handlers)

    async def attend(self, link: Link) -> None:
        """One connection, until its client leaves. Raises LinkError, in a group."""
        exchange = Exchange(link)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._serve(exchange), name=f"services: {link.peer}")
            await exchange.read()

    async def _serve(self, exchange: Exchange) -> None:
        """Whatever else comes is not for us, or too late: audio behind an early transcript."""
        while True:
            event = await exchange.receive()
            if event.type == "describe":
                exchange.send(self._description)
            elif event.type in REQUESTS:
                await self._guarded(exchange, event)

    async def _guarded(self, exchange: Exchange, event: Event) -> None:
        """Does what is asked; why it fails is for the client, too."""
        try:
            await self._do(exchange, event)
        except LinkError:
            raise
        except Refused as problem:
            _LOGGER.info("%s turned down for %s: %s", event.type, exchange.host, problem.code)
            exchange.send(Error(str(problem), problem.code).event())
        except RoomtoneError as problem:
            _LOGGER.warning("%s failed: %s", event.type, problem)
            exchange.send(Error(str(problem), "failed").event())
        except Exception:
            _LOGGER.exception("%s failed unexpectedly", event.type)
            exchange.send(Error(f"{event.type} failed unexpectedly; the server's log says why", "failed").event())

    async def _do(self, exchange: Exchange, event: Event) -> None:
        try:
            async with asyncio.timeout(STARTS_WITHIN_S):
                handlers = await asyncio.shield(self._handlers)
        except TimeoutError:
            raise Refused("this server is still starting: try again in a moment", "starting") from None
        if event.type not in handlers:
            raise Refused(f"this server has nothing for {event.type}: its description says what it has", "not-here")
        await handlers[event.type](exchange, event)


@asynccontextmanager
async def serving(
    listening: socket.socket, allow: AllowList, settings: ServerSettings, cache: Path
) -> AsyncIterator[Services]:
    """Serves who connects to the socket, from `listen`, while it is entered. Until the engines have started it tells
    what there was at the last start, if that is in `cache`."""
    services = Services(KeptDescription(cache, settings).load() or at_start(settings), allow)
    async with serve_plain(
        services.attend,
        0,
        allow,
        already=listening,
        deadlines=DEADLINES,
        limits=LIMITS,
        max_per_address=MAX_CONNECTIONS,  # Home Assistant is one, with all its satellites
    ) as server:
        services.port = server.port
        yield services
