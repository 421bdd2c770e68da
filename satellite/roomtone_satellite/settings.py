"""The satellite's settings; `satellite.yaml` beside this file shows all of them, with their defaults."""

import socket
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from roomtone.ears.formats import FRAME_MS, FRAME_SAMPLES
from roomtone.engines import EngineChoice
from roomtone.logs import Level
from roomtone.settings import EchoChoice, Settings, VadChoice, WakeChoice
from roomtone_satellite.devices.choose import AutoSettings, MicrophoneSettings, SpeakerSettings
from roomtone_satellite.feedback import EventCommandSettings
from roomtone_satellite.steps import MachineSettings

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


class SatelliteSettings(Settings):
    name: str = Field(default_factory=socket.gethostname, min_length=1, max_length=128)
    area: str | None = Field(default=None, max_length=128)
    server: ServerSettings = ServerSettings()
    microphone: MicrophoneSettings = AutoSettings()
    speaker: SpeakerSettings = AutoSettings()
    wake: WakeChoice = EngineChoice()
    echo: EchoChoice = EngineChoice()
    barge_in: Literal["wake", "speech", "off"] = "wake"
    vad: VadChoice = EngineChoice()
    button: Literal["press", "hold"] = "press"
    preroll_ms: int = Field(default=500, ge=0, le=2_000)
    muted: bool = False
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
