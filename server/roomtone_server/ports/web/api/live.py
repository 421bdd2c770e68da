"""Live events, as server-sent events: told once, for everybody who listens.

Each event is serialised once. Everybody has a bounded queue; who does not read is dropped when it is full, and nobody
else notices. One timer keeps all connections alive.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from http import HTTPStatus
from typing import Final, Literal

from aiohttp import web

from roomtone_server.ports.web.api.shapes import Shape
from roomtone_server.ports.web.problems import Problem

Topic = Literal["turns", "satellites", "levels", "home", "health"]

EVENTS_TYPE: Final = "text/event-stream"
HEARTBEAT_S: Final = 25.0  # proxies give up on connections that are silent for 30 s or more
MAX_LISTENERS: Final = 500  # guards descriptors and memory
MAX_UNREAD: Final = 256  # events of one listener, beside what the system's own buffer holds
MAX_SENT_BYTES: Final = 64 * 1024  # in that buffer, which else takes megabytes in for who does not read

_HEARTBEAT: Final = b":\n\n"
_HEADERS: Final = {
    "Content-Type": EVENTS_TYPE,
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # a proxy that gathers events tells them too late
}


def event_bytes(name: str, told: Shape) -> bytes:
    """As the stream carries it; JSON has no line breaks of its own."""
    return b"event: %s\ndata: %s\n\n" % (name.encode(), told.json_bytes())


class _Listener:
    def __init__(self, topics: Collection[Topic], transport: asyncio.Transport) -> None:
        self.topics = frozenset(topics)
        self.unread: asyncio.Queue[bytes] = asyncio.Queue(MAX_UNREAD)
        self._transport = transport

    def let_go(self) -> None:
        """Whoever writes to it, or will, is told that the connection is lost."""
        self._transport.abort()
        if self.unread.empty():
            self.unread.put_nowait(_HEARTBEAT)

    def take(self, chunk: bytes) -> None:
        if self.unread.full():
            self.let_go()
        else:
            self.unread.put_nowait(chunk)

    def next_chunks(self, first: bytes) -> bytes:
        """All that is unread, behind the first."""
        chunks = [first]
        while not self.unread.empty():
            chunks.append(self.unread.get_nowait())
        return b"".join(chunks)


class Live:
    """One event loop."""

    def __init__(self) -> None:
        self._listeners: set[_Listener] = set()
        self._somebody = asyncio.Event()

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    def is_heard(self, topic: Topic) -> bool:
        """Whether anybody wants to know: what nobody hears need not be made."""
        return any(topic in listener.topics for listener in self._listeners)

    async def somebody(self) -> None:
        """Waits until anybody listens."""
        await self._somebody.wait()

    def tell(self, topic: Topic, name: str, told: Shape) -> None:
        if self.is_heard(topic):
            self._put(event_bytes(name, told), topic)

    def let_go(self) -> None:
        """Everybody: the server ends."""
        for listener in self._listeners:
            listener.let_go()

    def _put(self, chunk: bytes, topic: Topic | None = None) -> None:
        for listener in list(self._listeners):
            if topic is None or topic in listener.topics:
                listener.take(chunk)

    async def keep_alive(self) -> None:
        """For ever."""
        while True:
            await self.somebody()
            await asyncio.sleep(HEARTBEAT_S)
            self._put(_HEARTBEAT)

    @contextmanager
    def _listening(self, listener: _Listener) -> Iterator[None]:
        self._listeners.add(listener)
        self._somebody.set()
        try:
            yield
        finally:
            self._listeners.discard(listener)
            if not self._listeners:
                self._somebody.clear()

    async def stream(self, request: web.Request, topics: Collection[Topic]) -> web.StreamResponse:
        """The answer to one who listens, until he goes or is dropped. Raises Problem when there are too many."""
        if len(self._listeners) >= MAX_LISTENERS:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "Too many listeners", headers={"Retry-After": "30"})
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client is gone")
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MAX_SENT_BYTES)
        listener = _Listener(topics, transport)
        with self._listening(listener):
            async with streaming(request) as response:
                await response.write(_HEARTBEAT)  # whoever waits for the first byte sees that it has begun
                while True:
                    await response.write(listener.next_chunks(await listener.unread.get()))
        return response


@asynccontextmanager
async def streaming(request: web.Request) -> AsyncIterator[web.StreamResponse]:
    """A stream of events that has begun. That its client went away ends it, and is no error."""
    response = web.StreamResponse(headers=_HEADERS)
    try:
        await response.prepare(request)
        yield response
    except ConnectionError:
        response.force_close()
