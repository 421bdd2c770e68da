"""A Wyoming service by its address, as its client sees it: one connection for each request.

The frames are read with the house's own codec, which bounds what a service may make us hold.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, Final, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, ValidationError
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info

from roomtone.errors import EngineError, FrameError
from roomtone.link.codec import Decoder, Limits, encode

# A service may list hundreds of voices in one event, and send a whole sentence in another.
LIMITS: Final = Limits(data_bytes=2 * 2**20, payload_bytes=8 * 2**20)
READ_BYTES: Final = 64 * 1024

_CODE_CHARACTERS: Final = 40


def _with_a_port(uri: str) -> str:
    if not 0 < int(uri.rpartition(":")[2]) < 2**16:
        raise ValueError("a port is a number from 1 to 65535")
    return uri


WyomingUri = Annotated[str, Field(pattern=r"^tcp://[^/\s]+:\d{1,5}$"), AfterValidator(_with_a_port)]

M = TypeVar("M", bound=BaseModel)


class WyomingService:
    """Where a service is, and how errors call it."""

    def __init__(self, name: str, uri: str, connect_s: float) -> None:
        address = urlsplit(uri)
        self._host, self._port = address.hostname or "", address.port or 0
        self._connect_s = connect_s
        self.where = f"{name} at {address.netloc}"

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator["Connection"]:
        """A connection that ends with the block, at once. Raises EngineError."""
        try:
            async with asyncio.timeout(self._connect_s):
                reader, writer = await asyncio.open_connection(self._host, self._port)
        except TimeoutError as problem:
            raise EngineError(f"{self.where} cannot be reached within {self._connect_s:g} s: does it run?") from problem
        except (OSError, UnicodeError) as problem:  # the latter for a name that cannot be one
            raise EngineError(f"{self.where} cannot be reached ({problem}): does it run?") from problem
        connection = Connection(self.where, reader, writer)
        try:
            yield connection
        finally:
            connection.abort()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


class Connection:
    """Events to a service and from it."""

    def __init__(self, where: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._where = where
        self._reader = reader
        self._writer = writer
        self._decoder = Decoder(LIMITS)

    async def send(self, event: Event) -> None:
        """Returns when it is on its way. Raises EngineError."""
        try:
            self._writer.write(encode(event, LIMITS))
            await self._writer.drain()
        except FrameError as problem:
            raise EngineError(f"{self._where} cannot be asked: {problem}") from problem
        except OSError as problem:
            raise self._broke_off() from problem

    def abort(self) -> None:
        """Ends it now; whoever waits for an event gets an EngineError."""
        self._writer.transport.abort()

    async def receive(self) -> Event:
        """The next event. Raises EngineError: the end of the connection, and the service's own errors, too."""
        if self._writer.is_closing():
            raise self._broke_off()
        try:
            while (event := self._decoder.next_event()) is None:
                data = await self._reader.read(READ_BYTES)
                if not data:
                    raise self._broke_off()
                self._decoder.feed(data)
        except FrameError as problem:
            raise EngineError(f"{self._where} does not speak Wyoming: {problem}") from problem
        except OSError as problem:
            raise self._broke_off() from problem
        if Error.is_type(event.type):
            raise EngineError(f"{self._where} failed{_code(event)}: see its log")
        return event

    async def info(self, kind: type[M]) -> M:
        """What the service tells of itself, as far as `kind` has it. Raises EngineError."""
        await self.send(Describe().event())
        while not Info.is_type((event := await self.receive()).type):
            pass
        return self.understood(event, kind)

    def understood(self, event: Event, kind: type[M]) -> M:
        """The event's data. Raises EngineError when they are not of the kind."""
        try:
            return kind.model_validate(event.data)
        except ValidationError as problem:
            raise EngineError(f"{self._where} sent an event {event.type!r} that it should not") from problem

    def _broke_off(self) -> EngineError:
        return EngineError(f"{self._where} broke its answer off half-way: see its log")


def _code(event: Event) -> str:
    """The code of an error; its text may quote what was said."""
    code = event.data.get("code")
    return f" ({code})" if isinstance(code, str) and code.isidentifier() and len(code) <= _CODE_CHARACTERS else ""
