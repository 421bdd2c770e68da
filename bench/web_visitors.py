"""Browsers that are none, and the server that they visit: a real process with the example home."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import psutil
from aiohttp import ClientSession, CookieJar, TCPConnector
from yarl import URL

from roomtone.link.background import alongside
from roomtone_server.bench.ends import LOOPBACK, both_ends
from roomtone_server.bench.programs import until
from start import free_port

PASSWORD: Final = "only for as long as it is measured"
EVENTS: Final = "api/events?topics=turns,satellites,home,health"
CONNECTED_S: Final = 10.0
FEW_BYTES: Final = 4096  # of a socket's buffer: the kernel shall not read for who does not


@dataclass
class Visitor:
    """Has a session of its own, listens to the events of the house, and holds a voice socket in the mode `hold`, as the
    page does while Talk is shown."""

    session: ClientSession
    changes: list[float] = field(default_factory=list)  # when each of the home came, by time.monotonic
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        """Until the server ends."""
        async with self.session.get(EVENTS) as events:
            events.raise_for_status()
            async for line in events.content:
                self.has_begun.set()
                if line == b"event: state\n":
                    self.changes.append(time.monotonic())

    async def hold(self, number: int) -> None:
        """Until the server ends."""
        async with self.session.ws_connect("voice") as voice:
            await voice.send_json({"type": "hello", "browser": f"visitor-{number:06}", "name": f"visitor {number}"})
            await voice.send_json({"type": "start", "rate": 48_000, "mode": "hold"})
            async for message in voice:
                told = message.json()
                if told["type"] == "ping":
                    await voice.send_json({"type": "pong", "id": told["id"], "at": time.monotonic() * 1000})


@dataclass
class Visited:
    """The server, and its owner's browser."""

    url: str
    guests_url: str  # where all others come in
    process: psutil.Process
    owner: ClientSession
    _commands: Iterator[str] = field(
        default_factory=lambda: cycle(["turn on all the lights", "turn off all the lights"])
    )

    @asynccontextmanager
    async def by(self, number: int) -> AsyncIterator[list[Visitor]]:
        """So many, each let in by an invitation of its own, as the tablet on the wall is."""
        async with AsyncExitStack() as stack:
            visitors = [Visitor(await stack.enter_async_context(self._guest(each))) for each in range(number)]
            for each, visitor in enumerate(visitors):
                await stack.enter_async_context(alongside(visitor.listen()))
                await stack.enter_async_context(alongside(visitor.hold(each)))
                await visitor.has_begun.wait()
            yield visitors

    @asynccontextmanager
    async def _guest(self, number: int) -> AsyncIterator[ClientSession]:
        invitation = await _posted(self.owner, "api/invitations")
        async with _browser(self.guests_url, "api/enter", link=invitation["link"], name=f"visitor {number}") as session:
            yield session

    async def happens(self) -> int:
        """All lights go on, or off: how many changes that is."""
        told = await _posted(self.owner, "api/ask", text=next(self._commands))
        return len(told["actions"])

    @asynccontextmanager
    async def one_who_does_not_read(self) -> AsyncIterator[int]:
        """A browser that has asked for the events and reads none of them; its port."""
        cookies = self.owner.cookie_jar.filter_cookies(URL(self.url)).output(header="Cookie:", sep="; ")
        asked = f"GET /{EVENTS} HTTP/1.1\r\nHost: {LOOPBACK}:{URL(self.url).port}\r\n{cookies}\r\n\r\n"
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, FEW_BYTES)
            deaf.setblocking(False)
            await asyncio.get_running_loop().sock_connect(deaf, (LOOPBACK, URL(self.url).port))
            await asyncio.get_running_loop().sock_sendall(deaf, asked.encode())
            port: int = deaf.getsockname()[1]

            async def connected() -> bool | None:
                return self.is_connected(port) or None

            await until("it is let in", connected, CONNECTED_S, [])
            yield port

    def is_connected(self, port: int) -> bool:
        return any(each.raddr[1:] == (port,) for each in self.process.net_connections("tcp"))


@asynccontextmanager
async def visited(folder: Path, *, https: bool = False) -> AsyncIterator[Visited]:
    """A server that somebody has set a password for, on this machine; `https`: all others come in by HTTPS."""
    async with both_ends(folder) as ends:
        https_port = free_port() if https else None
        await ends.start_server(None, {"web": {"host": LOOPBACK, "port": 0, "https_port": https_port}})
        url, _, secret = (await ends.link()).partition("#/enter/")
        async with _browser(url, "api/setup", link=secret, password=PASSWORD) as owner:
            guests_url = f"https://{LOOPBACK}:{https_port}/" if https else url
            yield Visited(url, guests_url, psutil.Process(ends.programs[0].process.pid), owner)


@asynccontextmanager
async def _browser(url: str, path: str, **asked: str) -> AsyncIterator[ClientSession]:
    """Somebody's, who comes in there."""
    of_its_own = TCPConnector(ssl=False)  # nobody vouches for the server's own certificate
    headers = {"Origin": url.rstrip("/")}
    async with ClientSession(url, connector=of_its_own, cookie_jar=CookieJar(unsafe=True), headers=headers) as session:
        await _posted(session, path, **asked)
        yield session


async def _posted(session: ClientSession, path: str, **asked: str) -> Any:  # noqa: ANN401 - whatever JSON says
    async with session.post(path, json=asked or None) as answer:
        told = await answer.text()
        assert answer.ok, f"{path}: {answer.status} {told}"
        return json.loads(told) if told else None
