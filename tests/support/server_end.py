"""The server's end of the link, as a test plays it: real TLS on loopback, real admission, and a script."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from roomtone.errors import LinkError
from roomtone.link.admission import admit
from roomtone.link.events import Message, event_of, parse
from roomtone.link.pairing import FINGERPRINT_BYTES, PairingCode, PairingWindow
from roomtone.link.security import ServerIdentity, make_certificate
from roomtone.link.stream import Link, serve


@dataclass(frozen=True)
class Known:
    token_hash: str


class ServerEnd:
    """One server. Satellites that were admitted wait in `links`; what they say waits in `heard`."""

    def __init__(self, identity: ServerIdentity, port: int) -> None:
        self.identity = identity
        self.port = port
        self.window = PairingWindow()
        self.satellites: dict[str, Known] = {}
        self.links: asyncio.Queue[Link] = asyncio.Queue()
        self.heard: asyncio.Queue[Event] = asyncio.Queue()
        self.refused: asyncio.Queue[LinkError] = asyncio.Queue()

    async def add(self, id: str, name: str, area: str | None, token_hash: str) -> None:  # noqa: A002, ARG002 - the Protocol's
        self.satellites[id] = Known(token_hash)

    async def find(self, id: str) -> Known | None:  # noqa: A002 - the Protocol's
        return self.satellites.get(id)

    def code(self) -> PairingCode:
        now = asyncio.get_running_loop().time()
        return PairingCode(self.identity.fingerprint[:FINGERPRINT_BYTES], self.window.open(now))

    async def handle(self, link: Link) -> None:
        now = asyncio.get_running_loop().time()
        try:
            admitted = await admit(link, window=self.window, satellites=self, now=now, server_name="test server")
        except LinkError as problem:
            self.refused.put_nowait(problem)
            raise
        if not admitted.was_paired:
            self.links.put_nowait(link)
        while True:
            self.heard.put_nowait(await link.receive())

    async def next(self, kind: type[Message]) -> Message:
        """The next message of a kind; what comes before it is dropped."""
        while True:
            message = parse(await self.heard.get())
            if isinstance(message, kind):
                return message

    async def utterance(self) -> list[AudioChunk]:
        """The audio up to the next audio-stop."""
        chunks = []
        while not AudioStop.is_type((event := await self.heard.get()).type):
            if AudioChunk.is_type(event.type):
                chunks.append(AudioChunk.from_event(event))
        return chunks


@asynccontextmanager
async def serving(folder: Path, port: int = 0) -> AsyncIterator[ServerEnd]:
    identity = make_certificate(folder)
    end = ServerEnd(identity, port)
    async with serve(end.handle, "127.0.0.1", port, identity.context) as server:
        end.port = server.port
        yield end


def say(link: Link, *messages: Message) -> None:
    for message in messages:
        link.send(event_of(message))


def speak(link: Link, pcm: bytes, rate_hz: int, *, stop: bool = True) -> None:
    """A reply's audio, 20 ms at a time."""
    link.send(AudioStart(rate_hz, 2, 1).event())
    size = rate_hz // 50 * 2
    for at in range(0, len(pcm), size):
        link.send(AudioChunk(rate_hz, 2, 1, pcm[at : at + size]).event())
    if stop:
        link.send(AudioStop().event())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
