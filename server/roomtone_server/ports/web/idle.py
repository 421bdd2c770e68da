"""Connections that ask nothing: who only holds one open, or trickles a request in, would take the others' places."""

import asyncio
from collections.abc import Iterable
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

IDLE_S: Final = 75.0  # so long a browser may keep a connection for its next request
LOOKED_AFTER_EVERY_S: Final = 15.0


class Idlers:
    """Which connections are not being answered, and since when. Pure but for `middleware`; `now` is monotonic."""

    def __init__(self) -> None:
        self._answered: set[object] = set()
        self._idle_since: dict[object, float] = {}

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """A stream or a WebSocket is one long answer."""
        self._answered.add(request.protocol)
        try:
            return await handler(request)
        finally:
            self._answered.discard(request.protocol)

    def overdue(self, connections: Iterable[web.RequestHandler], now: float) -> list[web.RequestHandler]:
        """Those of all that are open which have been idle for too long; to be asked from time to time."""
        idle = [each for each in connections if each not in self._answered]
        self._idle_since = {each: self._idle_since.get(each, now) for each in idle}
        return [each for each in idle if now - self._idle_since[each] >= IDLE_S]

    async def look_after(self, server: web.Server) -> None:
        """For ever."""
        clock = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOKED_AFTER_EVERY_S)
            for each in self.overdue(server.connections, clock.time()):
                each.force_close()
