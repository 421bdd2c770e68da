"""`GET /health`: what runs and what is degraded, for a browser, a watchdog or a container's health check."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from socket import socket
from typing import Final

from aiohttp import web

from roomtone_server.ports.web.early import Health

SHUTDOWN_S: Final = 1.0  # what a slow reader of an answer gets when the server ends


def web_app(health: Health, *others: web.RouteDef) -> web.Application:
    """The application. `health` is asked at each request, must not block, and tells no secrets: the path is open."""

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(health(), headers={"Cache-Control": "no-store"})

    app = web.Application()
    app.add_routes([web.get("/health", answer), *others])
    return app


@contextlib.asynccontextmanager
async def serve_web(sockets: Sequence[socket], health: Health, *others: web.RouteDef) -> AsyncIterator[None]:
    """Serves on sockets that listen, which are its own from now on, while it is entered."""
    app = web_app(health, *others)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        for each in sockets:
            await web.SockSite(runner, each).start()
        yield
    finally:
        await runner.cleanup()
