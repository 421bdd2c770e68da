"""`GET /health` from the first moment on: the web port, before what serves it has been imported.

aiohttp alone takes as long to import as all that a server needs to say "starting". What is asked for meanwhile but
/health has to come back; connections that are made while the port changes hands wait in its queue.
"""

import asyncio
import contextlib
import errno
import json
import os
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from typing_extensions import override

from roomtone.errors import PortUnusable

Health = Callable[[], dict[str, Any]]

MAX_HEAD_BYTES: Final = 8192  # guards memory
MAX_ASKING: Final = 100  # guards descriptors
PATIENCE_S: Final = 5.0  # from connecting to the end of the request's head, and for who does not read the answer

_WHY: Final = {
    errno.EADDRINUSE: "another program listens there; stop it, or choose another port",
    errno.EACCES: "ports below 1024 need privileges; choose another port",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
}


class Early:
    """An open port. Use `answering`."""

    def __init__(self, server: asyncio.Server) -> None:
        self._server = server

    @property
    def port(self) -> int:
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def hand_over(self) -> list[socket.socket]:
        """The sockets that listen, now the caller's; whoever was let in before is answered here."""
        sockets = [socket.socket(fileno=os.dup(each.fileno())) for each in self._server.sockets]
        loop = asyncio.get_running_loop()
        for each in self._server.sockets:
            loop.remove_reader(each.fileno())
        await asyncio.sleep(0)  # a server that closes drops those whom it has accepted and not yet met
        self._server.close()
        return sockets


@contextlib.asynccontextmanager
async def answering(host: str, port: int, health: Health) -> AsyncIterator[Early]:
    """Answers, until the port is handed over or this is left. `health` is asked at each request, must not block, and
    tells no secrets: the path is open. Raises PortUnusable; the system chooses a port for 0."""
    asking: set[_Answer] = set()
    loop = asyncio.get_running_loop()
    try:
        server = await loop.create_server(lambda: _Answer(health, asking), host, port)
    except OSError as problem:
        why = _WHY.get(problem.errno or 0, str(problem))
        raise PortUnusable(f"web: cannot listen on {host}, port {port}: {why}") from problem
    try:
        yield Early(server)
    finally:
        server.close()
        for each in list(asking):
            each.hang_up()


class _Answer(asyncio.Protocol):
    """One connection: a request's head, an answer, and the end."""

    def __init__(self, health: Health, asking: "set[_Answer]") -> None:
        self._health = health
        self._asking = asking
        self._head = b""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._deadline = asyncio.get_running_loop().call_later(PATIENCE_S, self.hang_up)
        self._asking.add(self)
        if len(self._asking) > MAX_ASKING:
            self.hang_up()

    @override
    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        self._head = (self._head + data)[:MAX_HEAD_BYTES]
        if b"\r\n\r\n" in self._head or len(self._head) == MAX_HEAD_BYTES:
            self._transport.write(_answer(self._head, self._health))
            self._transport.close()

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._deadline.cancel()
        self._asking.discard(self)

    def hang_up(self) -> None:
        self._transport.abort()


def _answer(head: bytes, health: Health) -> bytes:
    method, _, rest = head.partition(b" ")
    if method in (b"GET", b"HEAD") and rest.split(b" ")[0].partition(b"?")[0] == b"/health":
        status, body = "200 OK", json.dumps(health())
    else:
        status, body = "503 Service Unavailable", "the server is starting\n"
    kind = "application/json" if body[0] == "{" else "text/plain"
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}; charset=utf-8",
        f"Content-Length: {len(body.encode())}",
        "Cache-Control: no-store",
        *(["Retry-After: 1"] if status[0] == "5" else []),
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", "" if method == b"HEAD" else body]).encode()
