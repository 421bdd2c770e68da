"""Where a Home Assistant is, and what it is told to be let in."""

import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from roomtone.errors import HomeError
from roomtone_server.home.base import HomeSettings

# The Supervisor gives it to an add-on that may talk to Home Assistant, and is its address inside.
SUPERVISOR_TOKEN: Final = "SUPERVISOR_TOKEN"  # noqa: S105 - a variable's name
_SUPERVISOR_SOCKET: Final = "ws://supervisor/core/websocket"
_SUPERVISOR_API: Final = "http://supervisor/core/api"

Url = Annotated[str, Field(pattern=r"^https?://[^/\s?#@]+(/[^\s?#]*)?$")]


class HomeAssistantSettings(HomeSettings):
    """`url` and `token` may be left out in an add-on, where the Supervisor gives both."""

    url: Url | None = Field(default=None, description="as in a browser: http://homeassistant.local:8123")
    token: SecretStr | None = Field(default=None, description="a long-lived access token of an administrator's")
    verify_ssl: bool = Field(default=True, description="whether its certificate must be one that is trusted")
    ca_file: Path | None = Field(default=None, description="the certificates to trust instead of the system's")
    fallback: Literal["llm", "home-assistant"] = Field(
        default="llm", description="who answers what is no command of ours: the language model, or its own agent"
    )
    conversation_agent: Annotated[str, Field(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)?$|^[A-Za-z0-9]{26,32}$")] = Field(
        default="conversation.home_assistant", description="which of its agents that is"
    )
    connect_s: float = Field(default=5.0, gt=0, le=60, description="how long it may take to be reached")
    call_s: float = Field(default=10.0, gt=0, le=60, description="how long it may take to do something")

    @field_validator("token")
    @classmethod
    def _one_line(cls, token: SecretStr | None) -> SecretStr | None:
        """It is sent in a header."""
        if token is not None:
            written = token.get_secret_value()
            if not (written and written.isascii() and written.isprintable() and " " not in written):
                raise ValueError("this is no token: copy it again")
        return token

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.url is None and self.token is not None:
            raise ValueError("`url` is missing: where Home Assistant is, as in http://homeassistant.local:8123")
        if self.url is not None and self.token is None:
            raise ValueError("`token` is missing: make one there, at the end of your profile's Security page")
        if self.url is None and not os.environ.get(SUPERVISOR_TOKEN):
            raise ValueError("`url` and `token` are missing: where Home Assistant is, and a long-lived access token")
        return self


@dataclass(frozen=True, slots=True)
class Place:
    """One Home Assistant, and how errors call it."""

    name: str
    socket_url: str
    api_url: str  # without a slash at its end
    token: str = field(repr=False)


def place_of(settings: HomeAssistantSettings) -> Place:
    """The one of the settings; without an address in them, the one around the add-on."""
    if settings.url is None or settings.token is None:
        token = os.environ.get(SUPERVISOR_TOKEN, "")
        return Place("Home Assistant", _SUPERVISOR_SOCKET, _SUPERVISOR_API, token)
    url = settings.url.rstrip("/")
    name = f"Home Assistant at {url.partition('://')[2]}"
    return Place(name, f"ws{url.removeprefix('http')}/api/websocket", f"{url}/api", settings.token.get_secret_value())


def trust(settings: HomeAssistantSettings) -> ssl.SSLContext:
    """What certificates must be like. Reads files, which takes 50 ms. Raises HomeError."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_file.expanduser() if settings.ca_file else None)
    except OSError as problem:
        why = "it holds no certificate" if isinstance(problem, ssl.SSLError) else problem.strerror
        raise HomeError(f"home: ca_file: {settings.ca_file} cannot be read ({why})") from problem
    if not settings.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
