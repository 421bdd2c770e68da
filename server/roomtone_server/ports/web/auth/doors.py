"""The doors of the web port: who is asking."""

from typing import Protocol

from aiohttp import web

from roomtone_server.ports.web.route import Who


class Doors(Protocol):
    async def who(self, request: web.Request) -> Who | None:
        """None: nobody that was let in. Raises Problem for a request that nobody may make, such as one that another
        origin's page sends in somebody's name."""


class LockedDoors:
    """Nobody has been let in."""

    async def who(self, _request: web.Request) -> Who | None:
        return None
