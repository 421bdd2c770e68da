"""The satellite's settings; `satellite.yaml` beside this file shows all of them, with their defaults."""

import socket
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from roomtone.ears.formats import FRAME_MS, FRAME_SAMPLES
from roomtone.engines import EngineChoice
from roomtone.link.allow import NetworkText
from roomtone.logs import Level
from roomtone.satellite.course import MachineSettings
from roomtone.settings import EchoChoice, Settings, VadChoice, WakeChoice
from roomtone_satellite.devices.choose import AutoSettings, MicrophoneSettings, SpeakerSettings
from roomtone_satellite.feedback import EventCommandSettings
from roomtone_satellite.home_assistant.course import MachineSettings as DrivenSettings

EXAMPLE: Final = Path(__file__).with_name("satellite.yaml")


class ServerSettings(Settings):
    host: str | None = None  # None: found by zeroconf
    port: int = Field(default=10_760, ge=1, le=65_535)


class ChimeSettings(Settings):
    awake: bool = True
    invited: bool = True
    done: bool = True
    error: bool = True
    timer: bool = True
    volume: float = Field(default=0.3, ge=0, le=1)


class HomeAssistantSettings(Settings):
    """Of a satellite that Home Assistant drives."""

    port: int = Field(default=10_700, ge=0, le=65_535)
    allow: Annotated[tuple[NetworkText, ...], Field(max_length=64)] = ()
    wake: Literal["satellite", "home-assistant"] = "satellite"  # who listens for the wake word
    preroll_ms: int = Field(default=0, ge=0, le=2_000)


class SatelliteSettings(Settings):
    mode: Literal["server", "home-assistant"] = "server"
    name: str = Field(default_factory=socket.gethostname, min_length=1, max_length=128)
    area: str | None = Field(default=None, max_length=128)
    server: ServerSettings = ServerSettings()
    home_assistant: HomeAssistantSettings = HomeAssistantSettings()
    microphone: MicrophoneSettings = AutoSettings()
    speaker: SpeakerSettings = AutoSettings()
    wake: WakeChoice = EngineChoice()
    echo: EchoChoice = EngineChoice()
    barge_in: Literal["wake", "speech", "off"] = "wake"
    vad: VadChoice = EngineChoice()
    button: Literal["press", "hold"] = "press"
    preroll_ms: int = Field(default=500, ge=0, le=2_000)
    muted: bool = False
    volume: float = Field(default=1.0, ge=0, le=1)
    answer_within_s: float = Field(default=40.0, ge=1, le=600)
    chimes: ChimeSettings = ChimeSettings()
    events: EventCommandSettings = EventCommandSettings()
    log_level: Level = "info"

    def for_machine(self) -> MachineSettings:
        return MachineSettings(
            preroll_samples=self.preroll_ms // FRAME_MS * FRAME_SAMPLES,
            answer_within_s=self.answer_within_s,
            voice_pauses=self.barge_in == "speech",
        )

    def for_home_assistant(self) -> DrivenSettings:
        chosen = self.home_assistant
        return DrivenSettings(
            remote_wake=chosen.wake == "home-assistant",
            preroll_samples=chosen.preroll_ms // FRAME_MS * FRAME_SAMPLES,
            answer_within_s=self.answer_within_s,
        )
