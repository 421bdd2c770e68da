"""A socket that listens. Imports little: a server opens its ports before it imports what serves them."""

import asyncio
import errno
import socket
from typing import Final

from roomtone.errors import PortUnusable
from roomtone.link.reasons import reason

_BACKLOG: Final = 100


async def listen(host: str | None, port: int) -> socket.socket:
    """Does not block; `host` None is every address, `port` 0 a free one. Raises PortUnusable."""
    where = host or "every address"
    try:
        if host:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
            listening = socket.create_server(found[0][4][:2], family=found[0][0], backlog=_BACKLOG)
        elif socket.has_dualstack_ipv6():
            listening = socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=_BACKLOG)
        else:
            listening = socket.create_server(("", port), backlog=_BACKLOG)
    except OSError as problem:
        if problem.errno == errno.EADDRINUSE:
            raise PortUnusable(
                f"port {port} on {where} is in use: stop the server that runs there, or choose another port"
            ) from None
        raise PortUnusable(f"cannot listen on port {port} of {where}: {reason(problem)}") from problem
    listening.settimeout(0)
    return listening
