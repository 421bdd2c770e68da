"""How both engines talk HTTP. Imports httpx, a quarter of a second: only where an engine is started."""

from collections.abc import AsyncIterator
from typing import Any, Final

import httpx
from typing_extensions import override

from roomtone.errors import EngineError
from roomtone_server.engines.http_service import trust

# A server that never ends its line would fill our memory. One holds a token, a tool call, or the list of its models.
MAX_LINE_BYTES: Final = 4 * 2**20

KEEP_ALIVE_S: Final = 60.0  # between two turns, so that the second one finds the connection made


def options(connect_s: float, **headers: str) -> dict[str, Any]:
    """The arguments of an httpx.AsyncClient whose other waits have a limit elsewhere: see `ModelServer`."""
    return {
        "timeout": httpx.Timeout(None, connect=connect_s),
        "limits": httpx.Limits(keepalive_expiry=KEEP_ALIVE_S),
        "verify": trust(),
        "headers": {"Accept-Encoding": "identity", **headers},  # a compressor would hold tokens back
        "event_hooks": {"response": [_bound_lines]},
    }


async def _bound_lines(response: httpx.Response) -> None:
    if isinstance(response.stream, httpx.AsyncByteStream):
        response.stream = _BoundedLines(response.stream)


class _BoundedLines(httpx.AsyncByteStream):
    """The bytes of a response, for a client that reads lines of any length."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        line_bytes = 0
        async for data in self._stream:
            newline = data.rfind(b"\n")
            line_bytes = line_bytes + len(data) if newline < 0 else len(data) - newline - 1
            if line_bytes > MAX_LINE_BYTES:
                raise EngineError(f"the model server sent a line of more than {MAX_LINE_BYTES:,} bytes: is it one?")
            yield data

    @override
    async def aclose(self) -> None:
        await self._stream.aclose()
