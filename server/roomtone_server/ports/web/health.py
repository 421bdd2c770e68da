"""`GET /health`: what runs and what is degraded, for a browser, a watchdog or a container's health check."""

import contextlib
import errno
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from aiohttp import web

from roomtone.errors import PortUnusable

Health = Callable[[], dict[str, Any]]

SHUTDOWN_S: Final = 1.0  # what a slow reader of an answer gets when the server ends

_WHY: Final = {
    errno.EADDRINUSE: "another program listens there; stop it, or choose another port",
    errno.EACCES: "ports below 1024 need privileges; choose another port",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
}


def web_app(health: Health, *others: web.RouteDef) -> web.Application:
    """The application. `health` is asked at each request, must not block, and tells no secrets: the path is open."""

    async def answer(_request: web.Request) -> web.Response:
        return web.json_response(health(), headers={"Cache-Control": "no-store"})

    app = web.Application()
    app.add_routes([web.get("/health", answer), *others])
    return app


@contextlib.asynccontextmanager
async def serve_web(host: str, port: int, health: Health, *others: web.RouteDef) -> AsyncIterator[int]:
    """Serves while it is entered; yields the port, which the system chooses for 0. Raises PortUnusable."""
    app = web_app(health, *others)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as problem:
            why = _WHY.get(problem.errno or 0, str(problem))
            raise PortUnusable(f"web: cannot listen on {host}, port {port}: {why}") from problem
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
