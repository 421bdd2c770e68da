"""A server, put together around its engines: the house and its mind, the ports that lead into it."""

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial

from roomtone.errors import LinkError
from roomtone.link.background import alongside
from roomtone.link.discovery import advertise
from roomtone.link.pairing import PairingWindow
from roomtone.link.security import ServerIdentity, make_certificate
from roomtone_server.add_on.announcing import announce, offer
from roomtone_server.add_on.supervisor import Supervisor
from roomtone_server.agent.clocks import SYSTEM_CLOCKS
from roomtone_server.equipment import Equipment, language_fault
from roomtone_server.languages.language import language_of, languages
from roomtone_server.mind import Mind
from roomtone_server.ports.native import Doorkeeper, serve_native
from roomtone_server.recorder import Recorder
from roomtone_server.runtime.hints import Hints
from roomtone_server.runtime.house import House
from roomtone_server.runtime.parts import EndpointSettings, Parts, TurnSettings
from roomtone_server.runtime.replies import Replies
from roomtone_server.settings import SCALES, ServerSettings
from roomtone_server.store.base import SatelliteStore
from roomtone_server.store.satellites import SqliteSatelliteStore
from roomtone_server.store.turns import SqliteTurnStore
from roomtone_server.telemetry.metrics import Metrics
from roomtone_server.wyoming_devices import dial_satellites, present_satellites, tell_of_others

_LOGGER = logging.getLogger(__name__)

EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - addresses that stand for all of this machine's


@dataclass(frozen=True, slots=True)
class NativeDoor:
    """Where satellites connect and are let in."""

    port: int
    fingerprint: bytes  # of the certificate that they pin
    satellites: SatelliteStore
    window: PairingWindow


async def furnish(
    stack: AsyncExitStack, settings: ServerSettings, equipment: Equipment, mind: Mind, metrics: Metrics
) -> House:
    """The house, with all that goes on in it; returns when its recogniser knows the home's words."""
    for chain in equipment.chains.values():
        await stack.enter_async_context(alongside(chain.tend()))
    house = _house(settings, equipment, mind)
    await stack.enter_async_context(alongside(house.follow(mind.home)))
    await stack.enter_async_context(alongside(house.deliver_dues()))
    await stack.enter_async_context(alongside(house.intercoms.keep()))
    recorder = Recorder(
        SqliteTurnStore(mind.database),
        metrics,
        engines={kind: choice.name for kind, choice in equipment.chosen.by_kind().items()},
        faults=house.parts.faults,
        store_transcripts=settings.store_transcripts,
        name_of=house.name_of,
    )
    await stack.enter_async_context(alongside(recorder.follow(house.parts.trace)))
    if mind.thinker is not None:
        await stack.enter_async_context(alongside(mind.thinker.keep_warm()))
        for toolbox in mind.toolboxes:
            await stack.enter_async_context(alongside(toolbox.tend(mind.thinker.retell)))
    await house.taught.wait()
    return house


async def open_doors(
    stack: AsyncExitStack, settings: ServerSettings, equipment: Equipment, mind: Mind, house: House
) -> NativeDoor:
    """Lets satellites in, and dials others. Raises PortUnusable, LinkError, EngineError."""
    identity = await asyncio.to_thread(make_certificate, equipment.around.state)
    satellites = SqliteSatelliteStore(mind.database)
    window = PairingWindow()
    doorkeeper = Doorkeeper(satellites, window, settings.name)
    port = await stack.enter_async_context(serve_native(house, doorkeeper, identity, **settings.listen.model_dump()))
    await dial_satellites(stack, settings, equipment.around, house)
    await present_satellites(stack, settings, mind.database, satellites, house)
    if settings.discovery:  # beside all else: the network is asked first whether the name is free, which takes long
        await stack.enter_async_context(alongside(_announce(settings, port, identity, house)))
        await stack.enter_async_context(alongside(tell_of_others(settings, house)))
    return NativeDoor(port, identity.fingerprint, satellites, window)


def is_add_on() -> bool:
    return Supervisor.of_this_add_on() is not None


async def offer_services(stack: AsyncExitStack, settings: ServerSettings) -> None:
    """In an add-on: Home Assistant is offered the Wyoming services."""
    if (supervisor := Supervisor.of_this_add_on()) and settings.home_assistant.enabled:
        await stack.enter_async_context(alongside(offer(supervisor, settings.home_assistant.port)))


async def _announce(settings: ServerSettings, port: int, identity: ServerIdentity, house: House) -> None:
    """For ever. A network without multicast costs discovery, not the server."""
    advertised = partial(advertise, settings.name, fingerprint=identity.fingerprint)
    try:
        if supervisor := Supervisor.of_this_add_on():
            await announce(supervisor, port, lambda addresses, mapped: advertised(mapped, host=addresses))
        else:
            host = None if settings.listen.host in EVERYWHERE else settings.listen.host
            async with advertised(port, host=host):
                await asyncio.get_running_loop().create_future()
    except LinkError as problem:
        house.parts.faults["discovery"] = str(problem)
        _LOGGER.warning("%s; give the satellites this server's address in their settings", problem)


def _house(settings: ServerSettings, equipment: Equipment, mind: Mind) -> House:
    chosen_by = settings.endpoint.model_dump(exclude={"sensitivity"})
    language = language_of(settings.first_language)
    heard = list(languages()) if settings.detects_language else [language]
    at_once = frozenset[str]().union(*(each.at_once for each in heard))
    endpoint = EndpointSettings(**chosen_by, scale=SCALES[settings.endpoint.sensitivity], at_once=at_once)
    backchannels = frozenset[str]().union(*(each.backchannels for each in heard))
    turn = TurnSettings(endpoint, settings.follow_up, settings.follow_up_s, backchannels=backchannels)
    voices = equipment.chains.get("tts")
    replies = Replies(equipment.tts, changes=lambda: voices.changes if voices else 0)
    quiet = settings.agent.quiet_hours
    parts = Parts(
        equipment.stt,
        replies,
        equipment.make_vad,
        mind.agent,
        Hints(equipment.around.cache),
        settings.first_language,
        detects_language=settings.detects_language,
        gain=lambda: quiet.gain(SYSTEM_CLOCKS.local_now().time()) if quiet else 1.0,
        one_moment=language.phrases.one_moment if language.phrases and settings.agent.one_moment else "",
        turn=turn,
        attention=mind.ducking,
        faults=mind.faults,
    )
    if fault := language_fault(settings, equipment.chosen.stt):
        parts.faults["language"] = fault
        _LOGGER.warning("%s", fault)
    return House(parts)
