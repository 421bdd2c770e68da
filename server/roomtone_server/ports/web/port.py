"""The web port: one application, made of Routes, behind its doors."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from socket import socket
from typing import Any, Final

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.typedefs import Middleware
from prometheus_client import CONTENT_TYPE_LATEST
from typing_extensions import override

from roomtone.link.background import alongside
from roomtone_server.ports.web.auth.doors import Doors
from roomtone_server.ports.web.auth.headers import guard
from roomtone_server.ports.web.auth.who import who_may
from roomtone_server.ports.web.early import Health
from roomtone_server.ports.web.idle import Idlers
from roomtone_server.ports.web.problems import note_answering, problems
from roomtone_server.ports.web.route import Route

SHUTDOWN_S: Final = 1.0  # what a slow reader of an answer gets when the server ends
HANDSHAKE_S: Final = 10.0  # of TLS; whoever began one and went away would stay
MAX_CONNECTIONS: Final = 512  # guards memory and descriptors, which satellites need too; a browser has up to six
MAX_BODY_BYTES: Final = 64 * 1024  # guards memory: a handler that takes more reads its request as a stream

_log = logging.getLogger(__name__)


def watching_routes(health: Health, exposition: Callable[[], bytes]) -> Sequence[Route]:
    """For a watchdog or a container's health check, `GET /health`: what runs and what is degraded; and for Prometheus,
    `GET /metrics`, in its text format. Both are asked at each request, must not block, and tell no secrets."""

    async def answer_health(_request: web.Request) -> web.Response:
        return web.json_response(health(), headers={"Cache-Control": "no-store"})

    async def answer_figures(_request: web.Request) -> web.Response:
        headers = {"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}
        return web.Response(body=exposition(), headers=headers)

    return [
        Route("GET", "/health", answer_health, None),
        Route("HEAD", "/health", answer_health, None),
        Route("GET", "/metrics", answer_figures, "metrics"),
    ]


def web_app(routes: Iterable[Route], doors: Doors, *further: Middleware) -> web.Application:
    """The application: no handler runs for whom the doors do not let in."""
    known: dict[web.AbstractRoute, Route] = {}
    app = web.Application(middlewares=[*further, problems, who_may(known, doors)], client_max_size=MAX_BODY_BYTES)
    app.on_response_prepare.extend([note_answering, guard])
    for route in routes:
        known[app.router.add_route(route.method, route.path, route.handler)] = route
    return app


@contextlib.asynccontextmanager
async def serve_web(
    sockets: Sequence[socket],
    routes: Iterable[Route],
    doors: Doors,
    *,
    secure: Sequence[tuple[socket, ssl.SSLContext]] = (),
) -> AsyncIterator[None]:
    """Serves on sockets that listen, which are its own from now on, while it is entered: on `secure` ones by HTTPS."""
    _log.addFilter(_is_ours)
    idlers = Idlers()
    app = web_app(routes, doors, idlers.middleware)
    runner = web.AppRunner(app, access_log=None, logger=_log, handle_signals=False, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    assert runner.server is not None
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        await stack.enter_async_context(alongside(idlers.look_after(runner.server)))
        for each in sockets:
            stack.callback((await _serve(runner.server, sock=each)).close)
        for each, context in secure:
            stack.callback(
                (await _serve(runner.server, sock=each, ssl=context, ssl_handshake_timeout=HANDSHAKE_S)).close
            )
        yield


def _is_ours(record: logging.LogRecord) -> bool:
    """What a peer sends that is no HTTP is told to the peer, and fills no log."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | ConnectionError)


async def _serve(server: web.Server, **where: Any) -> asyncio.Server:  # noqa: ANN401 - asyncio's own options
    def met() -> asyncio.Protocol:
        return server() if len(server.connections) < MAX_CONNECTIONS else _TurnedAway()

    return await asyncio.get_running_loop().create_server(met, **where)


class _TurnedAway(asyncio.Protocol):
    """A connection too many."""

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
