"""The doors of the web port: who is asking."""

import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Final, Protocol

from aiohttp import web

from roomtone.link.events import printable
from roomtone_server.ports.web.auth.administrators import Administrators
from roomtone_server.ports.web.auth.keys import SESSIONS, Keys, who_has
from roomtone_server.ports.web.auth.origin import has_effect
from roomtone_server.ports.web.auth.present import Present
from roomtone_server.ports.web.auth.visit import VISIT, Entrance, Visit
from roomtone_server.ports.web.problems import Problem
from roomtone_server.ports.web.route import EVERY_SCOPE, FAMILY_SCOPES, Who

# The prefix has browsers hold us to it: over HTTPS, for this host alone, for all of its paths.
SESSION_COOKIE: Final = "__Host-roomtone"
PLAIN_COOKIE: Final = "roomtone"  # where there is no HTTPS: on this machine itself, or by the owner's choice

_MAX_NAME_CHARACTERS: Final = 128


class Doors(Protocol):
    @property
    def present(self) -> Present: ...

    def visit(self, request: web.Request) -> Visit:
        """See `Entrance.visit`."""

    async def who(self, request: web.Request) -> Who | None:
        """None: nobody that was let in. Raises Problem for a request that nobody may make."""


class HouseDoors:
    """Those of a real house."""

    def __init__(
        self,
        entrance: Entrance,
        keys: Keys,
        administrators: Administrators,
        present: Present,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.present = present
        self._entrance = entrance
        self._keys = keys
        self._administrators = administrators
        self._now = now

    def visit(self, request: web.Request) -> Visit:
        return self._entrance.visit(request)

    async def who(self, request: web.Request) -> Who | None:
        """A token, or what the browser sends by itself: then a change has to say from which page it comes."""
        if (token := _bearer(request)) is not None:
            key = await self._keys.find(token, self._now())
            return who_has(key) if key is not None and key.kind == "token" else None
        visited_by = self._user_of_home_assistant if request[VISIT].is_ingress else self._session
        who = await visited_by(request)
        if who is not None and has_effect(request.method, request.headers) and "Origin" not in request.headers:
            raise Problem(HTTPStatus.FORBIDDEN, "No Origin", "a browser says whose page asks; a program sends a token")
        return who

    async def _session(self, request: web.Request) -> Who | None:
        secret = request.cookies.get(cookie_for(request[VISIT]))
        key = await self._keys.find(secret, self._now()) if secret else None
        return who_has(key) if key is not None and key.kind in SESSIONS else None

    async def _user_of_home_assistant(self, request: web.Request) -> Who:
        """One who is no administrator there is family here."""
        said = request.headers
        user = said.get("X-Remote-User-Id", "")
        named = said.get("X-Remote-User-Display-Name", "") or said.get("X-Remote-User-Name", "")
        scopes = EVERY_SCOPE if await self._administrators.has(user) else FAMILY_SCOPES
        name = printable(named)[:_MAX_NAME_CHARACTERS] or "Home Assistant"
        return Who("ingress", scopes, f"ingress-{printable(user)[:_MAX_NAME_CHARACTERS]}", name)


def cookie_for(visit: Visit) -> str:
    return SESSION_COOKIE if visit.is_secure else PLAIN_COOKIE


def _bearer(request: web.Request) -> str | None:
    """None where there is none; a proxy's own Basic authorisation is none of ours."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
