"""The web port's real doors on sockets of loopback, one of them by HTTPS; and a visitor who is no browser."""

import asyncio
import datetime as dt
import functools
import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import aiohttp
from aiohttp import web
from yarl import URL

from roomtone.link.listening import listen
from roomtone_server.ports.web.api.endpoint import routes_of
from roomtone_server.ports.web.auth.administrators import Administrators
from roomtone_server.ports.web.auth.certificate import own_context
from roomtone_server.ports.web.auth.coming_in import ComingIn
from roomtone_server.ports.web.auth.doors import SESSION_COOKIE, HouseDoors
from roomtone_server.ports.web.auth.keys import Keys
from roomtone_server.ports.web.auth.letting_in import LettingIn
from roomtone_server.ports.web.auth.links import Links
from roomtone_server.ports.web.auth.passwords import Passwords, _hashed
from roomtone_server.ports.web.auth.present import Present
from roomtone_server.ports.web.auth.visit import Entrance
from roomtone_server.ports.web.port import serve_web
from roomtone_server.ports.web.route import Route, who_asks
from roomtone_server.store.database import Database
from roomtone_server.store.web import SqliteKeyStore, SqlitePasswordStore

HOST = "127.0.0.1"
PASSWORD = "correct horse"


async def tell_who(request):
    who = who_asks(request)
    return web.json_response({"kind": who.kind, "name": who.name, "id": who.id})


async def hold_on(request):
    """An answer that does not end by itself."""
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"here\n")
    await asyncio.get_running_loop().create_future()


async def converse(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket


ROUTES = [
    Route("GET", "/api/who", tell_who, "read"),
    Route("POST", "/api/change", tell_who, "control"),
    Route("PUT", "/api/server", tell_who, "admin"),
    Route("GET", "/metrics", tell_who, "metrics"),
    Route("GET", "/api/stream", hold_on, "read"),
    Route("GET", "/voice", converse, "speak"),
]


class HomeOfAda:
    """Its users are Ada, who administers it, and others."""

    async def administrators(self) -> frozenset[str]:
        return frozenset({"ada"})


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Doors:
    plain: str  # its address by HTTP
    secure: str  # by HTTPS
    ingress: str  # as Home Assistant asks
    doors: HouseDoors
    keys: Keys
    links: Links
    passwords: Passwords
    clock: Clock

    def visitor(self, address: str | None = None, **headers: str) -> "Visitor":
        return Visitor(address or self.secure, headers)

    @asynccontextmanager
    async def owner(self, address: str | None = None) -> AsyncIterator["Visitor"]:
        """Somebody who is in; the password is PASSWORD then."""
        await self.passwords._store.save(_hashed_password())
        self.passwords._hash = _hashed_password()
        _, secret = await self.keys.add_session("owner", "a test", HOST, self.clock())
        async with self.visitor(address) as visitor:
            visitor.cookies.update_cookies({SESSION_COOKIE: secret}, URL(visitor.address))
            yield visitor


class Visitor:
    """Keeps cookies, and says of each request that its own page sends it, as browsers do."""

    def __init__(self, address: str, headers: dict[str, str]) -> None:
        self.address = address
        self.headers = {"Origin": address, "User-Agent": "a test"} | headers
        self.cookies = aiohttp.CookieJar(unsafe=True)  # addresses may have cookies
        self.last: aiohttp.ClientResponse

    async def __aenter__(self) -> Self:
        trusting = aiohttp.TCPConnector(ssl=_trusting())
        self.session = aiohttp.ClientSession(connector=trusting, cookie_jar=self.cookies)
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.session.close()

    async def ask(self, method: str, path: str, body: object = None, **headers: str | None) -> tuple[int, object]:
        """Status, and what the JSON says. A header None is left out."""
        sent = {name.replace("_", "-"): value for name, value in (self.headers | headers).items() if value is not None}
        options = {"json": body} if body is not None else {}
        async with self.session.request(
            method, URL(self.address + path, encoded=True), headers=sent, allow_redirects=False, **options
        ) as answer:
            self.last = answer
            text = await answer.text()
            return answer.status, await answer.json(content_type=None) if text[:1] in ("{", "[") else text or None

    def cookie(self) -> str:
        """As the server last set it."""
        return self.last.headers["Set-Cookie"]


@asynccontextmanager
async def opened(folder: Path, routes: Iterable[Route] = ()) -> AsyncIterator[Doors]:
    """A house with these routes beside those by which one comes in."""
    clock = Clock()
    async with Database.open(folder / "roomtone.db") as database:
        present, passwords = Present(), await Passwords.open(SqlitePasswordStore(database))
        keys = await Keys.open(SqliteKeyStore(database), present.turn_out)
        sockets = [await listen(HOST, 0) for _ in range(3)]
        ports = [each.getsockname()[1] for each in sockets]
        entrance = Entrance(https_port=ports[1], ingress_port=ports[2], ingress_address=HOST)
        administrators = Administrators(HomeOfAda(), clock)
        links, doors = Links(), HouseDoors(entrance, keys, administrators, present, clock)
        clocks = {"now": clock, "monotonic": clock}
        coming = ComingIn("attic", keys, passwords, links, **clocks)
        letting = LettingIn([f"https://attic.local:{ports[1]}"], keys, links, **clocks)
        context = own_context(folder, {"localhost"}, {HOST}, dt.datetime.now(dt.UTC))
        every = [*routes_of([*coming.endpoints(), *letting.endpoints()]), *routes]
        async with serve_web([sockets[0], sockets[2]], every, doors, secure=[(sockets[1], context)]):
            plain, secure, ingress = (f"http://{HOST}:{port}" for port in ports)
            secure = secure.replace("http", "https", 1)
            yield Doors(plain, secure, ingress, doors, keys, links, passwords, clock)


@functools.cache
def _hashed_password() -> str:
    """Argon2 takes its time."""
    return _hashed(PASSWORD)


def _trusting() -> ssl.SSLContext:
    """Somebody who clicked the warning away."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
