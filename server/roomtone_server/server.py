"""The server, put together: engines made from the settings, the house around them, the ports that lead into it."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import cast

from roomtone import engines
from roomtone.ears.base import VoiceActivity
from roomtone.engines import Chosen, Surroundings
from roomtone.errors import LinkError, RoomtoneError
from roomtone.link.background import alongside
from roomtone.link.discovery import advertise
from roomtone.link.pairing import PairingWindow
from roomtone.link.security import ServerIdentity, make_certificate
from roomtone_server.engines.base import LanguageModel, SpeechToText, TextToSpeech
from roomtone_server.engines.chains import provider
from roomtone_server.engines.chains.member import Engine
from roomtone_server.engines.chains.provider import Chained, chain_of
from roomtone_server.health import Health
from roomtone_server.languages.language import language_of
from roomtone_server.mind import Mind, open_mind, surroundings
from roomtone_server.ports.control import ControlPort, Verb, control_path
from roomtone_server.ports.local import LocalVerbs
from roomtone_server.ports.native import Doorkeeper, serve_native
from roomtone_server.ports.web.health import serve_web
from roomtone_server.ports.web.metrics import metrics_route
from roomtone_server.recorder import Recorder
from roomtone_server.runtime.hints import AT_ONCE, BACKCHANNELS, Hints
from roomtone_server.runtime.house import House
from roomtone_server.runtime.parts import EndpointSettings, Parts, TurnSettings
from roomtone_server.runtime.replies import Replies
from roomtone_server.settings import SCALES, ServerSettings
from roomtone_server.store.satellites import SqliteSatelliteStore
from roomtone_server.store.turns import SqliteTurnStore
from roomtone_server.telemetry.metrics import Metrics

_LOGGER = logging.getLogger(__name__)

EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - addresses that stand for all of this machine's


async def serve(settings: ServerSettings) -> None:
    """Serves until SIGTERM or SIGINT. Raises RoomtoneError when it cannot start."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        async with running(settings):
            await stopped.wait()
            _LOGGER.info("stopping")
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


@dataclass(frozen=True, slots=True)
class Engines:
    """The engine of each kind, or a chain of them, not yet made."""

    stt: Chosen | Chained
    tts: Chosen | Chained
    llm: Chosen | Chained | None
    vad: Chosen
    home: Chosen

    def by_kind(self) -> dict[str, Chosen | Chained]:
        chosen = {"stt": self.stt, "tts": self.tts, "llm": self.llm, "vad": self.vad, "home": self.home}
        return {kind: each for kind, each in chosen.items() if each is not None}


def choose_engines(settings: ServerSettings) -> Engines:
    """Those of the settings. Raises EngineMissing, with what to install."""
    patience_s = settings.patience_s
    return Engines(
        stt=provider.choose("stt", settings.stt, patience_s.stt, settings.language),
        tts=provider.choose("tts", settings.tts, patience_s.tts, settings.language),
        llm=provider.choose("llm", settings.llm, patience_s.llm) if settings.llm else None,
        vad=engines.choose("vad", settings.vad),
        home=engines.choose("home", settings.home),
    )


@asynccontextmanager
async def running(settings: ServerSettings) -> AsyncIterator[int]:
    """A server that lets satellites in; yields the port where they connect."""
    chosen = choose_engines(settings)
    around = surroundings(settings)
    by_kind = chosen.by_kind()
    health = Health(settings.name, by_kind)
    for kind, choice in by_kind.items():
        _LOGGER.info("%s: %s (%s)", kind, choice.name, choice.why)
    async with AsyncExitStack() as stack:
        verbs: dict[str, Verb] = {"status": health.status}  # the others follow when there is something to ask
        await stack.enter_async_context(ControlPort(control_path(), verbs))
        metrics = Metrics(health.report)
        if settings.web.enabled:
            figures = metrics_route(metrics.exposition)
            await stack.enter_async_context(serve_web(settings.web.host, settings.web.port, health.report, figures))
        house, mind = await _furnish(stack, settings, chosen, around, health)
        health.house = house
        await stack.enter_async_context(alongside(house.follow(mind.home)))
        await stack.enter_async_context(alongside(house.deliver_dues()))
        recorder = Recorder(
            SqliteTurnStore(mind.database),
            metrics,
            engines={kind: choice.name for kind, choice in by_kind.items()},
            faults=house.parts.faults,
            store_transcripts=settings.store_transcripts,
        )
        await stack.enter_async_context(alongside(recorder.follow(house.parts.trace)))
        if mind.thinker is not None:
            await stack.enter_async_context(alongside(mind.thinker.keep_warm()))
        for toolbox in mind.toolboxes:
            await stack.enter_async_context(alongside(toolbox.tend()))
        await house.taught.wait()

        identity = await asyncio.to_thread(make_certificate, around.state)
        satellites = SqliteSatelliteStore(mind.database)
        window = PairingWindow()
        doorkeeper = Doorkeeper(satellites, window, settings.name)
        port = await stack.enter_async_context(
            serve_native(house, doorkeeper, identity, **settings.listen.model_dump())
        )
        verbs |= LocalVerbs(house, satellites, window, identity.fingerprint).by_name()
        if settings.discovery:
            await _announce(stack, settings, port, identity, house)
        health.ready = True
        _LOGGER.info("ready: satellites connect to port %d; `roomtone pair` lets a new one in", port)
        yield port
        health.ready = False


async def _announce(
    stack: AsyncExitStack, settings: ServerSettings, port: int, identity: ServerIdentity, house: House
) -> None:
    """A network without multicast costs discovery, not the server."""
    host = None if settings.listen.host in EVERYWHERE else settings.listen.host
    try:
        await stack.enter_async_context(advertise(settings.name, port, fingerprint=identity.fingerprint, host=host))
    except LinkError as problem:
        house.parts.faults["discovery"] = str(problem)
        _LOGGER.warning("%s; give the satellites this server's address in their settings", problem)


async def _furnish(
    stack: AsyncExitStack, settings: ServerSettings, chosen: Engines, around: Surroundings, health: Health
) -> tuple[House, Mind]:
    """Makes and starts the engines side by side. Raises the first RoomtoneError of any of them."""
    stt: SpeechToText = chosen.stt.make(around)
    tts: TextToSpeech = chosen.tts.make(around)
    made: dict[str, Engine] = {"stt": stt, "tts": tts}
    llm: LanguageModel | None = chosen.llm.make(around) if chosen.llm else None
    if llm is not None:
        made["llm"] = llm
    health.chains = {kind: chain for kind, engine in made.items() if (chain := chain_of(engine))}
    for engine in made.values():
        stack.push_async_callback(engine.close)
    try:
        async with asyncio.TaskGroup() as starting:
            for kind, engine in made.items():
                starting.create_task(engine.start(), name=f"{kind}: start")
            mind = await stack.enter_async_context(open_mind(settings, chosen.home, around, llm))
    except* RoomtoneError as problems:
        raise _first(problems) from None
    for chain in health.chains.values():
        await stack.enter_async_context(alongside(chain.tend()))

    def make_vad() -> VoiceActivity:
        return cast("VoiceActivity", chosen.vad.make(around))

    chosen_by = settings.endpoint.model_dump(exclude={"sensitivity"})
    at_once = AT_ONCE.get(settings.language, frozenset())
    endpoint = EndpointSettings(**chosen_by, scale=SCALES[settings.endpoint.sensitivity], at_once=at_once)
    backchannels = BACKCHANNELS.get(settings.language, frozenset())
    turn = TurnSettings(endpoint, settings.follow_up, settings.follow_up_s, backchannels=backchannels)
    voices = health.chains.get("tts")
    replies = Replies(tts, changes=lambda: voices.changes if voices else 0)
    phrases = language_of(settings.language).phrases
    parts = Parts(
        stt,
        replies,
        make_vad,
        mind.agent,
        Hints(around.cache),
        settings.language,
        one_moment=phrases.one_moment if phrases and settings.agent.one_moment else "",
        turn=turn,
        faults=mind.faults,
    )
    return House(parts), mind


def _first(problems: BaseExceptionGroup[RoomtoneError]) -> RoomtoneError:
    """The first of the errors that a TaskGroup collected."""
    inner = problems.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
