"""The MCP server of `mcp_notes`, as a program of its own or over streamable HTTP on loopback."""

import asyncio
import contextlib
import socket
import sys
from pathlib import Path

import uvicorn
from support.mcp_notes import make_server
from support.threaded_servers import KEY, on_a_thread

PROGRAM = (sys.executable, str(Path(__file__).with_name("mcp_notes.py")))


class Uvicorn(uvicorn.Server):
    """One that tells when it is up."""

    def __init__(self, config):
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets=None):
        await super().startup(sockets)
        self.up.set()


class HttpServer:
    """Streamable HTTP on loopback; those who lack the key are refused."""

    def __init__(self, port=0):
        self.port = port

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/mcp"

    async def serve(self, started):
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", self.port))
        self.port = listening.getsockname()[1]
        app = _guarded(make_server().streamable_http_app())
        server = Uvicorn(uvicorn.Config(app, log_level="critical", ws="none", timeout_graceful_shutdown=0))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve(sockets=[listening]))
            await server.up.wait()
            await started()
            server.should_exit = True
        listening.close()


def _guarded(app):
    async def guarded(scope, receive, send):
        if scope["type"] == "http" and dict(scope["headers"]).get(b"authorization") != f"Bearer {KEY}".encode():
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": KEY.encode()})
            return
        await app(scope, receive, send)

    return guarded


@contextlib.contextmanager
def http_server(port=0):
    with on_a_thread(HttpServer(port)) as server:
        yield server
