"""Announces ports of plain Wyoming by zeroconf, at the addresses that lead from those who may come."""

import logging
from collections.abc import Mapping
from functools import partial

from roomtone.errors import LinkError
from roomtone.link.allow import AllowList
from roomtone.link.discovery import advertise_service, advertise_to
from roomtone_server.add_on.announcing import announce
from roomtone_server.add_on.supervisor import Supervisor
from roomtone_server.engines.wyoming_place import SERVICE
from roomtone_server.runtime.house import House

_LOGGER = logging.getLogger(__name__)


async def announce_wyoming(
    name: str, port: int, allow: AllowList, house: House, texts: Mapping[str, str] | None = None
) -> None:
    """For ever. A network without multicast costs discovery, not what listens there."""
    advertised = partial(advertise_service, SERVICE, name, texts=texts)
    try:
        if supervisor := Supervisor.of_this_add_on():
            await announce(supervisor, port, lambda addresses, mapped: advertised(mapped, host=addresses))
        else:
            await advertise_to(allow, lambda addresses: advertised(port, host=addresses))
    except LinkError as problem:
        house.parts.faults["discovery"] = str(problem)
        _LOGGER.warning("%s; add this server to Home Assistant by its address", problem)
