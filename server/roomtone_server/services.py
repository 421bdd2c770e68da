"""The Wyoming services, put together around the engines: see `ports.services`."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import cast

from roomtone import engines
from roomtone.ears.base import WakeEngine
from roomtone.engines import Chosen, Surroundings
from roomtone.errors import EngineError
from roomtone.link.background import alongside
from roomtone_server.engines.base import TextToSpeech
from roomtone_server.engines.chains.provider import Chained
from roomtone_server.equipment import Equipment
from roomtone_server.home.base import Home
from roomtone_server.ports.services.asr import Asr
from roomtone_server.ports.services.clients import Clients
from roomtone_server.ports.services.description import (
    DEFAULT_VOICE,
    KeptDescription,
    Offer,
    OfferedVoice,
    described,
    program_name,
    spoken_languages,
)
from roomtone_server.ports.services.handle import Handle
from roomtone_server.ports.services.port import Services
from roomtone_server.ports.services.tts import Tts
from roomtone_server.ports.services.wake import Wake
from roomtone_server.runtime.anticipation import anticipating
from roomtone_server.runtime.dictation import Dictations
from roomtone_server.runtime.house import House
from roomtone_server.settings import ServerSettings
from roomtone_server.wyoming_announcing import announce_wyoming

_LOGGER = logging.getLogger(__name__)


async def open_services(
    stack: AsyncExitStack, services: Services, settings: ServerSettings, equipment: Equipment, home: Home, house: House
) -> None:
    """Serves what the port was asked for meanwhile, and all that comes."""
    parts, usual = house.parts, settings.home_assistant
    spoken = spoken_languages(settings)
    heard = _heard_languages(equipment.chosen.stt, spoken)
    voices = await _voices(equipment.tts, spoken)
    program = program_name(settings)
    ears = [equipment.chosen.stt.name]
    clients = Clients()
    wake = await _wake(stack, settings, equipment.around, clients)
    anticipation = await stack.enter_async_context(anticipating(parts))
    asr = Asr(
        Dictations(parts, anticipation),
        anticipation,
        clients,
        models=ears,
        languages=heard,
        usual_language=parts.language_to_hear,
        endpointing=usual.endpointing,
    )
    tts = Tts(parts.tts, clients, {voice.name: voice for voice in voices}, parts.language)
    handle = Handle(
        parts.agent,
        anticipation,
        clients,
        parts.language,
        home.area_of_device,
        only_understands=usual.conversation == "intent",
    )
    handlers = {
        "transcribe": asr.transcribe,
        "synthesize": tts.synthesize,
        "synthesize-start": tts.synthesize_as_it_comes,
        "transcript": handle.transcript,
        "recognize": handle.recognize,
        **({"detect": wake.detect} if wake else {}),
    }
    offer = Offer(program, spoken, heard, ears, voices, wake.words if wake else None)
    description = described(offer, endpointing=usual.endpointing)
    services.open(handlers, description)
    await asyncio.to_thread(KeptDescription(equipment.around.cache, settings).keep, description)
    if settings.discovery and services.allow.host is None:
        await stack.enter_async_context(
            alongside(announce_wyoming(settings.name, services.port, services.allow, house))
        )


def _heard_languages(stt: Chosen | Chained, spoken: Sequence[str]) -> list[str]:
    """Of the house's languages those that some recogniser hears; where none says so, the first."""
    members = list(stt.members.values()) if isinstance(stt, Chained) else [stt]
    specs = [member.spec for member in members if isinstance(member, Chosen)]
    return [code for code in spoken if any(spec.unfit(code) is None for spec in specs)] or list(spoken[:1])


async def _voices(tts: TextToSpeech, spoken: Sequence[str]) -> list[OfferedVoice]:
    """Those that the engine names; it may be a service that is not there just now."""
    try:
        voices = await tts.voices()
    except EngineError as problem:
        _LOGGER.warning("the voices cannot be listed: %s", problem)
        voices = []
    offered = [OfferedVoice(voice.name, voice.languages or spoken, voice.title, voice.speakers) for voice in voices]
    return offered or [OfferedVoice(DEFAULT_VOICE, spoken)]


async def _wake(stack: AsyncExitStack, settings: ServerSettings, around: Surroundings, clients: Clients) -> Wake | None:
    """What hears wake words; None where no engine for them is installed."""
    try:
        chosen = engines.choose("wake", settings.home_assistant.wake)
        make = partial(chosen.make, around)
        engine = cast("WakeEngine", await asyncio.to_thread(make))
    except EngineError as problem:
        _LOGGER.info("wake words are not heard here: %s", problem)
        return None
    wake = Wake(make, engine, clients)
    stack.callback(wake.close)
    return wake
