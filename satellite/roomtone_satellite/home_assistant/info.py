"""What the satellite says of itself when it is asked."""

from collections.abc import Sequence

from wyoming.event import Event
from wyoming.info import Attribution, Info, Satellite, WakeModel, WakeProgram

import roomtone
from roomtone_satellite.settings import SatelliteSettings


def info(settings: SatelliteSettings, wake_words: Sequence[str]) -> Event:
    """The answer to `describe`. By the phrases of our own wake words, Home Assistant knows when two satellites have
    heard the same; without any, it listens itself."""
    words = list(wake_words)
    nobody_else = Attribution(name="Roomtone", url="")
    models = [
        WakeModel(
            name=word,
            attribution=nobody_else,
            installed=True,
            description=None,
            version=None,
            languages=[],
            phrase=word.replace("_", " "),
        )
        for word in words
    ]
    wake = WakeProgram(
        name="roomtone",
        attribution=nobody_else,
        installed=True,
        description="The satellite's own wake words",
        version=roomtone.__version__,
        models=models,
    )
    satellite = Satellite(
        name=settings.name,
        attribution=nobody_else,
        installed=True,
        description=f"Roomtone satellite {settings.name}",
        version=roomtone.__version__,
        area=settings.area,
        has_vad=False,
        active_wake_words=words,
        max_active_wake_words=len(words),
        supports_trigger=False,
    )
    return Info(wake=[wake] if words else [], satellite=satellite).event()
