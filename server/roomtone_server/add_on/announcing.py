"""Makes an add-on known: to Home Assistant through the Supervisor, and to satellites on the network, as both reach it.

Inside its container an add-on has an address and ports that nobody else can dial. What it announces on the network are
the host's, which the owner may change while it runs.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from typing import Final, TypeVar

from roomtone.backoff import Backoff
from roomtone.errors import SupervisorError
from roomtone_server.add_on.supervisor import Outside, Supervisor

_LOGGER = logging.getLogger(__name__)

LOOK_AGAIN_S: Final = 60.0  # how soon another address of the host is announced

T = TypeVar("T")


async def offer(supervisor: Supervisor, port: int) -> None:
    """Offers the Wyoming services at this port to Home Assistant. Returns once the Supervisor knows of them."""
    outside = await _answered(supervisor.outside)
    uri = f"tcp://{outside.hostname}:{port}"
    await _answered(lambda: supervisor.discovered("wyoming", {"uri": uri}))
    _LOGGER.info("Home Assistant is offered the services at %s", uri)


async def announce(
    supervisor: Supervisor, port: int, advertise: Callable[[tuple[str, ...], int], AbstractAsyncContextManager[None]]
) -> None:
    """For ever: advertises a port of this container at the host's addresses, as `advertise(addresses, port)`, while the
    owner has it open, and anew when either changes. Raises what `advertise` does."""
    async with AsyncExitStack() as advertised, aclosing(_changes(supervisor)) as changes:
        async for outside in changes:
            await advertised.aclose()
            if (mapped := outside.ports.get(port)) and outside.addresses:
                await advertised.enter_async_context(advertise(outside.addresses, mapped))
            else:
                _LOGGER.info("port %d is not open in the add-on's configuration, and so not announced", port)


async def _changes(supervisor: Supervisor) -> AsyncGenerator[Outside, None]:
    """How the add-on is reached, at first and whenever it has changed."""
    known = None
    while True:
        outside = await _answered(supervisor.outside)
        if outside != known:
            known = outside
            yield outside
        await asyncio.sleep(LOOK_AGAIN_S)


async def _answered(ask: Callable[[], Awaitable[T]]) -> T:
    """What the Supervisor says in the end. While it starts itself it refuses everything: that is said once."""
    backoff = Backoff()
    was_told = False
    while True:
        try:
            return await ask()
        except SupervisorError as problem:
            if not was_told:
                _LOGGER.warning("%s; asking again until it answers", problem)
                was_told = True
            await asyncio.sleep(backoff.next_s())
