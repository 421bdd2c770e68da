"""The web port on a socket of its own, for tests of what it serves."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from roomtone_server.ports.web.auth.doors import Doors
from roomtone_server.ports.web.auth.present import Present
from roomtone_server.ports.web.auth.visit import Visit
from roomtone_server.ports.web.early import answering
from roomtone_server.ports.web.port import serve_web
from roomtone_server.ports.web.route import EVERY_SCOPE, FAMILY_SCOPES, Route, Who

HOST = "127.0.0.1"
OWNER = Who("owner", EVERY_SCOPE, "o1", "Ada")
FAMILY = Who("family", FAMILY_SCOPES, "f1", "The tablet")


class DoorsFor:
    """Everybody who asks is this one; None: nobody that was let in."""

    def __init__(self, who: Who | None) -> None:
        self.present = Present()
        self._who = who

    def visit(self, request):
        return Visit(HOST, request.headers.get("Host", ""), is_secure=False)

    async def who(self, _request):
        return self._who


@asynccontextmanager
async def serving(routes: Iterable[Route], doors: Doors | None = None) -> AsyncIterator[str]:
    """Yields the address, as `http://127.0.0.1:PORT`. Without doors of a test's own, nobody is let in."""
    async with answering(HOST, 0, dict) as early:
        address = f"http://{HOST}:{early.port}"
        async with serve_web(await early.hand_over(), routes, doors or DoorsFor(None)):
            yield address
