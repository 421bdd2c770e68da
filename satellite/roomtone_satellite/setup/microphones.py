"""Which microphones this machine has, as the settings would name them."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from roomtone.errors import DeviceError
from roomtone_satellite.devices import pyaudio
from roomtone_satellite.devices.choose import AutoSettings, MicrophoneSettings, auto_microphone, uses
from roomtone_satellite.devices.command import CommandMicrophoneSettings
from roomtone_satellite.devices.null import NullMicrophoneSettings
from roomtone_satellite.devices.pyaudio import PyAudioMicrophoneSettings
from roomtone_satellite.devices.wav import WavMicrophoneSettings


@dataclass(frozen=True, slots=True)
class Candidate:
    label: str  # for people
    settings: MicrophoneSettings


def candidates(current: MicrophoneSettings) -> Sequence[Candidate]:
    """What can be chosen here, first what the settings say now. Raises DeviceError when there is nothing at all."""
    found = [Candidate(f"as now: {_called(current)}", current)] if not isinstance(current, AutoSettings) else []
    try:
        cards = pyaudio.cards("input")
    except DeviceError as problem:
        if shutil.which("arecord"):
            found.append(Candidate("ALSA's default, through arecord", CommandMicrophoneSettings(device="command")))
        elif not found:
            raise DeviceError(f"there is no microphone to choose: {problem}") from problem
        return found
    default, *_ = cards
    return [
        *found,
        Candidate(f"the system's default, now {default}", AutoSettings()),
        *(Candidate(card, PyAudioMicrophoneSettings(device="pyaudio", name=lasting(card, cards))) for card in cards),
    ]


def named(name: str) -> MicrophoneSettings:
    """From the command line: `auto`, or a part of a sound card's name, or its number."""
    if name == "auto":
        return AutoSettings()
    return PyAudioMicrophoneSettings(device="pyaudio", name=int(name) if name.isdecimal() else name)


def lasting(card: str, cards: Sequence[str]) -> str:
    """A card's name without ALSA's numbers, which another boot may give to another card; with them where nothing else
    tells it from its like."""
    bare = re.sub(r" ?\(hw:\d+,\d+\)$", "", card)
    return bare if bare and sum(bare in other for other in cards) == 1 else card


def _called(settings: MicrophoneSettings) -> str:
    match settings:
        case AutoSettings():
            return uses(auto_microphone())
        case PyAudioMicrophoneSettings():
            return f"the sound card {settings.name!r}" if settings.name is not None else "the default sound card"
        case CommandMicrophoneSettings():
            return f"`{settings.command}`"
        case WavMicrophoneSettings():
            return f"the file {settings.file}"
        case NullMicrophoneSettings():
            return "none"
