"""The satellite as a process: made from its settings, ended by a signal."""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import closing

from roomtone import engines, logs
from roomtone.ears.base import VoiceActivity
from roomtone.engines import Surroundings
from roomtone.errors import EngineMissing
from roomtone.paths import cache_dir, state_dir
from roomtone_satellite.connection import Connection
from roomtone_satellite.devices.choose import make_microphone, make_speaker
from roomtone_satellite.echo import echo_path
from roomtone_satellite.runtime import Parts, Satellite
from roomtone_satellite.settings import SatelliteSettings

_LOGGER = logging.getLogger(__name__)


def run(settings: SatelliteSettings) -> None:
    """Runs a satellite until SIGTERM or SIGINT. Raises RoomtoneError for what cannot be used from the start."""
    logs.setup(settings.log_level)
    asyncio.run(_run(settings))


async def _run(settings: SatelliteSettings) -> None:
    ended = asyncio.Event()
    _on_signals({signal.SIGTERM: ended.set, signal.SIGINT: ended.set})
    chosen = engines.choose("wake", settings.wake)
    with closing(chosen.make(Surroundings(state_dir(), cache_dir()))) as wake, echo_path(settings.echo) as echo:
        _LOGGER.info("listening for %s with %s: %s", ", ".join(wake.words), chosen.spec.name, chosen.why)
        connected = asyncio.Event()
        satellite = Satellite(
            settings,
            Parts(
                microphone=make_microphone(settings.microphone, connected),
                speaker=make_speaker(settings.speaker),
                wake=wake,
                connection=Connection(settings.server, name=settings.name, area=settings.area),
                connected=connected,
                echo=echo,
                vad=_voice_activity(settings),
            ),
        )
        _on_signals(
            {
                signal.SIGUSR1: satellite.toggle_mute,
                signal.SIGUSR2: satellite.press_button,
                signal.SIGRTMIN: satellite.release_button,
            }
        )
        await _until(ended, satellite)


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


async def _until(ended: asyncio.Event, satellite: Satellite) -> None:
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(satellite.run(), name="satellite")
        ending = tasks.create_task(ended.wait(), name="signals")
        await asyncio.wait({running, ending}, return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        ending.cancel()
