"""Wyoming devices that announce themselves on the network. Anybody can announce anything: none is dialled unasked.

An announcement does not say whether it is of a satellite; only who asks the device knows.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from roomtone.errors import LinkError
from roomtone.link.discovery import FoundService, find_services
from roomtone.link.stream import dial_plain
from roomtone_server.engines.wyoming_place import SERVICE
from roomtone_server.ports.stock.dialling import describe
from roomtone_server.ports.stock.words import LIMITS

_LOGGER = logging.getLogger(__name__)

FIND_S: Final = 3.0
LOOK_AGAIN_S: Final = 300.0
ASK_S: Final = 6.0  # guards the time of who asked: anyone can announce addresses at which nobody answers
MAX_TOLD: Final = 256  # guards the log: anyone can announce another name every second


@dataclass(frozen=True, slots=True)
class Offer:
    """A satellite that could be dialled, in its own words."""

    name: str
    area: str
    uri: str


async def tell_of(is_known: Callable[[FoundService], bool]) -> None:
    """For ever: logs once of each device that is heard of and not known. Raises LinkError when multicast does not work
    here."""
    told: set[str] = set()
    while True:
        for service in await find_services(SERVICE, FIND_S):
            if service.name not in told and len(told) < MAX_TOLD and not is_known(service):
                told.add(service.name)
                _LOGGER.info(
                    "%s at %s speaks Wyoming; `roomtone pair --found` says whether it is a satellite that this server "
                    "could dial",
                    service.name,
                    uri_of(service),
                )
        await asyncio.sleep(LOOK_AGAIN_S)


async def offers() -> list[Offer]:
    """Asks each device that is heard of what it is: those that are satellites, by name. Only when somebody wants to
    know. Raises LinkError when multicast does not work here."""
    async with asyncio.TaskGroup() as asking:
        asked = [asking.create_task(_asked(service)) for service in await find_services(SERVICE, FIND_S)]
    return sorted((offer for each in asked if (offer := each.result())), key=lambda offer: (offer.name, offer.uri))


def uri_of(service: FoundService) -> str:
    host = service.hosts[0]
    return f"tcp://{f'[{host}]' if ':' in host else host}:{service.port}"


async def _asked(service: FoundService) -> Offer | None:
    try:
        async with asyncio.timeout(ASK_S), dial_plain(service.hosts[0], service.port, limits=LIMITS) as link:
            about = await describe(link)
            return Offer(about.name, about.area, uri_of(service))
    except (LinkError, TimeoutError):
        return None  # a service of another kind, or nobody
