"""Keeps a connection to each Wyoming satellite that the settings name, for as long as the server runs.

What is wrong with one is said once, not at every try, and stands among the server's faults until it is over.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, NoReturn

from wyoming.info import Describe
from wyoming.satellite import RunSatellite

from roomtone.backoff import MOST_S, Backoff
from roomtone.ears.base import WakeEngine
from roomtone.errors import LinkError, PeerGone
from roomtone.link.background import alongside
from roomtone.link.connection import Link
from roomtone.link.stream import dial_plain
from roomtone_server.ports.stock.session import StockSession
from roomtone_server.ports.stock.words import LIMITS, WORDS, About, Complaint, Described
from roomtone_server.runtime.house import House
from roomtone_server.runtime.session import Satellite
from roomtone_server.wyoming_uri import address_of

_LOGGER = logging.getLogger(__name__)

DESCRIBED_WITHIN_S: Final = 5.0
# One that serves somebody else hangs up as soon as it is told to run.
AT_ONCE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Dialled:
    """A satellite of the settings; where these do not say what it is called or where it stands, it does."""

    uri: str
    name: str | None = None
    area: str | None = None

    @property
    def id(self) -> str:
        """Of the satellite, in the house: what it says of itself may change."""
        return self.uri


async def keep_connected(satellites: Iterable[Dialled], house: House, make_wake: Callable[[], WakeEngine]) -> None:
    """Until it is cancelled. `make_wake` gives each connection a wake engine of its own; it raises EngineError."""
    async with asyncio.TaskGroup() as tasks:
        for each in satellites:
            tasks.create_task(_Connection(each, house, make_wake).keep(), name=f"dialling {each.uri}")


async def describe(link: Link) -> About:
    """What the satellite says of itself. Raises LinkError: also when it is none, or says nothing in time."""
    link.send(Describe().event())
    try:
        async with asyncio.timeout(DESCRIBED_WITHIN_S):
            while True:
                match WORDS.parse(await link.receive()):
                    case Described(satellite=None):
                        raise LinkError(f"what answers at {link.peer} is no satellite, but another Wyoming service")
                    case Described(satellite=about) if about is not None:
                        return about
                    case Complaint(text):
                        raise LinkError(f"{link.peer} does not let this server in: {text}")
                    case _:
                        pass
    except TimeoutError:
        raise PeerGone(f"{link.peer} did not say what it is within {DESCRIBED_WITHIN_S:g} s") from None


class _Connection:
    def __init__(self, dialled: Dialled, house: House, make_wake: Callable[[], WakeEngine]) -> None:
        self._dialled = dialled
        self._house = house
        self._make_wake = make_wake
        self._fault = f"satellite {dialled.name or dialled.uri}"
        self._said = ""
        self._backoff = Backoff()

    async def keep(self) -> NoReturn:
        while True:
            try:
                await self._connect()
            except LinkError as problem:
                self._say(str(problem))
            except Exception:  # it must not take the others along
                _LOGGER.exception("dialling %s failed by a fault of this program; please report it", self._dialled.uri)
            await asyncio.sleep(self._backoff.next_s())

    async def _connect(self) -> None:
        clock = asyncio.get_running_loop().time
        host, port = address_of(self._dialled.uri)
        async with dial_plain(host, port, limits=LIMITS) as link:
            about = await describe(link)
            name = self._dialled.name or about.name or self._dialled.uri
            satellite = Satellite(self._dialled.id, name, self._dialled.area or about.area or None, "wyoming")
            session = StockSession(link, satellite, self._make_wake, self._house.parts.language)
            link.send(RunSatellite().event())
            link.ping()
            begun = clock()
            async with alongside(session.attend()), alongside(self._settle()):
                await self._house.attend(session, session.remote)
        lasted_s = clock() - begun
        if lasted_s < AT_ONCE_S:
            raise PeerGone(
                f"{name} at {link.peer} hung up at once: perhaps another server, such as Home Assistant, has it. It "
                "serves one at a time: remove it there, or here from `satellites.dial`"
            )
        if lasted_s > MOST_S:
            self._backoff.reset()

    async def _settle(self) -> None:
        await asyncio.sleep(AT_ONCE_S)
        self._house.parts.faults.pop(self._fault, None)
        self._said = ""

    def _say(self, problem: str) -> None:
        self._house.parts.faults[self._fault] = problem
        if problem != self._said:
            self._said = problem
            _LOGGER.warning("%s", problem)
