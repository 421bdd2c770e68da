"""Whether another origin's page makes a browser ask in somebody's name. Pure."""

from collections.abc import Mapping
from typing import Final

from roomtone_server.ports.web.auth.visit import Visit

READING: Final = frozenset({"GET", "HEAD"})


def has_effect(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a request changes anything, or begins a conversation: a WebSocket's handshake."""
    return method not in READING or headers.get("Upgrade", "").lower() == "websocket"


def is_foreign(method: str, headers: Mapping[str, str], visit: Visit) -> bool:
    """By what the browser itself says, which a page cannot alter. Programs say nothing: for them it is False."""
    site = headers.get("Sec-Fetch-Site")
    if site not in (None, "same-origin", "none"):
        return not (method in READING and _is_visit_by_link(headers))
    origin = headers.get("Origin")
    if origin is None or not has_effect(method, headers):
        return False
    scheme, _, host = origin.lower().partition("://")
    if visit.is_ingress:  # Home Assistant's own address may be HTTPS further out
        return host != visit.host
    return (scheme, host) != ("https" if visit.is_secure else "http", visit.host)


def _is_visit_by_link(headers: Mapping[str, str]) -> bool:
    """Somebody follows a link to us: the page is loaded, on its own."""
    return (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest")) == ("navigate", "document")
