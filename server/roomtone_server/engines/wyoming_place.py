"""Where a Wyoming service is: at an address that the settings give, or found by zeroconf.

What announces itself is anybody's: by a name it is only found, not proven.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final, Literal, Self

from pydantic import BaseModel, Field, model_validator

from roomtone.engines import EngineSettings
from roomtone.errors import EngineError, LinkError
from roomtone.link.discovery import FoundService, find_services
from roomtone_server.engines.wyoming import Connection, connected
from roomtone_server.wyoming_uri import Address, WyomingUri, address_of

SERVICE: Final = "_wyoming._tcp.local."
FIND_S: Final = 3.0  # for one of a name; it ends when that is heard
FIND_ANY_S: Final = 1.0
ASK_S: Final = 6.0  # guards our time: anyone can announce many addresses, at which nobody answers

Kind = Literal["asr", "tts"]


class WyomingPlaceSettings(EngineSettings):
    """What an engine is told of where its service is; nothing: any service of its kind."""

    uri: WyomingUri | None = Field(default=None, description="tcp://HOST:PORT; else it is found by zeroconf")
    find: str = Field(default="", max_length=63, description="the name by which it announces itself; else any")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if self.uri and self.find:
            raise ValueError("`uri` and `find` both say where the service is: set one of them")
        return self


class WyomingService:
    """One service, and how errors call it. One that is found stays the same until it cannot be reached."""

    def __init__(self, name: str, settings: WyomingPlaceSettings, connect_s: float, kind: Kind) -> None:
        """`name` is the engine's; a service that is found offers something of the `kind`."""
        self._name = name
        self._find = settings.find
        self._connect_s = connect_s
        self._kind = kind
        self._fixed = address_of(settings.uri) if settings.uri else None
        self._address = self._fixed
        self._finding = asyncio.Lock()

    @property
    def where(self) -> str:
        if self._address is None:
            return self._name
        host, port = self._address
        return f"{self._name} at {f'[{host}]' if ':' in host else host}:{port}"

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[Connection]:
        """A connection that ends with the block, at once. Raises EngineError."""
        async with self._finding:
            if self._address is None:
                self._address = await self._found()
        async with contextlib.AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(connected(self.where, self._address, self._connect_s))
            except EngineError:
                self._address = self._fixed  # it may have moved
                raise
            yield connection

    async def _found(self) -> Address:
        """The first that offers something of the kind, of those that are called so. Raises EngineError."""
        announced = await self._announced()
        addresses = [(host, each.port) for each in announced if self._is_called_so(each) for host in each.hosts]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ASK_S):
                for address in addresses:
                    if await self._offers(address):
                        return address
        heard = ", ".join(sorted({service.name for service in announced})) or "none"
        called = f" called {self._find!r}" if self._find else ""
        raise EngineError(
            f"{self._name} finds no service{called} for {self._kind} by zeroconf; it heard of: {heard}. Start it with"
            " --zeroconf, or set `uri`"
        )

    async def _announced(self) -> list[FoundService]:
        try:
            if self._find:
                return await find_services(SERVICE, FIND_S, enough=self._is_called_so)
            return await find_services(SERVICE, FIND_ANY_S)
        except LinkError as problem:
            raise EngineError(f"{self._name} finds no service: {problem}") from problem

    def _is_called_so(self, service: FoundService) -> bool:
        return not self._find or service.name.casefold() == self._find.casefold()

    async def _offers(self, address: Address) -> bool:
        try:
            async with (
                connected(self._name, address, self._connect_s) as connection,
                asyncio.timeout(self._connect_s),
            ):
                return bool((await connection.info(_Offers)).model_dump()[self._kind])
        except (EngineError, TimeoutError):
            return False  # it is nothing of ours: another may be


class _Offers(BaseModel):
    asr: list[Any] = []
    tts: list[Any] = []
