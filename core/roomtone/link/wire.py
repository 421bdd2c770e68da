"""Where asyncio's callbacks end: bytes go to the decoder; flow control and goodbyes become something to wait for."""

import asyncio
import ssl
from typing import Final, cast

from typing_extensions import override

from roomtone.link.codec import Decoder, Limits

# Undecoded bytes beyond which nothing more is read: TCP then slows the peer down.
READ_AHEAD_BYTES: Final = 64 * 1024


class Wire(asyncio.Protocol):
    """One connection below its events. Silent until `opened` gives it the transport that it is to use."""

    def __init__(self, limits: Limits) -> None:
        self.decoder = Decoder(limits)
        self.over = ""  # how the connection ended, once it has: "closed the connection"
        self._transport: asyncio.Transport | None = None
        self._closing = False
        self._news = asyncio.Event()  # bytes for the decoder, or the end
        self._writable = asyncio.Event()
        self._writable.set()
        self._lost = asyncio.Event()

    def opened(self, transport: asyncio.Transport) -> None:
        """Takes the transport, TLS's or the plain one, whose buffer then holds one write at most."""
        transport.set_write_buffer_limits(high=1, low=0)  # asyncio's TLS never resumes from a limit of 0
        self._transport = transport

    def peer_certificate(self) -> bytes | None:
        """In DER; None when the peer showed none, or speaks no TLS."""
        assert self._transport is not None
        secured: ssl.SSLObject | None = self._transport.get_extra_info("ssl_object")
        return secured.getpeercert(binary_form=True) if secured else None

    async def more(self) -> None:
        """Returns when the decoder has got more bytes or the connection is over."""
        assert self._transport is not None
        self._news.clear()
        if not self.over:
            self._transport.resume_reading()
            await self._news.wait()

    def write(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)

    async def writable(self) -> None:
        """Returns when what was written has left, or the connection is over."""
        await self._writable.wait()

    def close(self) -> None:
        """Lets what was written leave, says TLS's goodbye, and hangs up."""
        self._closing = True
        if self._transport is not None:
            self._transport.resume_reading()  # asyncio's TLS does not end while it may not read
            self._transport.close()

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    async def lost(self) -> None:
        """Returns when nothing is left of the connection."""
        await self._lost.wait()

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        plain = cast("asyncio.Transport", transport)
        plain.pause_reading()  # nothing may be read before TLS stands between, where it is to
        plain.set_write_buffer_limits(high=0)

    @override
    def data_received(self, data: bytes) -> None:
        if self._closing:
            return
        self.decoder.feed(data)
        if self._transport is not None and self.decoder.undecoded_bytes > READ_AHEAD_BYTES:
            self._transport.pause_reading()
        self._news.set()

    @override
    def eof_received(self) -> None:
        self._end("closed the connection")

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._end(f"was lost: {exc}" if exc else "closed the connection")
        self._writable.set()
        self._lost.set()

    @override
    def pause_writing(self) -> None:
        self._writable.clear()

    @override
    def resume_writing(self) -> None:
        self._writable.set()

    def _end(self, how: str) -> None:
        self.over = self.over or how
        self._news.set()
