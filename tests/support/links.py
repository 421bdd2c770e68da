"""Both ends of real links on loopback, and peers that do not behave."""

import asyncio
import functools
import socket
import tempfile
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from roomtone.errors import LinkError
from roomtone.link.allow import AllowList
from roomtone.link.codec import Decoder
from roomtone.link.security import client_context, make_certificate
from roomtone.link.stream import Deadlines, dial, dial_plain, serve, serve_plain

HOST = "127.0.0.1"
# Longer than any test takes: only deadlines that a test sets itself can pass.
PATIENT = Deadlines(connect_s=60, handshake_s=60, read_s=60, write_s=60, ping_s=60)


@functools.cache
def identity(name="server"):
    """A server's identity, made once per name; the context is shared."""
    with tempfile.TemporaryDirectory() as folder:
        return make_certificate(Path(folder) / name)


def listening(handler, *, port=0, host=HOST, deadlines=PATIENT, **options):
    return serve(handler, host, port, identity().context, deadlines=deadlines, **options)


def dialled(port, *, fingerprint=None, deadlines=PATIENT):
    return dial(HOST, port, client_context(), fingerprint=fingerprint or identity().fingerprint, deadlines=deadlines)


def plainly_listening(handler, *, port=0, allow=(), deadlines=PATIENT, **options):
    return serve_plain(handler, port, AllowList(allow, setting="home.allow"), deadlines=deadlines, **options)


def plainly_dialled(port, *, host=HOST, deadlines=PATIENT):
    return dial_plain(host, port, deadlines=deadlines)


@dataclass
class Observed:
    """A handler that keeps each link and what became of it."""

    links: asyncio.Queue = field(default_factory=asyncio.Queue)
    events: asyncio.Queue = field(default_factory=asyncio.Queue)
    ends: asyncio.Queue = field(default_factory=asyncio.Queue)

    async def __call__(self, link):
        self.links.put_nowait(link)
        try:
            while True:
                self.events.put_nowait(await link.receive())
        except LinkError as problem:
            self.ends.put_nowait(problem)
            raise


@asynccontextmanager
async def stranger(port, *, tls=True, receive_buffer=None):
    """A client that speaks TLS, and beyond it whatever the test makes it say: its reader and its writer."""
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, (HOST, port))
    secured = {"ssl": client_context(), "server_hostname": ""} if tls else {}
    reader, writer = await asyncio.open_connection(sock=connection, limit=receive_buffer or 2**16, **secured)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()


async def bytes_from(reader):
    """Whatever comes, until the stream ends, with a goodbye or without."""
    with suppress(ConnectionError):
        while data := await reader.read(2**16):
            yield data


async def events_from(reader):
    """Every event that comes, until the stream ends."""
    decoder = Decoder()
    async for data in bytes_from(reader):
        decoder.feed(data)
        while event := decoder.next_event():
            yield event


@dataclass
class MemorySatellites:
    """The satellites that have paired, for as long as a test lasts."""

    known: dict = field(default_factory=dict)

    async def add(self, satellite_id, name, area, token_hash):
        self.known[satellite_id] = Known(satellite_id, name, area, token_hash)

    async def find(self, satellite_id):
        return self.known.get(satellite_id)


@dataclass(frozen=True)
class Known:
    id: str
    name: str
    area: str | None
    token_hash: str
