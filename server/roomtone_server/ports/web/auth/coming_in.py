"""The endpoints by which one comes in: a one-time link or the password; and those by which one leaves."""

import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from aiohttp import web

from roomtone.link.events import printable
from roomtone_server.ports.web.api.endpoint import JSON, AnyEndpoint, Call, Endpoint, any_of
from roomtone_server.ports.web.api.requests import NoParameters
from roomtone_server.ports.web.auth.doors import cookie_for
from roomtone_server.ports.web.auth.keys import LIFE_S, SESSIONS, Keys, SessionKind, who_has
from roomtone_server.ports.web.auth.limits import Tries
from roomtone_server.ports.web.auth.links import Links, OpenLink, Purpose
from roomtone_server.ports.web.auth.passwords import LEAST_CHARACTERS, Passwords
from roomtone_server.ports.web.auth.shapes import ChangePassword, Enter, Link, Login, Session, SetUp, WhichLink
from roomtone_server.ports.web.auth.turnstile import TRIED, Turnstile
from roomtone_server.ports.web.auth.visit import VISIT
from roomtone_server.ports.web.problems import Problem
from roomtone_server.ports.web.route import WHO, Who, who_asks

MAX_BROWSER_CHARACTERS: Final = 128  # of how a browser calls itself

_REFUSALS: Final[Mapping[int, str]] = {
    403: "The password is wrong, or another origin's page asks.",
    **TRIED,
}
_OF_LINKS: Final[Mapping[int, str]] = {**_REFUSALS, 410: "The link was used, is too old, or is for something else."}


class ComingIn:
    """`server_name` and `https_port` are told to whoever asks. `now` is the wall's clock, `monotonic` that of links and
    tries."""

    def __init__(
        self,
        server_name: str,
        keys: Keys,
        passwords: Passwords,
        links: Links,
        *,
        https_port: int | None = None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._server_name = server_name
        self._keys = keys
        self._passwords = passwords
        self._links = links
        self._https_port = https_port
        self._turnstile = Turnstile(Tries(), monotonic)
        self._now = now
        self._monotonic = monotonic

    def endpoints(self) -> Sequence[AnyEndpoint]:
        who, log_in, log_out = "Who asks, and what it takes to come in", "Log in", "Log out"
        link, set_up, enter = (
            "What a one-time link is good for; it stays good",
            "Spend the owner's link on a new password, and come in",
            "Spend an invitation: this device is in",
        )
        change = "Change the password; the owner's other browsers have to log in again"
        return any_of(
            Endpoint("GET", "/api/session", None, who, self._tell, answer=Session),
            Endpoint(
                "POST", "/api/session", None, log_in, self._log_in, body=Login, answer=Session, refusals=_REFUSALS
            ),
            Endpoint("DELETE", "/api/session", None, log_out, self._log_out, refusals={403: _REFUSALS[403]}),
            Endpoint("POST", "/api/link", None, link, self._which, body=WhichLink, answer=Link, refusals=_OF_LINKS),
            Endpoint("POST", "/api/setup", None, set_up, self._set_up, body=SetUp, answer=Session, refusals=_OF_LINKS),
            Endpoint("POST", "/api/enter", None, enter, self._enter, body=Enter, answer=Session, refusals=_OF_LINKS),
            Endpoint("PUT", "/api/password", "admin", change, self._change, body=ChangePassword, refusals=_REFUSALS),
        )

    async def _tell(self, call: Call) -> Session:
        return self._session(call.request.get(WHO))

    async def _log_in(self, call: Call[NoParameters, Login]) -> web.Response:
        await self._check(call.request, call.body.password)
        return await self._let_in(call.request, "owner", _browser(call.request))

    async def _log_out(self, call: Call) -> web.Response:
        await self._log_out_of(call.request)
        visit = call.request[VISIT]
        response = web.Response(status=HTTPStatus.NO_CONTENT)
        response.del_cookie(cookie_for(visit), path="/", secure=visit.is_secure, httponly=True, samesite="Strict")
        return response

    async def _which(self, call: Call[NoParameters, WhichLink]) -> Link:
        link = self._found(call.request, call.body.link)
        return Link(purpose=link.purpose, expires_s=round(link.until - self._monotonic()))

    async def _set_up(self, call: Call[NoParameters, SetUp]) -> web.Response:
        """Whoever was in by the password that somebody forgot, or never chose, is out."""
        self._spend(call.request, call.body.link, "owner")
        await self._passwords.set(call.body.password)
        await self._end_owners()
        return await self._let_in(call.request, "owner", _browser(call.request))

    async def _enter(self, call: Call[NoParameters, Enter]) -> web.Response:
        self._spend(call.request, call.body.link, "family")
        return await self._let_in(call.request, "family", call.body.name)

    async def _change(self, call: Call[NoParameters, ChangePassword]) -> None:
        who = who_asks(call.request)
        if who.kind != "ingress":  # Home Assistant's administrators have no password here that they could know
            await self._check(call.request, call.body.password)
        await self._passwords.set(call.body.new)
        await self._end_owners(but=who.id)

    def _session(self, who: Who | None) -> Session:
        told = Session(
            state="login" if self._passwords.is_set else "setup",
            server=self._server_name,
            least_characters=LEAST_CHARACTERS,
            https_port=self._https_port,
        )
        if who is None:
            return told
        return told.model_copy(update={"state": "in", "kind": who.kind, "name": who.name, "scopes": sorted(who.scopes)})

    async def _let_in(self, request: web.Request, kind: SessionKind, name: str) -> web.Response:
        """Whatever session the browser had gives way: nobody could end it any more."""
        await self._log_out_of(request)
        visit = request[VISIT]
        key, secret = await self._keys.add_session(kind, name, visit.address, self._now())
        response = web.Response(body=self._session(who_has(key)).model_dump_json().encode(), content_type=JSON)
        # Strict: nobody comes to us from elsewhere logged in, and nothing is lost by it, since the page itself is open
        # and asks for all else from here.
        response.set_cookie(
            cookie_for(visit),
            secret,
            max_age=int(LIFE_S[kind]),
            path="/",
            secure=visit.is_secure,
            httponly=True,
            samesite="Strict",
        )
        return response

    async def _check(self, request: web.Request, password: str) -> None:
        address = self._turnstile.enter(request)
        if not await self._passwords.is_right(password):
            raise Problem(HTTPStatus.FORBIDDEN, "Wrong password", "this is not the password")
        self._turnstile.give_back(address)

    def _found(self, request: web.Request, secret: str) -> OpenLink:
        address = self._turnstile.enter(request)
        link = self._links.find(secret, self._monotonic())
        if link is None:
            raise _void()
        self._turnstile.give_back(address)
        return link

    def _spend(self, request: web.Request, secret: str, purpose: Purpose) -> None:
        self._found(request, secret)
        if not self._links.take(secret, purpose, self._monotonic()):
            raise _void()

    async def _log_out_of(self, request: web.Request) -> None:
        """Whoever has no session is out already; Home Assistant's users log out there."""
        who = request.get(WHO)
        if who is not None and who.kind in SESSIONS:
            await self._keys.remove(who.id)

    async def _end_owners(self, but: str = "") -> None:
        for key in self._keys.list("owner"):
            if key.id != but:
                await self._keys.remove(key.id)


def _browser(request: web.Request) -> str:
    return printable(request.headers.get("User-Agent", ""))[:MAX_BROWSER_CHARACTERS]


def _void() -> Problem:
    return Problem(
        HTTPStatus.GONE, "Void", "this link was used, or is older than an hour: `roomtone web link` prints a new one"
    )
