"""One browser's WebSocket: what comes of it is decoded and counted, what goes waits for it in a bounded queue."""

import asyncio
from typing import Final, cast

from aiohttp import WSMsgType, web

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone.errors import FrameError, PeerGone
from roomtone_server.ports.web.allowance import Allowance
from roomtone_server.ports.web.voice.messages import FromBrowser, ToBrowser, decode, encode

MAX_UNREAD_FRAMES: Final = 256  # guards memory: some seconds of a reply, with all that is told beside it
WRITE_WITHIN_S: Final = 10.0  # whoever has not read for so long is gone, whatever the system's own buffers hold
# A browser sends as fast as time goes by; what a network held back comes at once.
MAX_AHEAD_S: Final = 5.0
EVENTS_PER_S: Final = 20.0
EVENTS_AT_ONCE: Final = 100.0
FASTEST_HZ: Final = 48_000


class TooMuch(FrameError):
    """The browser sends more than time brings."""


class Line:
    """`write` runs beside whoever calls `receive`."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport) -> None:
        self.rate_hz = FASTEST_HZ  # of the audio that comes
        self._socket = socket
        self._transport = transport
        self._unread: asyncio.Queue[str | bytes] = asyncio.Queue(MAX_UNREAD_FRAMES)
        self._audio = Allowance(1.0, MAX_AHEAD_S)  # seconds of it
        self._events = Allowance(1 / EVENTS_PER_S, EVENTS_AT_ONCE)
        self._loop = asyncio.get_running_loop()

    def tell(self, event: ToBrowser) -> None:
        """Never waits."""
        self.send(encode(event))

    def send(self, frame: str | bytes) -> None:
        """Never waits: a browser that leaves too much unread is cut off."""
        if self._unread.full():
            self.cut()
        else:
            self._unread.put_nowait(frame)

    def cut(self) -> None:
        """Whoever reads or writes learns that the connection is lost."""
        self._transport.abort()

    async def write(self) -> None:
        """What waits, for ever, or until the browser is gone."""
        try:
            while True:
                frame = await self._unread.get()
                async with asyncio.timeout(WRITE_WITHIN_S):
                    if isinstance(frame, str):
                        await self._socket.send_str(frame)
                    else:
                        await self._socket.send_bytes(frame)
        except (ConnectionError, TimeoutError):
            self.cut()

    async def receive(self) -> FromBrowser | bytes:
        """The next event that is known here, or piece of audio. Raises FrameError, PeerGone."""
        while True:
            message = await self._socket.receive()
            match message.type:
                case WSMsgType.TEXT:
                    if not self._events.spend(1.0, self._loop.time()):
                        raise TooMuch(f"more than {EVENTS_PER_S:g} events each second")
                    if (event := decode(cast("str", message.data))) is not None:
                        return event
                case WSMsgType.BINARY:
                    pcm = cast("bytes", message.data)
                    if not self._audio.spend(len(pcm) / SAMPLE_BYTES / self.rate_hz, self._loop.time()):
                        raise TooMuch(f"audio that is more than {MAX_AHEAD_S:g} s ahead of time")
                    return pcm
                case _:
                    raise PeerGone("the browser is gone")

    async def close(self, code: int, reason: str) -> None:
        """Says why, as far as the browser still listens."""
        await self._socket.close(code=code, message=reason.encode()[:_MAX_REASON_BYTES])


_MAX_REASON_BYTES: Final = 123  # RFC 6455, 5.5
