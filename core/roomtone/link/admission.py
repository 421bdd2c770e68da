"""The first exchange of a connection, seen from both ends: who is let in, and what the others are told.

A satellite says one thing, `roomtone-pair` or `roomtone-hello`, and nothing more until it is answered; so whoever is
refused has sent no audio. In every version of the protocol the first message carries an integer `protocol`, which is
read before anything else of it.
"""

import asyncio
import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Protocol

from wyoming.event import Event

import roomtone
from roomtone.errors import CodeRefused, FrameError, LinkError, NotTrusted, PeerGone, TokenRefused, VersionMismatch
from roomtone.link.connection import Link
from roomtone.link.events import (
    OLDEST_PROTOCOL,
    PROTOCOL,
    Hello,
    Message,
    Pair,
    Paired,
    Refusal,
    Refused,
    Welcome,
    event_of,
    parse,
    printable,
)
from roomtone.link.pairing import FINGERPRINT_BYTES, Credentials, PairingCode, PairingWindow, new_token, token_hash

_SOFTWARE: Final = f"roomtone {roomtone.__version__}"
_NOBODY: Final = token_hash(new_token())  # compared with when the satellite is unknown, so that both take as long

_REFUSALS: Final[dict[Refusal, type[LinkError]]] = {
    "version": VersionMismatch,
    "token": TokenRefused,
    "code": CodeRefused,
    "busy": LinkError,
    "malformed": FrameError,
}


class KnownSatellite(Protocol):
    @property
    def token_hash(self) -> str: ...


class Satellites(Protocol):
    """Where the server keeps the satellites that have paired."""

    async def add(self, satellite_id: str, name: str, area: str | None, token_hash: str, /) -> None:
        """Done when it is kept for good."""

    async def find(self, satellite_id: str, /) -> KnownSatellite | None: ...


@dataclass(frozen=True, slots=True)
class Admitted:
    """A satellite that may speak."""

    satellite_id: str
    name: str
    area: str | None
    was_paired: bool  # in this connection, just now


async def pair(link: Link, code: PairingCode, *, name: str, area: str | None) -> Credentials:
    """The satellite's side, with a code: what it must keep. It may speak now.

    Raises CodeRefused, VersionMismatch, PeerGone, FrameError.
    """
    if link.peer_fingerprint[:FINGERPRINT_BYTES] != code.fingerprint16:
        raise CodeRefused(f"the pairing code is of another server than {link.peer}")
    request = Pair(PROTOCOL, _SOFTWARE, code.secret.hex(), name, area)
    answer = await _ask(link, request)
    if not isinstance(answer, Paired):
        raise FrameError(f"{link.peer} answered {answer.TYPE} to a pairing code")
    fingerprint = link.peer_fingerprint.hex()
    return Credentials(answer.satellite, answer.token, fingerprint, answer.server, link.host, link.port)


async def greet(link: Link, credentials: Credentials, *, name: str, area: str | None) -> Welcome:
    """The satellite's side, once paired: after it, it may speak.

    Raises TokenRefused, VersionMismatch, PeerGone, FrameError; LinkError when the server is full.
    """
    answer = await _ask(link, Hello(PROTOCOL, _SOFTWARE, credentials.satellite, credentials.token, name, area))
    if not isinstance(answer, Welcome):
        raise FrameError(f"{link.peer} answered {answer.TYPE} to a greeting")
    if not OLDEST_PROTOCOL <= answer.protocol <= PROTOCOL:
        raise VersionMismatch(_versions("server", answer.protocol))
    return answer


async def admit(link: Link, *, window: PairingWindow, satellites: Satellites, now: float, server_name: str) -> Admitted:
    """The server's side: answers the first message, whichever it is.

    Whom it refuses it tells why, and closes; then it raises CodeRefused, TokenRefused, VersionMismatch or FrameError.
    Raises PeerGone when nothing comes within the handshake's deadline.
    """
    try:
        message = _opening(await _first(link))
        if isinstance(message, Pair):
            return await _pair(link, message, window, satellites, now, server_name)
        return await _welcome(link, message, satellites, server_name)
    except (NotTrusted, VersionMismatch, FrameError) as problem:
        await _refuse(link, problem)
        raise


async def _ask(link: Link, question: Hello | Pair) -> Message:
    link.send(event_of(question))
    answer = parse(await _first(link))
    if isinstance(answer, Refused):
        raise _REFUSALS[answer.reason](f"{link.peer} refused this satellite: {printable(answer.text)}")
    if answer is None:
        raise FrameError(f"{link.peer} does not answer as a Roomtone server")
    return answer


async def _first(link: Link) -> Event:
    try:
        async with asyncio.timeout(link.deadlines.handshake_s):
            return await link.receive()
    except TimeoutError:
        raise PeerGone(f"{link.peer} said nothing for {link.deadlines.handshake_s:g} s after the handshake") from None


def _opening(event: Event) -> Hello | Pair:
    if event.type not in {Hello.TYPE, Pair.TYPE}:
        raise FrameError(f"the first event must be {Hello.TYPE} or {Pair.TYPE}")
    protocol = event.data.get("protocol")
    if type(protocol) is int and not OLDEST_PROTOCOL <= protocol <= PROTOCOL:
        raise VersionMismatch(_versions("satellite", protocol))
    message = parse(event)
    assert isinstance(message, Hello | Pair)
    return message


async def _pair(
    link: Link, message: Pair, window: PairingWindow, satellites: Satellites, now: float, server_name: str
) -> Admitted:
    window.redeem(message.secret, now)
    satellite, token = secrets.token_hex(8), new_token()
    await satellites.add(satellite, message.name, message.area, token_hash(token))
    link.send(event_of(Paired(satellite, token, server_name)))
    return Admitted(satellite, message.name, message.area, was_paired=True)


async def _welcome(link: Link, message: Hello, satellites: Satellites, server_name: str) -> Admitted:
    known = await satellites.find(message.satellite)
    expected = known.token_hash if known else _NOBODY
    if not hmac.compare_digest(token_hash(message.token), expected):
        raise TokenRefused("this server does not know the satellite, or no longer: pair it again")
    link.send(event_of(Welcome(message.protocol, _SOFTWARE, server_name)))
    return Admitted(message.satellite, message.name, message.area, was_paired=False)


async def _refuse(link: Link, problem: LinkError) -> None:
    """Tells the peer why, as far as it still listens, and closes; `problem` is what matters to whoever called."""
    reason: Refusal = next((reason for reason, kind in _REFUSALS.items() if type(problem) is kind), "malformed")
    try:
        link.send(event_of(Refused(reason, str(problem))))
        await link.drain()
    except LinkError:
        return
    link.close()


def _versions(who: str, protocol: int) -> str:
    ours = f"{OLDEST_PROTOCOL} to {PROTOCOL}" if OLDEST_PROTOCOL < PROTOCOL else f"{PROTOCOL}"
    old = who if protocol < OLDEST_PROTOCOL else {"satellite": "server", "server": "satellite"}[who]
    return f"the {who} speaks version {protocol} of the protocol, the other end {ours}: update the {old}"
