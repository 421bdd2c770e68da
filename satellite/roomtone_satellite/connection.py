"""The way to the server: find it, dial it, be welcomed; and after whatever went wrong again, for ever.

What is wrong is said once, not at every try. A server that refuses this satellite, or is not the one that it was paired
with, is asked again only after a long pause, or at once when the satellite was paired anew.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

from roomtone.backoff import MOST_S, Backoff
from roomtone.errors import LinkError, NotTrusted, TokenRefused, VersionMismatch
from roomtone.link.admission import greet, pair
from roomtone.link.discovery import find_server
from roomtone.link.events import Welcome
from roomtone.link.pairing import Credentials, PairingCode
from roomtone.link.security import client_context
from roomtone.link.stream import Link, dial
from roomtone.paths import state_dir
from roomtone_satellite.settings import ServerSettings

_LOGGER = logging.getLogger(__name__)

FIND_S: Final = 3.0  # on a LAN a server answers within 0.2 s; a lost packet is asked for again after 1 s
REFUSED_PAUSE_S: Final = 60.0
Address = tuple[str, int]  # host, port
_LOOK_S: Final = 2.0  # how often the pairing is looked at, while there is none that works


def credentials_path() -> Path:
    """Where the pairing is kept."""
    return state_dir() / "satellite" / "credentials.json"


class Connection:
    """Holds the satellite's one connection."""

    def __init__(self, server: ServerSettings, *, name: str, area: str | None) -> None:
        self._server = server
        self._name = name
        self._area = area
        self._tls = client_context()
        self._said: str | None = None

    async def keep(self, serve: Callable[[Link, Welcome], Awaitable[None]]) -> NoReturn:
        """Connects, and connects again. `serve` has the link until it raises LinkError."""
        backoff = Backoff()
        while True:
            credentials: Credentials | None = None
            try:
                credentials = _paired()
                await self._connect(credentials, serve, backoff)
            except (NotTrusted, VersionMismatch) as problem:
                self._say(problem)
                await _until_paired_anew(credentials)
            except LinkError as problem:
                self._say(problem)
                await asyncio.sleep(backoff.next_s())

    async def _connect(
        self, credentials: Credentials, serve: Callable[[Link, Welcome], Awaitable[None]], backoff: Backoff
    ) -> None:
        fingerprint = bytes.fromhex(credentials.fingerprint)
        addresses = await find(self._server, fingerprint, last_seen=(credentials.host, credentials.port))
        async with dial_first(addresses, self._tls, fingerprint) as link:
            welcome = await greet(link, credentials, name=self._name, area=self._area)
            await asyncio.to_thread(remember, credentials, link.host, link.port)
            self._said = None
            _LOGGER.info("connected to %s at %s", welcome.server, link.peer)
            welcomed_at = asyncio.get_running_loop().time()
            try:
                await serve(link, welcome)
            finally:
                # One that drops us at once, again and again, is not asked at the pace of one that was there for hours.
                if asyncio.get_running_loop().time() - welcomed_at > MOST_S:
                    backoff.reset()

    def _say(self, problem: LinkError) -> None:
        if str(problem) != self._said:
            self._said = str(problem)
            _LOGGER.error("%s", problem)


async def pair_with(server: ServerSettings, code: PairingCode, *, name: str, area: str | None) -> Credentials:
    """Finds the server that gave the code, is let in, and keeps its credentials. Raises LinkError."""
    addresses = await find(server, code.fingerprint16)
    async with dial_first(addresses, client_context(), code.fingerprint16) as link:
        credentials = await pair(link, code, name=name, area=area)
    credentials.save(credentials_path())
    return credentials


async def find(server: ServerSettings, fingerprint: bytes, last_seen: Address | None = None) -> list[Address]:
    """Where to dial, in this order: the host of the settings alone; or where the server with this fingerprint announces
    itself, and where it was last seen. At least one. Raises LinkError when nothing is known."""
    if server.host:
        return [(server.host, server.port)]
    known = [last_seen] if last_seen else []
    try:
        found = await find_server(fingerprint, FIND_S)
    except LinkError as problem:
        if not known:
            raise
        _LOGGER.debug("%s; going by where the server was last seen", problem)
        found = None
    if found:
        known = [(host, found.port) for host in found.hosts] + known
    if not known:
        raise LinkError(
            "the server was not found in this network: is it running? If it is in another one, give its address with "
            "--host, and in the settings under `server`"
        )
    return known


@asynccontextmanager
async def dial_first(addresses: Sequence[Address], tls: ssl.SSLContext, fingerprint: bytes) -> AsyncIterator[Link]:
    """A link to the first of the addresses at which the server with this certificate is. Raises LinkError: of all that
    went wrong, what did first."""
    problems: list[LinkError] = []
    async with AsyncExitStack() as stack:
        for host, port in addresses:
            try:
                link = await stack.enter_async_context(dial(host, port, tls, fingerprint=fingerprint))
            except LinkError as problem:  # anyone can announce a server where there is none, or something else
                problems.append(problem)
            else:
                yield link
                return
    raise problems[0]


def _paired() -> Credentials:
    credentials = Credentials.load(credentials_path())
    if credentials is None:
        raise TokenRefused(
            "this satellite is not paired: run `roomtone pair` on the server, then `roomtone satellite pair CODE` here"
        )
    return credentials


def remember(credentials: Credentials, host: str, port: int) -> None:
    """Keeps where the server was seen, unless the satellite was paired anew meanwhile."""
    seen = replace(credentials, host=host, port=port)
    try:
        if seen != credentials and Credentials.load(credentials_path()) == credentials:
            seen.save(credentials_path())
    except LinkError as problem:
        _LOGGER.warning("where the server is now will be forgotten: %s", problem)


async def _until_paired_anew(refused: Credentials | None) -> None:
    looks = round(REFUSED_PAUSE_S / _LOOK_S)
    for _ in range(looks):
        await asyncio.sleep(_LOOK_S)
        try:
            if Credentials.load(credentials_path()) != refused:
                return
        except LinkError:
            return  # the next try says what is wrong with it
