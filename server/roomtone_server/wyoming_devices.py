"""What the server has to do with Wyoming beside its services: it dials satellites of other makes, and presents its own
to Home Assistant, as the settings have it.
"""

import asyncio
import logging
import socket
from contextlib import AsyncExitStack

from roomtone.engines import Surroundings
from roomtone.errors import LinkError, PortUnusable
from roomtone.link.allow import AllowList
from roomtone.link.background import alongside
from roomtone.link.discovery import FoundService, own_addresses
from roomtone_server.ports.presented.port import Places, present
from roomtone_server.ports.stock.dialling import Dialled, keep_connected
from roomtone_server.ports.stock.offers import tell_of
from roomtone_server.runtime.house import House
from roomtone_server.runtime.session import Satellite
from roomtone_server.settings import ServerSettings, ports_of
from roomtone_server.store.base import SatelliteStore
from roomtone_server.store.database import Database
from roomtone_server.store.presented import SqlitePresentedStore
from roomtone_server.wake import wake_maker
from roomtone_server.wyoming_announcing import announce_wyoming
from roomtone_server.wyoming_uri import Address, address_of

_LOGGER = logging.getLogger(__name__)


async def dial_satellites(stack: AsyncExitStack, settings: ServerSettings, around: Surroundings, house: House) -> None:
    """Those that the settings name, from now on. Raises EngineError when no wake engine works here."""
    if not settings.satellites.dial:
        return
    make_wake = await asyncio.to_thread(wake_maker, settings.satellites.wake, around)
    dialled = [Dialled(each.uri, each.name, each.area) for each in settings.satellites.dial]
    await stack.enter_async_context(alongside(keep_connected(dialled, house, make_wake)))


async def tell_of_others(settings: ServerSettings, house: House) -> None:
    """For ever: of devices that announce themselves, and are neither ours nor dialled."""
    async with asyncio.TaskGroup() as looking_up:
        dialled = [looking_up.create_task(_addresses(each.uri)) for each in settings.satellites.dial]
    taken = set[Address]().union(*(each.result() for each in dialled))
    ours = {settings.home_assistant.port, *ports_of(settings.home_assistant.satellite_ports)}

    def is_known(service: FoundService) -> bool:
        if service.port in ours and not set(service.hosts).isdisjoint(own_addresses()):
            return True
        return any((host, service.port) in taken for host in service.hosts)

    try:
        await tell_of(is_known)
    except LinkError as problem:
        _LOGGER.debug("%s", problem)  # whoever announces the server says so too
        house.parts.faults.setdefault("discovery", str(problem))


async def _addresses(uri: str) -> set[Address]:
    """Those of a satellite, as far as its name can be looked up now."""
    host, port = address_of(uri)
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return {(host, port)}
    return {(host, port), *((str(address[0]), port) for *_, address in found)}


async def present_satellites(
    stack: AsyncExitStack, settings: ServerSettings, database: Database, paired: SatelliteStore, house: House
) -> None:
    """To whom the settings allow it, from now on; to nobody in particular, none."""
    chosen = settings.home_assistant
    if not (chosen.enabled and chosen.satellites and chosen.allow):
        return
    allow = AllowList(chosen.allow, setting="home_assistant.allow")
    ports, store = ports_of(chosen.satellite_ports), SqlitePresentedStore(database)

    async def port_of(satellite: Satellite) -> int | None:
        if await paired.find(satellite.id) is None:
            return None  # of another make: Home Assistant can dial it itself
        port = await store.port_of(satellite.id, ports)
        if port is None:
            raise PortUnusable("all of `home_assistant.satellite_ports` are taken: name more of them")
        return port

    async def announce(satellite: Satellite, port: int) -> None:
        if settings.discovery:
            texts = {"name": satellite.name, **({"area": satellite.area} if satellite.area else {})}
            await announce_wyoming(f"roomtone-{satellite.id}", port, allow, house, texts)

    await stack.enter_async_context(alongside(present(house, Places(port_of, announce, allow))))
