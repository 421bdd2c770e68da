"""A server, from its start to its end.

/health and the local command line are answered at once; all that takes long to import comes after them, on a thread,
and the engines are started meanwhile. What is imported at the top is what a server says "starting" with.
"""

import asyncio
import asyncio.sslproto
import gc
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Final

from roomtone.errors import RoomtoneError
from roomtone.link.allow import AllowList
from roomtone.link.listening import listen
from roomtone_server.folders import surroundings
from roomtone_server.health import Health
from roomtone_server.ports.control import ControlPort, Verb, control_path
from roomtone_server.ports.web.early import Early, answering
from roomtone_server.settings import ServerSettings

if TYPE_CHECKING:
    from roomtone_server.equipment import Equipment
    from roomtone_server.mind import Mind
    from roomtone_server.ports.services.port import Services

_LOGGER = logging.getLogger(__name__)

# What asyncio reads a TLS connection into. Its own 256 KiB would be nearly all that an idle satellite or browser costs.
TLS_READ_BYTES: Final = 16 * 1024


async def serve(settings: ServerSettings) -> None:
    """Serves until SIGTERM or SIGINT. Raises RoomtoneError when it cannot start."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    asyncio.sslproto.SSLProtocol.max_size = TLS_READ_BYTES
    gc.disable()  # what a start makes is here to stay: looking for garbage in it takes a tenth of the time
    try:
        async with running(settings):
            gc.enable()
            await stopped.wait()
            _LOGGER.info("stopping")
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@asynccontextmanager
async def running(settings: ServerSettings) -> AsyncIterator[int]:
    """A server that lets satellites in; yields the port where they connect."""
    health = Health(settings.name)
    async with AsyncExitStack() as stack:
        verbs: dict[str, Verb] = {"status": health.status}  # the others follow when there is something to ask
        await stack.enter_async_context(ControlPort(control_path(), verbs))
        web = settings.web
        early = await stack.enter_async_context(answering(web.host, web.port, health.report)) if web.enabled else None
        services = await _open_services_port(stack, settings)
        equipment = await _equip(stack, settings, health)
        mind = await _start(stack, settings, equipment, early)
        health.home = mind.home

        from roomtone_server.household import furnish, is_add_on, offer_services, open_doors
        from roomtone_server.ports.local import LocalVerbs
        from roomtone_server.telemetry.metrics import Metrics

        metrics = Metrics(health.report)
        health.house = house = await furnish(stack, settings, equipment, mind, metrics)
        native = await open_doors(stack, settings, equipment, mind, house)
        verbs |= LocalVerbs(house, native.satellites, native.window, native.fingerprint).by_name()
        if services is not None:
            await _imported("roomtone_server.services")
            from roomtone_server.services import open_services

            await open_services(stack, services, settings, equipment, mind.home, house)
        if early is not None or is_add_on():
            await _imported("roomtone_server.web")
            from roomtone_server.web import Furnished, open_web

            furnished = Furnished(settings, health, metrics, equipment, mind, house, native)
            verbs |= await open_web(stack, early, furnished)
        await offer_services(stack, settings)
        health.ready = True
        _LOGGER.info("ready: satellites connect to port %d; `roomtone pair` lets a new one in", native.port)
        yield native.port
        health.ready = False


async def _equip(stack: AsyncExitStack, settings: ServerSettings, health: Health) -> "Equipment":
    """The engines, chosen and made, and not yet started. Raises EngineMissing."""
    await _imported("roomtone_server.equipment")
    from roomtone_server.equipment import choose_engines, made

    chosen = await asyncio.to_thread(choose_engines, settings)
    health.engines = chosen.by_kind()
    for kind, choice in health.engines.items():
        _LOGGER.info("%s: %s (%s)", kind, choice.name, choice.why)
    equipment = await stack.enter_async_context(made(chosen, surroundings(settings)))
    health.chains = equipment.chains
    return equipment


async def _start(
    stack: AsyncExitStack, settings: ServerSettings, equipment: "Equipment", early: Early | None
) -> "Mind":
    """Starts the engines and opens the mind, while the rest of the server is imported. Raises RoomtoneError."""
    try:
        async with asyncio.TaskGroup() as starting:
            equipment.start(starting)
            if early is not None:  # aiohttp reads all certificates that are trusted here, at the side of the rest
                starting.create_task(_imported("roomtone_server.ports.web.port"), name="web: import")
            await _imported("roomtone_server.household")
            from roomtone_server.mind import open_mind

            if early is not None:  # what of it needs the household
                starting.create_task(_imported("roomtone_server.web"), name="web: import the rest")
            opening = open_mind(settings, equipment.chosen.home, equipment.around, equipment.llm)
            mind = await stack.enter_async_context(opening)
    except* RoomtoneError as problems:
        raise _first(problems) from None
    return mind


async def _open_services_port(stack: AsyncExitStack, settings: ServerSettings) -> "Services | None":
    """It tells what there is as soon as it can speak: who connects before waits in the port's queue."""
    if not settings.home_assistant.enabled:
        return None
    allow = AllowList(settings.home_assistant.allow, setting="home_assistant.allow")
    listening = stack.enter_context(await listen(allow.host, settings.home_assistant.port))
    await _imported("roomtone_server.ports.services.port")
    from roomtone_server.ports.services.port import serving

    return await stack.enter_async_context(serving(listening, allow, settings, surroundings(settings).cache))


async def _imported(module: str) -> None:
    """Once it is there: the event loop goes on meanwhile."""
    await asyncio.to_thread(import_module, module)


def _first(problems: BaseExceptionGroup[RoomtoneError]) -> RoomtoneError:
    """The first of the errors that a TaskGroup collected."""
    inner = problems.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
