"""A port for each paired satellite that is connected, at which Home Assistant finds a Wyoming satellite.

It is never told that a turn is wanted: this server runs the turns.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Final

from wyoming.event import Event
from wyoming.info import Attribution, Info
from wyoming.info import Satellite as Presented
from wyoming.snd import Played

from roomtone import __version__
from roomtone.errors import RoomtoneError
from roomtone.link.allow import AllowList
from roomtone.link.background import alongside
from roomtone.link.connection import Link
from roomtone.link.stream import serve_plain
from roomtone_server.agent.responses import responses_of
from roomtone_server.ports.presented.driver import Driver, TimerDone
from roomtone_server.runtime.house import House
from roomtone_server.runtime.recording import Recording
from roomtone_server.runtime.session import Satellite

_LOGGER = logging.getLogger(__name__)

MAX_CONNECTIONS: Final = 8  # Home Assistant holds one, and asks for descriptions on others
MAX_WAITING: Final = 4  # guards memory: announcements at one satellite that have not been heard yet


@dataclass(frozen=True, slots=True)
class Places:
    """Where satellites are presented."""

    port_of: Callable[[Satellite], Awaitable[int | None]]  # the same each time; None: at none
    announce: Callable[[Satellite, int], Coroutine[None, None, None]]  # at its port, for ever
    allow: AllowList


async def present(house: House, places: Places) -> None:
    """Each satellite that has a place, for as long as it is connected; until it is cancelled."""
    presented: dict[Satellite, asyncio.Task[None]] = {}
    async with asyncio.TaskGroup() as tasks, aclosing(house.presences()) as presences:
        async for present_now in presences:
            gone = [presented.pop(satellite) for satellite in presented.keys() - set(present_now)]
            for task in gone:
                task.cancel()
            if gone:
                await asyncio.wait(gone)  # one that came back under another name takes its port over
            for satellite in set(present_now) - presented.keys():
                port = _present_one(house, places, satellite)
                presented[satellite] = tasks.create_task(port, name=f"{satellite.name}: presented")


async def _present_one(house: House, places: Places, satellite: Satellite) -> None:
    attend = partial(_attend, house, satellite, set())
    try:
        port = await places.port_of(satellite)
        if port is None:
            return
        async with (
            serve_plain(attend, port, places.allow, max_connections=MAX_CONNECTIONS),
            alongside(places.announce(satellite, port)),
        ):
            _LOGGER.info("presented to Home Assistant at port %d", port, extra={"satellite": satellite.name})
            await asyncio.get_running_loop().create_future()
    except RoomtoneError as problem:
        _LOGGER.warning("not presented to Home Assistant: %s", problem, extra={"satellite": satellite.name})
    except Exception:  # it must not take the others along
        _LOGGER.exception("%s is presented no longer, by a fault of this program; please report it", satellite.name)


async def _attend(house: House, satellite: Satellite, waiting: set[asyncio.Task[None]], link: Link) -> None:
    """One connection; those of one satellite share what is `waiting`."""
    driver = Driver()
    async with asyncio.TaskGroup() as tasks:
        while True:
            event = await link.receive()
            if event.type == "describe":
                link.send(described(satellite))
                continue
            match driver.take(event):
                case Recording() as recording if len(waiting) < MAX_WAITING:
                    house.announce(satellite.id, recording, "done")
                    task = tasks.create_task(_tell_when_heard(link, recording), name=f"{satellite.name}: announcement")
                    waiting.add(task)
                    task.add_done_callback(waiting.discard)
                case Recording():
                    _LOGGER.warning(
                        "%d announcements wait already: one more is not played",
                        MAX_WAITING,
                        extra={"satellite": satellite.name},
                    )
                case TimerDone() as timer:
                    language = house.parts.language
                    house.announce(satellite.id, _rings(timer, language), "timer", language=language)
                case None:
                    pass


async def _tell_when_heard(link: Link, recording: Recording) -> None:
    await recording.was_heard.wait()
    link.send(Played().event())


def _rings(timer: TimerDone, language: str) -> str:
    hours, minutes, seconds = timer.set_s // 3600, timer.set_s // 60 % 60, timer.set_s % 60
    words = {"name": timer.name, "hours": hours, "minutes": minutes, "seconds": seconds}
    return responses_of(language).phrase("timer_done", **words)


def described(satellite: Satellite) -> Event:
    """What it is, for Home Assistant: nothing else may stand beside a satellite."""
    about = Presented(
        name=satellite.name,
        attribution=Attribution("Roomtone", ""),
        installed=True,
        description="a Roomtone satellite, whose turns its own server runs",
        version=__version__,
        area=satellite.area,
    )
    return Info(satellite=about).event()
