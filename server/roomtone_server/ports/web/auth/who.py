"""Whoever asks for anything is somebody, and may ask for it: no handler runs before that is certain."""

from collections.abc import Mapping
from contextlib import nullcontext
from http import HTTPStatus
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from roomtone_server.ports.web.auth.doors import Doors
from roomtone_server.ports.web.auth.origin import is_foreign
from roomtone_server.ports.web.auth.visit import VISIT
from roomtone_server.ports.web.problems import Problem
from roomtone_server.ports.web.route import WHO, Route

_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


def who_may(routes: Mapping[web.AbstractRoute, Route], doors: Doors) -> Middleware:
    """The innermost middleware. A path that no route has is nobody's secret: it falls through to aiohttp's 404."""

    @web.middleware
    async def checked(request: web.Request, handler: Handler) -> web.StreamResponse:
        visit = request[VISIT] = doors.visit(request)
        route = routes.get(request.match_info.route)
        if route is None:
            return await handler(request)
        if is_foreign(request.method, request.headers, visit):
            raise Problem(HTTPStatus.FORBIDDEN, "Foreign origin", "another origin's page may not ask this")
        who = await doors.who(request)
        if route.scope is not None:
            if who is None:
                raise Problem(HTTPStatus.UNAUTHORIZED, "Unauthorized", "log in, or send a token", headers=_CHALLENGE)
            if route.scope not in who.scopes:
                raise Problem(HTTPStatus.FORBIDDEN, "Not yours to ask", f"this takes the scope {route.scope!r}")
        if who is not None:
            request[WHO] = who
        with doors.present.noted(who.id) if who is not None else nullcontext():
            return await handler(request)

    return checked
