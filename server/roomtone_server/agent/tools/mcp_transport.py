"""The two ways to an MCP server. Imports the `mcp` package, for a second: only where a server is reached."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Final

import httpx2
import mcp
from mcp.client.streamable_http import streamable_http_client
from typing_extensions import override

# Of one answer; a server that never ends it would fill our memory.
MAX_ANSWER_BYTES: Final = 4 * 2**20


def program(command: Sequence[str], env: Mapping[str, str], read_s: float) -> mcp.Client:
    """A program of this machine, which is started and ended with the client; it speaks on its standard streams."""
    server = mcp.StdioServerParameters(command=command[0], args=list(command[1:]), env=dict(env))
    return mcp.Client(server, read_timeout_seconds=read_s, cache=None)


async def web(stack: AsyncExitStack, url: str, token: str, connect_s: float, read_s: float) -> mcp.Client:
    """A server at a URL; the connections are `stack`'s to close."""
    http = httpx2.AsyncClient(
        headers={"Authorization": f"Bearer {token}"} if token else {},
        timeout=httpx2.Timeout(read_s, connect=connect_s, read=None),  # its event stream is silent for long
        event_hooks={"response": [_bound]},
    )
    await stack.enter_async_context(http)
    transport = streamable_http_client(url, http_client=http, max_sse_event_size=MAX_ANSWER_BYTES)
    return mcp.Client(transport, read_timeout_seconds=read_s, cache=None)


async def _bound(response: httpx2.Response) -> None:
    """An event stream may be as long as it likes, and its events are bounded by the transport."""
    streams = response.headers.get("content-type", "").startswith("text/event-stream")
    if not streams and isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = MAX_ANSWER_BYTES
        async for data in self._stream:
            left -= len(data)
            if left < 0:
                raise httpx2.ReadError(f"the answer is longer than {MAX_ANSWER_BYTES:,} bytes")
            yield data

    @override
    async def aclose(self) -> None:
        await self._stream.aclose()
