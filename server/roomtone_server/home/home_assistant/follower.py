"""Stays connected to a Home Assistant, and keeps the view of the home true."""

import asyncio
import contextlib
import logging
import ssl
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from roomtone.errors import HomeError, HomeGone
from roomtone.link.background import alongside
from roomtone_server.home.home_assistant.connection import Connection, TokenRefused, connected
from roomtone_server.home.home_assistant.reader import Reader
from roomtone_server.home.home_assistant.settings import HomeAssistantSettings, Place
from roomtone_server.home.home_assistant.view import View

if TYPE_CHECKING:
    import aiohttp

_LOGGER: Final = logging.getLogger(__name__)

# After a failure, doubled each time; one that is started again is found soon.
FIRST_REST_S: Final = 0.5
LONGEST_REST_S: Final = 30.0
# A token that was refused stays so until somebody changes it, and who tries it too often may be locked out.
REFUSED_REST_S: Final = 3600.0
# What is changed in a row is read once.
SETTLE_S: Final = 0.5
# Looked at anew without being told.
REFRESH_S: Final = 60.0


class Follower:
    """`run` it for as long as the home is needed."""

    def __init__(self, settings: HomeAssistantSettings, place: Place, view: View, language: str) -> None:
        self.fault: str | None = f"{place.name} was not reached yet"
        self.tried = asyncio.Event()  # once at least, whatever came of it
        self._settings = settings
        self._place = place
        self._view = view
        self._language = language
        self._connection: Connection | None = None
        self._has_said = False  # that it is away

    @property
    def connection(self) -> Connection:
        """The one that is whole. Raises HomeGone."""
        if self._connection is None:
            raise HomeGone(self.fault or f"{self._place.name} was lost")
        return self._connection

    async def run(self, session: "aiohttp.ClientSession", trust: ssl.SSLContext) -> None:
        """For ever."""
        rest_s = FIRST_REST_S
        while True:
            problem: HomeError = HomeGone(f"{self._place.name} was lost")
            was_whole = False
            try:
                await self._follow(session, trust)
            except* HomeError as problems:
                problem = _first(problems)
            finally:
                was_whole, self._connection = self._connection is not None, None
            rest_s = FIRST_REST_S if was_whole else min(LONGEST_REST_S, rest_s * 2)
            self._lose(problem)
            await asyncio.sleep(REFUSED_REST_S if isinstance(problem, TokenRefused) else rest_s)

    async def _follow(self, session: "aiohttp.ClientSession", trust: ssl.SSLContext) -> None:
        """Until the connection ends. Raises HomeError, alone or in a group."""
        async with AsyncExitStack() as stack:
            try:
                async with asyncio.timeout(self._settings.connect_s):
                    connection = await stack.enter_async_context(connected(self._place, session, trust))
                    await stack.enter_async_context(alongside(connection.listen()))
            except TimeoutError as problem:
                raise HomeGone(f"{self._place.name} cannot be reached in time: does it run?") from problem
            reader = Reader(connection, self._view, self._language)
            await reader.begin()
            self._gain(connection)
            reader.doubted.set()  # what is exposed by default may not be decided yet
            while True:
                await self._keep(reader)

    async def _keep(self, reader: Reader) -> None:
        """Waits until the home has to be read again, and does so."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(REFRESH_S):
                await reader.doubted.wait()
        if not reader.doubted.is_set() and not await reader.has_changed():
            return
        await asyncio.sleep(SETTLE_S)
        reader.doubted.clear()
        await reader.read()

    def _gain(self, connection: Connection) -> None:
        self._connection, self.fault, self._has_said = connection, None, False
        _LOGGER.info("%s: connected; %d entities may be spoken of", self._place.name, len(self._view.entities))
        self.tried.set()

    def _lose(self, problem: HomeError) -> None:
        """Said once, however often it is tried."""
        self.fault = str(problem)
        if not self._has_said:
            hourly = isinstance(problem, TokenRefused)
            _LOGGER.warning("%s; trying again %s", problem, "in an hour" if hourly else "until it is there")
            self._has_said = True
        self.tried.set()


def _first(problems: BaseExceptionGroup[HomeError]) -> HomeError:
    inner = problems.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
