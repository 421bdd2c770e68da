"""Whoever asks for anything is somebody, and may ask for it: no handler runs before that is certain."""

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from roomtone_server.ports.web.problems import Problem
from roomtone_server.ports.web.route import WHO, Route, Who

Identify = Callable[[web.Request], Awaitable[Who | None]]

_NOBODY: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.UNAUTHORIZED.phrase, "log in first, or send a token")
_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


def who_may(routes: Mapping[web.AbstractRoute, Route], identify: Identify) -> Middleware:
    """The innermost middleware. A path that no route has is nobody's secret: it falls through to aiohttp's 404."""

    @web.middleware
    async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
        route = routes.get(request.match_info.route)
        if route is None:
            return await handler(request)
        who = await identify(request)
        if route.scope is not None:
            if who is None:
                raise Problem(*_NOBODY, headers=_CHALLENGE)
            if route.scope not in who.scopes:
                raise Problem(HTTPStatus.FORBIDDEN, "Not yours to ask", f"this takes the scope {route.scope!r}")
        if who is not None:
            request[WHO] = who
        return await handler(request)

    return checked
