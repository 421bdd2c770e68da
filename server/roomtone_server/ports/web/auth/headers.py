"""What every answer tells the browser: to trust this page with little, and others with nothing of it."""

from typing import Final

from aiohttp import web

from roomtone_server.ports.web.auth.visit import VISIT, Visit, name_in

# Scripts, styles and connections of our own origin, none of them inline.
_CONTENT: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors "
)
_HEADERS: Final = {
    "Server": "Roomtone",  # and not which library, in which version
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # "no-referrer" would also take the Origin from what forms send
    "Permissions-Policy": "microphone=(self), autoplay=(self), camera=(), display-capture=(), geolocation=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# No Strict-Transport-Security: it would forbid the very certificate that most houses have, the server's own.


async def guard(request: web.Request, response: web.StreamResponse) -> None:
    """A signal's receiver, for `on_response_prepare`: streams and WebSockets pass here too."""
    visit = request.get(VISIT)
    ancestors = "'self'" if visit is not None and visit.is_ingress else "'none'"
    response.headers["Content-Security-Policy"] = _CONTENT + ancestors
    response.headers.update(_HEADERS)
    response.headers.setdefault("Cache-Control", "no-store")
    if (
        visit is not None and not visit.is_ingress and _is_trusted(visit)
    ):  # inside of Home Assistant's page it is not ours
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"


def _is_trusted(visit: Visit) -> bool:
    """As browsers see it, which complain of that last header elsewhere: by HTTPS, or on this machine itself."""
    name = name_in(visit.host) or ""
    return visit.is_secure or name in ("localhost", "[::1]") or name.startswith("127.")
