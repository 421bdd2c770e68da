"""A Wyoming service, as its client sees it: one connection for each request.

The frames are read with the house's own codec, which bounds what a service may make us hold.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info

from roomtone.errors import EngineError, FrameError
from roomtone.link.codec import Decoder, Limits, encode
from roomtone_server.wyoming_uri import Address

# A service may list hundreds of voices in one event, and send a whole sentence in another.
LIMITS: Final = Limits(data_bytes=2 * 2**20, payload_bytes=8 * 2**20)
READ_BYTES: Final = 64 * 1024

_CODE_CHARACTERS: Final = 40

M = TypeVar("M", bound=BaseModel)


@contextlib.asynccontextmanager
async def connected(where: str, address: Address, connect_s: float) -> AsyncIterator["Connection"]:
    """A connection that ends with the block, at once; `where` stands in errors. Raises EngineError."""
    try:
        async with asyncio.timeout(connect_s):
            reader, writer = await asyncio.open_connection(*address)
    except TimeoutError as problem:
        raise EngineError(f"{where} cannot be reached within {connect_s:g} s: does it run?") from problem
    except (OSError, UnicodeError) as problem:  # the latter for a name that cannot be one
        raise EngineError(f"{where} cannot be reached ({problem}): does it run?") from problem
    connection = Connection(where, reader, writer)
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
