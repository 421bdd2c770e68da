"""From settings to devices; `auto` takes a sound card, else ALSA's own programs, and says what to install otherwise."""

import asyncio
import shutil
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from roomtone.errors import DeviceError
from roomtone.settings import Settings
from roomtone_satellite.devices import pyaudio
from roomtone_satellite.devices.base import Microphone, Speaker
from roomtone_satellite.devices.command import (
    CommandMicrophone,
    CommandMicrophoneSettings,
    CommandSpeaker,
    CommandSpeakerSettings,
)
from roomtone_satellite.devices.null import NullMicrophone, NullMicrophoneSettings, NullSpeaker, NullSpeakerSettings
from roomtone_satellite.devices.pyaudio import (
    PyAudioMicrophone,
    PyAudioMicrophoneSettings,
    PyAudioSpeaker,
    PyAudioSpeakerSettings,
)
from roomtone_satellite.devices.wav import WavMicrophone, WavMicrophoneSettings, WavSpeaker, WavSpeakerSettings


class AutoSettings(Settings):
    device: Literal["auto"] = "auto"


def _by_name_alone(value: Any) -> Any:  # noqa: ANN401 - whatever the file holds; pydantic judges it next
    if value is None:
        return {"device": "null"}  # what YAML makes of an unquoted null
    return {"device": value} if isinstance(value, str) else value


MicrophoneSettings = Annotated[
    AutoSettings
    | PyAudioMicrophoneSettings
    | CommandMicrophoneSettings
    | WavMicrophoneSettings
    | NullMicrophoneSettings,
    Field(discriminator="device"),
    BeforeValidator(_by_name_alone),
]
SpeakerSettings = Annotated[
    AutoSettings | PyAudioSpeakerSettings | CommandSpeakerSettings | WavSpeakerSettings | NullSpeakerSettings,
    Field(discriminator="device"),
    BeforeValidator(_by_name_alone),
]


def make_microphone(settings: MicrophoneSettings, connected: asyncio.Event) -> Microphone:
    """The microphone that the settings name; `connected` is set while there is a server. Raises DeviceError."""
    match settings:
        case AutoSettings():
            return make_microphone(auto_microphone(), connected)
        case PyAudioMicrophoneSettings():
            return PyAudioMicrophone(settings)
        case CommandMicrophoneSettings():
            return CommandMicrophone(settings)
        case WavMicrophoneSettings():
            return WavMicrophone(settings, connected)
        case NullMicrophoneSettings():
            return NullMicrophone()


def make_speaker(settings: SpeakerSettings) -> Speaker:
    """The speaker that the settings name. Raises DeviceError."""
    match settings:
        case AutoSettings():
            return make_speaker(auto_speaker())
        case PyAudioSpeakerSettings():
            return PyAudioSpeaker(settings)
        case CommandSpeakerSettings():
            return CommandSpeaker(settings)
        case WavSpeakerSettings():
            return WavSpeaker(settings)
        case NullSpeakerSettings():
            return NullSpeaker(settings)


# What `auto` can come to.
Picked = PyAudioMicrophoneSettings | CommandMicrophoneSettings | PyAudioSpeakerSettings | CommandSpeakerSettings


def auto_microphone() -> PyAudioMicrophoneSettings | CommandMicrophoneSettings:
    """What `auto` means on this machine. Raises DeviceError."""
    if (no_card := pyaudio.missing("input")) is None:
        return PyAudioMicrophoneSettings(device="pyaudio")
    if shutil.which("arecord"):
        return CommandMicrophoneSettings(device="command")
    raise DeviceError(_nothing("microphone", "arecord", no_card))


def auto_speaker() -> PyAudioSpeakerSettings | CommandSpeakerSettings:
    """What `auto` means on this machine. Raises DeviceError."""
    if (no_card := pyaudio.missing("output")) is None:
        return PyAudioSpeakerSettings(device="pyaudio")
    if shutil.which("aplay"):
        return CommandSpeakerSettings(device="command")
    raise DeviceError(_nothing("speaker", "aplay", no_card))


def uses(picked: Picked) -> str:
    """For people: the sound card that will be used, and those that the settings could name instead; or the command
    line. Raises DeviceError."""
    match picked:
        case PyAudioMicrophoneSettings():
            return _first_of(pyaudio.cards("input"))
        case PyAudioSpeakerSettings():
            return _first_of(pyaudio.cards("output"))
        case CommandMicrophoneSettings() | CommandSpeakerSettings():
            return picked.command


def _first_of(cards: Sequence[str]) -> str:
    first, *others = cards
    return f"{first} (there are also: {', '.join(others)})" if others else first


def _nothing(role: str, program: str, no_card: str) -> str:
    return (
        f"no {role} was found: {no_card}; and {program} is not there: apt install alsa-utils; "
        f"or name another device under `{role}` in the settings"
    )
