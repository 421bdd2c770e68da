"""The server's settings. Every key has a default: `roomtone server` works without a file."""

import socket
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_serializer, model_validator

from roomtone.engines import EngineChoice
from roomtone.link.allow import NetworkText
from roomtone.link.crowd import MAX_CONNECTIONS, MAX_PER_ADDRESS
from roomtone.logs import Level
from roomtone.settings import HomeChoice, LlmChain, Settings, SttChain, ToolsChoices, TtsChain, VadChoice, WakeChoice
from roomtone_server.agent.settings import AgentSettings, Percent
from roomtone_server.engines.base import ANY_LANGUAGE
from roomtone_server.wyoming_uri import WyomingUri, is_wyoming_uri

NATIVE_PORT: Final = 10760
CONFIG_VARIABLE: Final = "ROOMTONE_SERVER_CONFIG"  # names the settings file where --config does not
WEB_PORT: Final = 8760
HTTPS_PORT: Final = 8763
SERVICES_PORT: Final = 10750

Port = Annotated[int, Field(ge=0, le=65535)]  # 0: any free one
Connections = Annotated[int, Field(ge=1, le=1000)]  # each costs some 300 KiB


def _is_range(text: str) -> str:
    first, last = map(int, text.split("-"))
    if not 0 < first <= last <= 65535 or last - first >= MAX_PORTS:
        raise ValueError(f"from a port to a higher one, at most {MAX_PORTS} of them")
    return text


HostName = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$")]
PortRange = Annotated[str, Field(pattern=r"^\d{1,5}-\d{1,5}$"), AfterValidator(_is_range)]
MAX_PORTS: Final = 1000


def ports_of(text: str) -> range:
    """Those of a `PortRange`, the last one too."""
    first, last = map(int, text.split("-"))
    return range(first, last + 1)


class ListenSettings(Settings):
    """Where satellites connect; only those that were paired get in."""

    host: str = "0.0.0.0"  # noqa: S104 - satellites are other machines
    port: Port = NATIVE_PORT
    max_connections: Connections = MAX_CONNECTIONS
    max_per_address: Connections = MAX_PER_ADDRESS


class WebSettings(Settings):
    """The page and the API. Plain HTTP is for this machine and for proxies; `https_port` None: for everybody."""

    enabled: bool = True
    host: str = "0.0.0.0"  # noqa: S104 - browsers, and whatever watches over the server, are other machines
    port: Port = WEB_PORT
    https_port: Port | None = HTTPS_PORT
    certificate: Path | None = None
    key: Path | None = None
    names: Annotated[tuple[HostName, ...], Field(max_length=16)] = ()
    proxies: Annotated[tuple[NetworkText, ...], Field(max_length=64)] = ()

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key are set together: one is of no use without the other")
        return self


class HomeAssistantSettings(Settings):
    """What Home Assistant, or any other client of Wyoming services, may use of this server, and who that may be."""

    enabled: bool = True
    port: Port = SERVICES_PORT
    allow: Annotated[tuple[NetworkText, ...], Field(max_length=64)] = ()
    endpointing: bool = True
    conversation: Literal["handle", "intent"] = "handle"
    wake: WakeChoice = EngineChoice()
    satellites: bool = True
    satellite_ports: PortRange = "10770-10801"


def _by_uri(value: object) -> object:
    """A satellite may be written as its address alone."""
    if not isinstance(value, str):
        return value
    if not is_wyoming_uri(value):
        raise ValueError("an address is written as tcp://HOST:PORT")
    return {"uri": value}


class DialledSettings(Settings):
    """A Wyoming satellite that is none of ours. Where name or area are not set, what it says of itself holds."""

    uri: WyomingUri
    name: Annotated[str, Field(min_length=1, max_length=63)] | None = None
    area: Annotated[str, Field(min_length=1, max_length=63)] | None = None


class SatellitesSettings(Settings):
    """The Wyoming satellites that the server dials, and the engine for those whose wake words it finds."""

    dial: Annotated[tuple[Annotated[DialledSettings, BeforeValidator(_by_uri)], ...], Field(max_length=64)] = ()
    wake: WakeChoice = EngineChoice()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        uris = [each.uri for each in self.dial]
        if twice := {uri for uri in uris if uris.count(uri) > 1}:
            raise ValueError(f"named more than once: {', '.join(sorted(twice))}")
        return self


# How patient the endpoint is: the names are Home Assistant's.
SCALES: Final = {"aggressive": 0.7, "default": 1.0, "relaxed": 1.6}


class EndpointSettings(Settings):
    """When the user has finished."""

    sensitivity: Literal["aggressive", "default", "relaxed"] = "default"
    complete_ms: Annotated[int, Field(ge=60, le=3000)] = 160
    extendable_ms: Annotated[int, Field(ge=100, le=3000)] = 280
    unfinished_ms: Annotated[int, Field(ge=200, le=3000)] = 440
    unconfirmed_ms: Annotated[int, Field(ge=200, le=3000)] = 600
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


class DuckingSettings(Settings):
    """To how much of their volume media players are turned down while somebody talks with a satellite in their area."""

    enabled: bool = True
    volume: Percent = 30.0

    @field_serializer("volume")
    def _as_written(self, volume: float) -> str:
        return f"{volume:g} %"


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
    satellites: SatellitesSettings = SatellitesSettings()
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
    ducking: DuckingSettings = DuckingSettings()
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
