"""Stays connected to a Home Assistant, and keeps the view of the home true."""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final, TypeVar

from roomtone.errors import HomeError, HomeGone
from roomtone.link.background import alongside
from roomtone_server.home.home_assistant.connection import Connection, TokenRefused, connected
from roomtone_server.home.home_assistant.reader import Reader
from roomtone_server.home.home_assistant.settings import HomeAssistantSettings, Place
from roomtone_server.home.home_assistant.view import View

if TYPE_CHECKING:
    import aiohttp

_LOGGER: Final = logging.getLogger(__name__)

T = TypeVar("T")

# After a failure, doubled each time; one that is started again is found soon.
FIRST_REST_S: Final = 0.5
LONGEST_REST_S: Final = 10.0
# A token that was refused stays so until somebody changes it, and who tries it too often may be locked out.
REFUSED_REST_S: Final = 3600.0
# What is changed in a row is read once.
SETTLE_S: Final = 0.5
# To be told of all takes a second at most; its assistant, which is asked too, may have to be loaded first.
READ_S: Final = 60.0
# So often it is looked whether other entities are exposed, which is not always told.
REFRESH_S: Final = 5.0


class Follower:
    """`run` it for as long as the home is needed."""

    def __init__(self, settings: HomeAssistantSettings, place: Place, view: View, language: str) -> None:
        self.tried = asyncio.Event()  # once at least, whatever came of it
        self._settings = settings
        self._place = place
        self._view = view
        self._language = language
        self._connection: Connection | None = None
        self._why = f"{place.name} is not reached yet"  # there is none
        self._has_said = False  # that it is away

    @property
    def fault(self) -> str | None:
        """Why there is no connection; None while there is one."""
        return None if self._connection is not None and not self._connection.has_ended else self._why

    @property
    def connection(self) -> Connection:
        """The one that is whole. Raises HomeGone."""
        if self._connection is None or self._connection.has_ended:
            raise HomeGone(self._why)
        return self._connection

    async def run(
        self, session: "aiohttp.ClientSession", trust: ssl.SSLContext, lost: Callable[[], None] = lambda: None
    ) -> None:
        """For ever. `lost` is called whenever it has to be found again."""
        rest_s = FIRST_REST_S
        while True:
            try:
                await self._follow(session, trust)
            except HomeError as problem:
                was_whole, self._connection = self._connection is not None, None
                rest_s = FIRST_REST_S if was_whole else min(LONGEST_REST_S, rest_s * 2)
                self._lose(problem)
                lost()
                await asyncio.sleep(REFUSED_REST_S if isinstance(problem, TokenRefused) else rest_s)

    async def _follow(self, session: "aiohttp.ClientSession", trust: ssl.SSLContext) -> None:
        """Until the connection ends. Raises HomeError then."""
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(self._settings.connect_s):
                    connection = await stack.enter_async_context(connected(self._place, session, trust))
            except TimeoutError as problem:
                raise HomeGone(f"{self._place.name} cannot be reached in time: does it run?") from problem
            reader = Reader(connection, self._view, self._language)
            await stack.enter_async_context(alongside(reader.listen()))
            await self._in_time(reader.begin())
            self._gain(connection)
            reader.doubted.set()  # what is exposed by default may not be decided yet
            while True:
                await self._keep(reader)

    async def _keep(self, reader: Reader) -> None:
        """Waits until the home has to be read again, and does so."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REFRESH_S):
                await reader.doubted.wait()
        if not reader.doubted.is_set() and not await self._in_time(reader.has_changed()):
            return
        await asyncio.sleep(SETTLE_S)
        reader.doubted.clear()
        await self._in_time(reader.read())

    async def _in_time(self, reading: Coroutine[None, None, T]) -> T:
        """Raises HomeGone for one that is there, and does not answer."""
        try:
            async with asyncio.timeout(READ_S):
                return await reading
        except TimeoutError as problem:
            raise HomeGone(f"{self._place.name} does not answer: see what keeps it busy") from problem

    def _gain(self, connection: Connection) -> None:
        self._connection, self._has_said = connection, False
        self._why = f"{self._place.name} was lost"
        _LOGGER.info("%s: connected; %d entities may be spoken of", self._place.name, len(self._view.entities))
        self.tried.set()

    def _lose(self, problem: HomeError) -> None:
        """Said once, however often it is tried."""
        self._why = str(problem)
        if not self._has_said:
            hourly = isinstance(problem, TokenRefused)
            _LOGGER.warning("%s; trying again %s", problem, "in an hour" if hourly else "until it is there")
            self._has_said = True
        self.tried.set()
