"""The only module with a socket: one end dials, the other serves; both then hold a `Link`.

Our own ends speak TLS with each other. Plain Wyoming, which others speak, has neither secrecy nor proof: whoever serves
it says which addresses it is for.

What runs beside the owner of a link or of a server are tasks of the context manager that made it, so that neither
leaves anything behind.
"""

import asyncio
import hmac
import logging
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from roomtone.errors import LinkError, PeerGone, PinMismatch, RoomtoneError
from roomtone.link.allow import AllowList
from roomtone.link.background import alongside
from roomtone.link.codec import LIMITS, Limits
from roomtone.link.connection import DEADLINES, Deadlines, Link
from roomtone.link.crowd import MAX_CONNECTIONS, MAX_PER_ADDRESS
from roomtone.link.listening import listen
from roomtone.link.reasons import reason
from roomtone.link.refusal import admitting
from roomtone.link.wire import Wire

__all__ = ["Deadlines", "Link", "Server", "dial", "dial_plain", "serve", "serve_plain"]

_LOGGER = logging.getLogger(__name__)

_UNSENT_BYTES: Final = 16 * 1024  # in the kernel; what is there can no longer be dropped when it is old
_SHUTDOWN_S: Final = 1.0  # a peer that is there answers TLS's goodbye at once
_ACCEPT_PAUSE_S: Final = 1.0  # after running out of file descriptors
_PIN_BYTES: Final = (16, 32)
_PLAIN_OPTIONS: Final = (  # half a minute in which not even its kernel answers, and a peer is gone
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
    (socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES),
)


@asynccontextmanager
async def dial(
    host: str,
    port: int,
    tls: ssl.SSLContext,
    *,
    fingerprint: bytes | None,
    deadlines: Deadlines = DEADLINES,
    limits: Limits = LIMITS,
) -> AsyncIterator[Link]:
    """A link to a server whose certificate has this SHA-256, or these first 16 bytes of it; None takes any.

    The certificate is judged before a byte of ours goes out. Raises PeerGone (nobody there), PinMismatch, LinkError.
    """
    where = f"{host}:{port}"
    plain, wire = await _connected(host, port, deadlines, limits)
    await _secure(plain, wire, tls, where, deadlines, server_side=False)
    link = Link(wire, (host, port), deadlines, limits)
    if fingerprint is not None and not _pinned(link.peer_fingerprint, fingerprint):
        wire.abort()
        await wire.lost()
        raise PinMismatch(
            f"the server at {where} is not the one that was paired: its certificate has another fingerprint. If the "
            "server was set up anew, pair again; if not, something stands between"
        )
    async with _attended(link, wire):
        yield link


@asynccontextmanager
async def dial_plain(
    host: str, port: int, *, deadlines: Deadlines = DEADLINES, limits: Limits = LIMITS
) -> AsyncIterator[Link]:
    """A link to whoever listens there, by plain Wyoming. Raises PeerGone (nobody there)."""
    plain, wire = await _connected(host, port, deadlines, limits)
    _tune_plain(plain)
    wire.opened(plain)
    link = Link(wire, (host, port), deadlines, limits, plain=True)
    async with _attended(link, wire):
        yield link


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server listens."""

    port: int


@asynccontextmanager
async def serve(
    handler: Callable[[Link], Awaitable[None]],
    host: str | None,
    port: int,
    tls: ssl.SSLContext,
    *,
    deadlines: Deadlines = DEADLINES,
    limits: Limits = LIMITS,
    max_connections: int = MAX_CONNECTIONS,
    max_per_address: int = MAX_PER_ADDRESS,
) -> AsyncIterator[Server]:
    """Accepts satellites while the block runs; leaving it ends all connections. `host` None is every address, `port` 0
    a free one. Each link is the handler's until it returns or raises; a LinkError ends its own connection only, and so
    does any other error, which is logged. Raises PortUnusable when it cannot listen there."""
    listening = await listen(host, port)
    with listening:
        reception = _Reception(handler, listening, tls, deadlines, limits, max_connections, max_per_address)
        async with alongside(reception.run()):
            yield Server(listening.getsockname()[1])


@asynccontextmanager
async def serve_plain(
    handler: Callable[[Link], Awaitable[None]],
    port: int,
    allow: AllowList,
    *,
    already: socket.socket | None = None,
    deadlines: Deadlines = DEADLINES,
    limits: Limits = LIMITS,
    max_connections: int = MAX_CONNECTIONS,
    max_per_address: int = MAX_PER_ADDRESS,
) -> AsyncIterator[Server]:
    """As `serve`, by plain Wyoming, for the peers that are allowed; the others are told that they are not. Listens on
    loopback while nobody else may come; or on the socket that is `already` there, from `listen`."""
    listening = already or await listen(allow.host, port)
    with listening:
        attend = admitting(allow, handler)
        reception = _Reception(attend, listening, None, deadlines, limits, max_connections, max_per_address)
        async with alongside(reception.run()):
            yield Server(listening.getsockname()[1])


class _Reception:
    """Accepts connections within the caps, and hands each to the handler in a task of its own."""

    def __init__(
        self,
        handler: Callable[[Link], Awaitable[None]],
        listening: socket.socket,
        tls: ssl.SSLContext | None,
        deadlines: Deadlines,
        limits: Limits,
        max_connections: int,
        max_per_address: int,
    ) -> None:
        self._handler = handler
        self._listening = listening
        self._tls = tls
        self._deadlines = deadlines
        self._limits = limits
        self._max_connections = max_connections
        self._max_per_address = max_per_address
        self._open: Counter[str] = Counter()  # connections by address, those in their handshake too

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as connections:
            loop.add_reader(self._listening, self._accept, connections)
            try:
                await loop.create_future()  # until cancelled
            finally:
                loop.remove_reader(self._listening)

    def _accept(self, connections: asyncio.TaskGroup) -> None:
        try:
            connection, address = self._listening.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as problem:
            _LOGGER.error("cannot accept connections for a moment: %s", reason(problem))
            asyncio.get_running_loop().remove_reader(self._listening)
            connections.create_task(self._accept_later(connections), name="accept later")
            return
        host, port = address[0].removeprefix("::ffff:"), address[1]
        if self._open.total() >= self._max_connections or self._open[host] >= self._max_per_address:
            _LOGGER.warning(
                "turned %s away: %d connections, %d of them its own", host, self._open.total(), self._open[host]
            )
            connection.close()
            return
        connection.settimeout(0)
        self._open[host] += 1
        task = connections.create_task(self._serve(connection, (host, port)), name=f"link to {host}:{port}")
        task.add_done_callback(lambda _: self._release(connection, host))

    async def _accept_later(self, connections: asyncio.TaskGroup) -> None:
        await asyncio.sleep(_ACCEPT_PAUSE_S)
        asyncio.get_running_loop().add_reader(self._listening, self._accept, connections)

    def _release(self, connection: socket.socket, host: str) -> None:
        connection.close()
        self._open[host] -= 1
        if not self._open[host]:
            del self._open[host]

    async def _serve(self, connection: socket.socket, address: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        where = f"{address[0]}:{address[1]}"
        try:
            plain, wire = await loop.connect_accepted_socket(partial(Wire, self._limits), connection)
            if self._tls is None:
                _tune_plain(plain)
                wire.opened(plain)
            else:
                await _secure(plain, wire, self._tls, where, self._deadlines, server_side=True)
        except (LinkError, OSError) as problem:
            _LOGGER.info("no link to %s: %s", where, problem)
            return
        link = Link(wire, address, self._deadlines, self._limits, plain=self._tls is None)
        async with _attended(link, wire):
            await self._handle(link)

    async def _handle(self, link: Link) -> None:
        try:
            await self._handler(link)
        except* LinkError as gone:
            level = (
                logging.INFO if self._tls is not None else logging.DEBUG
            )  # plain clients come and go with each request
            for problem in _leaves(gone):
                _LOGGER.log(level, "link to %s ended: %s", link.peer, problem)
        except* RoomtoneError as failed:
            for problem in _leaves(failed):
                _LOGGER.error("link to %s ended: %s", link.peer, problem)
        except* Exception:  # a fault of ours must not take the other satellites along
            _LOGGER.exception("link to %s ended by a fault of this program; please report it", link.peer)


async def _connected(host: str, port: int, deadlines: Deadlines, limits: Limits) -> tuple[asyncio.Transport, Wire]:
    """A connection over which nothing goes yet. Raises PeerGone."""
    where = f"{host}:{port}"
    try:
        async with asyncio.timeout(deadlines.connect_s):
            return await asyncio.get_running_loop().create_connection(partial(Wire, limits), host, port)
    except TimeoutError:
        raise PeerGone(f"{where} did not answer within {deadlines.connect_s:g} s: is the server running?") from None
    except OSError as problem:
        raise PeerGone(f"{where} cannot be reached: {reason(problem)}") from problem
    except UnicodeError:  # what asyncio says of a label that is empty or too long
        raise PeerGone(f"{where} cannot be reached: that is no name of a host") from None


def _tune_plain(plain: asyncio.Transport) -> None:
    """The kernel notices a plain peer that lost its power, which may otherwise be silent for as long as it likes."""
    tcp = plain.get_extra_info("socket")
    for level, option, value in _PLAIN_OPTIONS:
        with suppress(OSError):  # for one that is gone already: whoever reads next is told
            tcp.setsockopt(level, option, value)


async def _secure(
    plain: asyncio.Transport, wire: Wire, tls: ssl.SSLContext, where: str, deadlines: Deadlines, *, server_side: bool
) -> None:
    """Puts TLS between the plain connection and the wire. Raises PeerGone, and LinkError for a peer without our TLS."""
    with ExitStack() as failing:
        failing.callback(plain.abort)
        tcp = plain.get_extra_info("socket")
        try:
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
            secured = await asyncio.get_running_loop().start_tls(
                plain,
                wire,
                tls,
                server_side=server_side,
                ssl_handshake_timeout=deadlines.handshake_s,
                ssl_shutdown_timeout=_SHUTDOWN_S,
            )
        except ssl.SSLError as problem:
            raise LinkError(f"{where} and we find no common TLS 1.3: {reason(problem)}") from problem
        except OSError as problem:
            raise PeerGone(f"{where} did not complete the TLS handshake: {reason(problem)}") from problem
        if secured is None:
            raise PeerGone(f"{where} hung up in the instant after the TLS handshake")
        failing.pop_all()
    wire.opened(secured)


@asynccontextmanager
async def _attended(link: Link, wire: Wire) -> AsyncIterator[None]:
    """Runs the link's own task, and ends the connection with the block."""
    async with alongside(link.attend()):
        try:
            yield
        finally:
            link.close()
            try:
                async with asyncio.timeout(2 * _SHUTDOWN_S):
                    await wire.lost()
            except TimeoutError:
                wire.abort()
                await wire.lost()


def _pinned(seen: bytes, pin: bytes) -> bool:
    return len(pin) in _PIN_BYTES and hmac.compare_digest(seen[: len(pin)], pin)


def _leaves(group: BaseExceptionGroup[Exception]) -> Iterator[BaseException]:
    for problem in group.exceptions:
        if isinstance(problem, BaseExceptionGroup):
            yield from _leaves(problem)
        else:
            yield problem
