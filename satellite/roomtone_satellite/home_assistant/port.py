"""Where Home Assistant dials the satellite: who may, who has the microphone, and what the others are told.

Anybody allowed may ask what we are, which Home Assistant does twice a minute, by connections of their own. Whoever says
`run-satellite` drives us from then on, until the connection ends, or another takes it over from one that is muted or
has fallen silent.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from wyoming.event import Event as LinkEvent

from roomtone.errors import LinkError, PeerGone
from roomtone.link.allow import AllowList
from roomtone.link.discovery import advertise_service, advertise_to
from roomtone.link.refusal import refuse
from roomtone.link.stream import Deadlines, Link, serve_plain
from roomtone_satellite.home_assistant.events import Event, Paused, Resumed
from roomtone_satellite.settings import SatelliteSettings

_LOGGER = logging.getLogger(__name__)

SERVICE: Final = "_wyoming._tcp.local."
# It pings us. Pings of ours would wait behind a reply that it sends faster than that can sound, and so would their
# answers, for which it takes a loss of the connection.
DEADLINES: Final = Deadlines(ping_s=float("inf"))
SILENT_S: Final = 10.0  # it pings every 2 s: by then it is gone, though its connection may not know
# Muted, it says so, and leaves the connection open, but reads it no more: the next ping is its last. The one after that
# tells that it was unmuted again, so soon that it did not notice itself.
PINGS_OF_THE_UNMUTED: Final = 2


class Satellite(Protocol):
    """Who is driven."""

    def taken(self, link: Link) -> None:
        """By whoever is at the other end."""

    def let_go(self) -> None:
        """By whoever had taken it."""

    def happened(self, event: Event) -> None: ...

    async def take(self, event: LinkEvent) -> None:
        """Returns when there is room for the next. Raises FrameError."""


@dataclass(slots=True)
class _Driver:
    link: Link
    heard_at: float
    paused: bool = False
    pings: int = 0  # since it paused us


class Port:
    """One satellite's. `run` it as a task."""

    def __init__(self, settings: SatelliteSettings, info: LinkEvent, satellite: Satellite) -> None:
        self._settings = settings
        self._info = info
        self._satellite = satellite
        self._driver: _Driver | None = None
        self.number: asyncio.Future[int] = asyncio.get_running_loop().create_future()  # of the port, once it listens

    async def run(self) -> None:
        """Until it is cancelled. Raises PortUnusable."""
        chosen = self._settings.home_assistant
        allow = AllowList(chosen.allow, setting="home_assistant.allow")
        async with serve_plain(self._attend, chosen.port, allow, deadlines=DEADLINES) as server:
            self.number.set_result(server.port)
            _LOGGER.info("listening for Home Assistant on port %d", server.port)
            await self._announce(server.port, allow)

    async def _announce(self, port: int, allow: AllowList) -> None:
        """For ever. A network without multicast costs discovery, not the satellite."""
        texts = {"area": self._settings.area} if self._settings.area else {}
        announced = partial(advertise_service, SERVICE, self._settings.name, port, texts=texts)
        try:
            await advertise_to(allow, lambda addresses: announced(host=addresses))
        except LinkError as problem:
            _LOGGER.warning("%s; in Home Assistant, add the Wyoming integration by this satellite's address", problem)
            await asyncio.get_running_loop().create_future()

    async def _attend(self, link: Link) -> None:
        with suppress(PeerGone):  # who only asks hangs up, twice a minute
            await self._answer(link)

    async def _answer(self, link: Link) -> None:
        while True:
            event = await link.receive(pings=True)
            if event.type == "describe":
                link.send(self._info)
            elif event.type == "run-satellite" and (driver := self._in_charge()):
                why = f"this satellite is driven by {driver.link.peer} already: remove it there first"
                await refuse(link, why, "busy")
                return
            elif event.type == "run-satellite":
                await self._drive(link)

    def _in_charge(self) -> _Driver | None:
        """Who drives us, and would lose by it if another did."""
        driver = self._driver
        now = asyncio.get_running_loop().time()
        return None if driver is None or driver.paused or now - driver.heard_at > SILENT_S else driver

    async def _drive(self, link: Link) -> None:
        if self._driver is not None:
            self._let_go(self._driver)
        driver = self._driver = _Driver(link, asyncio.get_running_loop().time())
        _LOGGER.info("driven by %s", link.peer)
        self._satellite.taken(link)
        try:
            while True:
                event = await link.receive(pings=True)
                driver.heard_at = asyncio.get_running_loop().time()
                await self._heed(driver, event)
        except LinkError as problem:
            _LOGGER.info("no longer driven: %s", problem)
            raise
        finally:
            if self._driver is driver:
                self._let_go(driver)

    def _let_go(self, driver: _Driver) -> None:
        self._driver = None
        self._satellite.let_go()
        driver.link.close()

    async def _heed(self, driver: _Driver, event: LinkEvent) -> None:
        match event.type:
            case "describe":
                driver.link.send(self._info)
            case "pause-satellite":
                driver.paused, driver.pings = True, 0
                driver.link.let_be_silent()
                self._satellite.happened(Paused())
            case "ping" if driver.paused:
                driver.pings += 1
                driver.link.let_be_silent()
                if driver.pings == PINGS_OF_THE_UNMUTED:
                    self._resume(driver)
            case "run-satellite" if driver.paused:
                self._resume(driver)
            case _:
                await self._satellite.take(event)

    def _resume(self, driver: _Driver) -> None:
        driver.paused = False
        self._satellite.happened(Resumed())
