"""The server's settings. Every key has a default: `roomtone server` works without a file."""

import socket
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from roomtone.engines import EngineChoice
from roomtone.link.allow import NetworkText
from roomtone.link.crowd import MAX_CONNECTIONS, MAX_PER_ADDRESS
from roomtone.logs import Level
from roomtone.settings import HomeChoice, LlmChain, Settings, SttChain, ToolsChoices, TtsChain, VadChoice, WakeChoice
from roomtone_server.agent.settings import AgentSettings
from roomtone_server.engines.base import ANY_LANGUAGE

NATIVE_PORT: Final = 10760
CONFIG_VARIABLE: Final = "ROOMTONE_SERVER_CONFIG"  # names the settings file where --config does not
WEB_PORT: Final = 8760
SERVICES_PORT: Final = 10750

Port = Annotated[int, Field(ge=0, le=65535)]  # 0: any free one
Connections = Annotated[int, Field(ge=1, le=1000)]  # each costs some 300 KiB


class ListenSettings(Settings):
    """Where satellites connect; only those that were paired get in."""

    host: str = "0.0.0.0"  # noqa: S104 - satellites are other machines
    port: Port = NATIVE_PORT
    max_connections: Connections = MAX_CONNECTIONS
    max_per_address: Connections = MAX_PER_ADDRESS


class WebSettings(Settings):
    """GET /health and GET /metrics."""

    enabled: bool = True
    host: str = "0.0.0.0"  # noqa: S104 - whatever watches over the server is another machine
    port: Port = WEB_PORT


class HomeAssistantSettings(Settings):
    """What Home Assistant, or any other client of Wyoming services, may use of this server, and who that may be."""

    enabled: bool = True
    port: Port = SERVICES_PORT
    allow: Annotated[tuple[NetworkText, ...], Field(max_length=64)] = ()
    endpointing: bool = True
    conversation: Literal["handle", "intent"] = "handle"
    wake: WakeChoice = EngineChoice()


# How patient the endpoint is: the names are Home Assistant's.
SCALES: Final = {"aggressive": 0.7, "default": 1.0, "relaxed": 1.6}


class EndpointSettings(Settings):
    """When the user has finished."""

    sensitivity: Literal["aggressive", "default", "relaxed"] = "default"
    complete_ms: Annotated[int, Field(ge=60, le=3000)] = 160
    extendable_ms: Annotated[int, Field(ge=100, le=3000)] = 320
    unfinished_ms: Annotated[int, Field(ge=200, le=3000)] = 600
    open_ms: Annotated[int, Field(ge=200, le=5000)] = 1200
    free_ms: Annotated[int, Field(ge=200, le=3000)] = 500
    nothing_said_ms: Annotated[int, Field(ge=1000, le=30_000)] = 4000
    ceiling_ms: Annotated[int, Field(ge=2000, le=60_000)] = 15_000


Patience = Annotated[float, Field(gt=0, le=120)]


class PatienceSettings(Settings):
    """How long an engine of a chain may take to its first result before the next one is asked."""

    stt: Patience = 3.0
    tts: Patience = 2.0
    llm: Patience = 6.0


class ModelsSettings(Settings):
    """Whether models that an engine of these settings lacks are fetched as the server starts, and which are known
    beside those of the package."""

    download: Literal["ask", "auto", "never"] = "ask"
    manifest: Path | None = None


class MemorySettings(Settings):
    """`persist`: whether conversations that go on when the server stops go on when it is back."""

    persist: bool = False


class ServerSettings(Settings):
    name: Annotated[str, Field(min_length=1, max_length=63)] = Field(default_factory=socket.gethostname)
    language: str = "en"
    listen: ListenSettings = ListenSettings()
    discovery: bool = True
    web: WebSettings = WebSettings()
    home_assistant: HomeAssistantSettings = HomeAssistantSettings()
    stt: SttChain = (EngineChoice(),)
    tts: TtsChain = (EngineChoice(),)
    llm: LlmChain = ()
    patience_s: PatienceSettings = PatienceSettings()
    vad: VadChoice = EngineChoice()
    home: HomeChoice = EngineChoice()
    models: ModelsSettings = ModelsSettings()
    tools: ToolsChoices = ()
    agent: AgentSettings = AgentSettings()
    memory: MemorySettings = MemorySettings()
    endpoint: EndpointSettings = EndpointSettings()
    follow_up: Literal["when-asked", "always", "never"] = "when-asked"
    follow_up_s: Annotated[float, Field(ge=1, le=30)] = 5.0
    store_transcripts: bool = False
    log_level: Level = "info"

    @property
    def detects_language(self) -> bool:
        """Whether each turn is in the language in which it was spoken."""
        return self.language == ANY_LANGUAGE

    @property
    def first_language(self) -> str:
        """The one of whatever was not spoken: texts, dues, and what a recogniser hears that cannot tell."""
        return "en" if self.detects_language else self.language
