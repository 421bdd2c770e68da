"""The satellite as a process: made from its settings, ended by a signal."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import closing

from roomtone import engines, logs
from roomtone.ears.base import VoiceActivity, WakeEngine
from roomtone.ears.echo.path import EchoPath
from roomtone.engines import Surroundings
from roomtone.errors import EngineMissing
from roomtone.paths import cache_dir, state_dir
from roomtone_satellite.connection import Connection
from roomtone_satellite.devices.choose import make_microphone, make_speaker
from roomtone_satellite.echo import echo_path
from roomtone_satellite.home_assistant.satellite import HomeAssistantSatellite, NoWakeWords
from roomtone_satellite.home_assistant.satellite import Parts as DrivenParts
from roomtone_satellite.runtime import Parts, Satellite
from roomtone_satellite.settings import SatelliteSettings

_LOGGER = logging.getLogger(__name__)

AnySatellite = Satellite | HomeAssistantSatellite


def run(settings: SatelliteSettings) -> None:
    """Runs a satellite until SIGTERM or SIGINT. Raises RoomtoneError for what cannot be used from the start."""
    logs.setup(settings.log_level)
    asyncio.run(_run(settings))


async def _run(settings: SatelliteSettings) -> None:
    ended = asyncio.Event()
    _on_signals({signal.SIGTERM: ended.set, signal.SIGINT: ended.set})
    make = _driven_by_server if settings.mode == "server" else _driven_by_home_assistant
    with closing(_wake_engine(settings)) as wake, echo_path(settings.echo) as echo:
        satellite = make(settings, wake, echo)
        _on_signals(
            {
                signal.SIGUSR1: satellite.toggle_mute,
                signal.SIGUSR2: satellite.press_button,
                signal.SIGRTMIN: satellite.release_button,
            }
        )
        await _until(ended, satellite)


def _driven_by_server(settings: SatelliteSettings, wake: WakeEngine, echo: EchoPath | None) -> AnySatellite:
    connected = asyncio.Event()
    parts = Parts(
        microphone=make_microphone(settings.microphone, connected),
        speaker=make_speaker(settings.speaker),
        wake=wake,
        connection=Connection(settings.server, name=settings.name, area=settings.area),
        connected=connected,
        echo=echo,
        vad=_voice_activity(settings),
    )
    return Satellite(settings, parts)


def _driven_by_home_assistant(settings: SatelliteSettings, wake: WakeEngine, echo: EchoPath | None) -> AnySatellite:
    connected = asyncio.Event()
    parts = DrivenParts(
        microphone=make_microphone(settings.microphone, connected),
        speaker=make_speaker(settings.speaker),
        wake=wake,
        connected=connected,
        echo=echo,
    )
    return HomeAssistantSatellite(settings, parts)


def _wake_engine(settings: SatelliteSettings) -> WakeEngine:
    """Raises EngineMissing."""
    if settings.mode == "home-assistant" and settings.home_assistant.wake == "home-assistant":
        _LOGGER.info("streaming all that is heard to Home Assistant, which listens for the wake word")
        return NoWakeWords()
    chosen = engines.choose("wake", settings.wake)
    wake: WakeEngine = chosen.make(Surroundings(state_dir(), cache_dir()))
    _LOGGER.info("listening for %s with %s: %s", ", ".join(wake.words), chosen.spec.name, chosen.why)
    return wake


def _voice_activity(settings: SatelliteSettings) -> VoiceActivity | None:
    """What listens for voices during replies. Raises EngineMissing when the settings cannot do without."""
    if settings.barge_in == "off":
        return None
    try:
        chosen = engines.choose("vad", settings.vad)
    except EngineMissing as problem:
        if settings.barge_in == "speech":
            raise
        _LOGGER.warning('only a wake word ends a reply, and "stop" alone does not: %s', problem)
        return None
    vad: VoiceActivity = chosen.make(Surroundings(state_dir(), cache_dir()))
    return vad


def _on_signals(handlers: Mapping[signal.Signals, Callable[[], None]]) -> None:
    for number, handler in handlers.items():
        asyncio.get_running_loop().add_signal_handler(number, handler)


async def _until(ended: asyncio.Event, satellite: AnySatellite) -> None:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(satellite.run(), name="satellite")
        ending = tasks.create_task(ended.wait(), name="signals")
        await asyncio.wait({running, ending}, return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        ending.cancel()
