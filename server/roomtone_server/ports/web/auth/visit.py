"""Where a request comes from and what its sender calls us, as far as that can be believed.

What a proxy says of somebody behind it (`X-Forwarded-*`) counts only if the settings list that proxy. Home Assistant's
ingress is the Supervisor's address, at the port that it alone may ask.
"""

import ipaddress
import logging
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from aiohttp import web

from roomtone_server.ports.web.problems import Problem

INGRESS_ADDRESS: Final = "172.30.32.2"  # from where the Supervisor passes requests on
INGRESS_PORT: Final = 8099  # where it looks for the page

# What machines ask for, over plain HTTP and by any name: the first tells no secret, and the second takes a token, which
# no browser sends by itself.
WATCHED: Final = frozenset({"/health", "/metrics"})

# Names that no public name server answers for, so that no page can have them mean us: RFC 6761, RFC 6762, RFC 8375,
# ICANN's resolution of 2024-07-29, and what many routers use.
_PRIVATE: Final = (".localhost", ".local", ".home.arpa", ".internal", ".lan")

_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")
_SEEN_ONCE: Final = 64  # guards the log: unlisted proxies that were told of

_log = logging.getLogger(__name__)

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Visit:
    address: str  # of who asks
    host: str  # what the sender calls us, with its port where it names one
    is_secure: bool  # as the browser sees it
    is_ingress: bool = False


VISIT: Final = web.RequestKey("visit", Visit)  # of every request


class Entrance:
    """`https_port` is where plain HTTP is sent to, None where there is none; `ingress_port` None is outside of an
    add-on. `names` are those under which we are known beside addresses and names that only a home can have."""

    def __init__(
        self,
        *,
        proxies: Iterable[str] = (),
        names: Iterable[str] = (),
        https_port: int | None = None,
        ingress_port: int | None = None,
        ingress_address: str = INGRESS_ADDRESS,
    ) -> None:
        self._proxies = [ipaddress.ip_network(text, strict=False) for text in proxies]
        self._names = {socket.gethostname().lower(), *(name.lower() for name in names)}
        self._https_port = https_port
        self._ingress_port = ingress_port
        self._ingress_address = ingress_address
        self._told: set[str] = set()

    def visit(self, request: web.Request) -> Visit:
        """Raises Problem for who may not ask at all, HTTPPermanentRedirect for who should come by HTTPS."""
        peer = _peer(request)
        if self._ingress_port is not None and _port(request) == self._ingress_port:
            return self._by_ingress(request, peer)
        is_proxied = self._is_listed(peer) and "X-Forwarded-For" in request.headers
        visit = self._behind_proxy(request, peer) if is_proxied else self._directly(request, peer)
        if request.path not in WATCHED:
            if not is_proxied and not self._is_ours(visit.host):
                raise Problem(
                    HTTPStatus.MISDIRECTED_REQUEST,
                    "Unknown host",
                    "this server does not know that name: `web.names` in its settings lists those that it has",
                )
            if not visit.is_secure and self._https_port is not None and (is_proxied or not peer.is_loopback):
                raise self._to_https(request, visit, is_proxied=is_proxied)
        return visit

    def _by_ingress(self, request: web.Request, peer: Address) -> Visit:
        if str(peer) != self._ingress_address:
            raise Problem(HTTPStatus.FORBIDDEN, "Not from here", "only Home Assistant may ask here")
        said = request.headers
        host = said.get("X-Forwarded-Host", said.get("Host", ""))
        return Visit(str(peer), host.lower(), said.get("X-Forwarded-Proto") == "https", is_ingress=True)

    def _directly(self, request: web.Request, peer: Address) -> Visit:
        if "X-Forwarded-For" in request.headers and str(peer) not in self._told and len(self._told) < _SEEN_ONCE:
            self._told.add(str(peer))
            _log.warning("%s passes requests on, and is not listed: see `web.proxies` in the settings", peer)
        return Visit(str(peer), request.headers.get("Host", "").lower(), request.secure)

    def _behind_proxy(self, request: web.Request, peer: Address) -> Visit:
        """Of several values, the last is the one that our own proxy has added."""
        address = peer
        for text in reversed(_values(request, "X-Forwarded-For")):
            try:
                address = _plain(ipaddress.ip_address(text))
            except ValueError:
                break
            if not self._is_listed(address):
                break
        hosts = _values(request, "X-Forwarded-Host") or [request.headers.get("Host", "")]
        return Visit(str(address), hosts[-1].lower(), _values(request, "X-Forwarded-Proto")[-1:] == ["https"])

    def _is_listed(self, address: Address) -> bool:
        return any(address in network for network in self._proxies)

    def _is_ours(self, host: str) -> bool:
        """Against DNS rebinding, by which a page's own name comes to mean our address. An address means itself."""
        name = name_in(host)
        if name is None:
            return False
        if name[0] == "[" or _is_address(name):
            return True
        return "." not in name or name in self._names or name.endswith(_PRIVATE)

    def _to_https(self, request: web.Request, visit: Visit, *, is_proxied: bool) -> Exception:
        if is_proxied:
            return Problem(
                HTTPStatus.FORBIDDEN,
                "HTTPS only",
                "the proxy was asked by plain HTTP, or does not say X-Forwarded-Proto",
            )
        if request.method not in ("GET", "HEAD"):
            return Problem(HTTPStatus.FORBIDDEN, "HTTPS only", f"ask again by HTTPS, at port {self._https_port}")
        where = f"https://{name_in(visit.host)}:{self._https_port}{request.rel_url.raw_path_qs}"
        return web.HTTPPermanentRedirect(where)


def name_in(host: str) -> str | None:
    """What stands before the port, lower case; None when it is none that a browser would send."""
    found = _HOST.fullmatch(host)
    return found[1].lower().rstrip(".") or None if found else None


def _values(request: web.Request, header: str) -> list[str]:
    return [text.strip() for line in request.headers.getall(header, ()) for text in line.split(",")]


def _peer(request: web.Request) -> Address:
    return _plain(ipaddress.ip_address(_socket_names(request, "peername")[0].partition("%")[0]))


def _port(request: web.Request) -> int:
    return int(_socket_names(request, "sockname")[1])


def _socket_names(request: web.Request, which: str) -> tuple[str, int]:
    """Raises ConnectionResetError for who is gone already."""
    names = request.get_extra_info(which)
    if names is None:
        raise ConnectionResetError
    return names[0], names[1]


def _plain(address: Address) -> Address:
    return getattr(address, "ipv4_mapped", None) or address


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
