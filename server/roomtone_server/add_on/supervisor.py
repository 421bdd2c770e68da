"""What an add-on asks the Supervisor, and tells it.

It gives each add-on a token in SUPERVISOR_TOKEN, and answers at http://supervisor, with JSON objects: `result` is "ok",
with `data`, or "error", with `message`. /network/info takes `hassio_api` in the add-on's configuration.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeVar

from pydantic import BaseModel, IPvAnyInterface, ValidationError

from roomtone.errors import SupervisorError
from roomtone.logs import escaped

if TYPE_CHECKING:  # for the start of servers that are no add-ons
    import aiohttp

MAX_ANSWER_BYTES: Final = 1024 * 1024  # guards memory
PATIENCE_S: Final = 10.0  # for each answer; the Supervisor may be busy with a backup
_SHOWN_CHARACTERS: Final = 200


@dataclass(frozen=True, slots=True)
class Outside:
    """How the add-on is reached from outside of its container."""

    hostname: str  # by Home Assistant, and other add-ons
    addresses: tuple[str, ...]  # by all others: the host's, IPv4 first
    ports: Mapping[int, int]  # of the container -> of the host; one that is missing is closed to all others


class Supervisor:
    def __init__(self, token: str, url: str = "http://supervisor") -> None:
        self._headers = {"Authorization": f"Bearer {token}"}
        self._url = url.rstrip("/")

    @classmethod
    def of_this_add_on(cls) -> Self | None:
        """None where this is no add-on. $SUPERVISOR_API is where it answers, if not at its usual place."""
        token = os.environ.get("SUPERVISOR_TOKEN")
        return cls(token, os.environ.get("SUPERVISOR_API", "http://supervisor")) if token else None

    async def outside(self) -> Outside:
        """Raises SupervisorError."""
        add_on = await self._ask("GET", "/addons/self/info", _AddOn)
        network = await self._ask("GET", "/network/info", _Network)
        return Outside(add_on.hostname, network.addresses(), add_on.tcp_ports())

    async def discovered(self, service: str, config: Mapping[str, Any]) -> None:
        """Home Assistant is offered the service, now and after each of its restarts. It is not taken back when the
        add-on stops: Home Assistant would forget what its owner has set up. Raises SupervisorError."""
        await self._ask("POST", "/discovery", _Anything, {"service": service, "config": dict(config)})

    async def _ask(self, method: str, path: str, model: "type[M]", body: object = None) -> "M":
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
        try:
            async with (
                aiohttp.ClientSession(headers=self._headers, timeout=timeout) as session,
                session.request(method, self._url + path, json=body, allow_redirects=False) as response,
            ):
                answer = await _whole(response)
        except (aiohttp.ClientError, TimeoutError) as problem:
            why = str(problem) or "it does not answer"
            raise SupervisorError(f"the Supervisor cannot be asked for {path}: {why}") from problem
        try:
            told = _Answer.model_validate_json(answer)
            if told.result == "ok":
                return model.model_validate(told.data)
        except ValidationError as problem:
            raise SupervisorError(f"the Supervisor's answer to {path} (HTTP {response.status}) is none") from problem
        reason = escaped(told.message[:_SHOWN_CHARACTERS])
        raise SupervisorError(f"the Supervisor refuses {path} (HTTP {response.status}): {reason}")


async def _whole(response: "aiohttp.ClientResponse") -> bytes:
    """The body. One that is too long is cut, and so no JSON."""
    body = bytearray()
    async for piece in response.content.iter_any():
        body += piece
        if len(body) > MAX_ANSWER_BYTES:
            break
    return bytes(body[:MAX_ANSWER_BYTES])


class _Answer(BaseModel):
    result: Literal["ok", "error"]
    data: Any = None
    message: str = ""


class _Anything(BaseModel):
    pass


class _AddOn(BaseModel):
    hostname: str
    network: dict[str, int | None] | None = None  # "10760/tcp": 10760

    def tcp_ports(self) -> dict[int, int]:
        mapped = {}
        for inside, outside in (self.network or {}).items():
            number, _, protocol = inside.partition("/")
            if outside is not None and number.isdecimal() and protocol in ("", "tcp"):
                mapped[int(number)] = outside
        return mapped


class _Addresses(BaseModel):
    address: list[IPvAnyInterface] = []  # with the length of their prefix: "192.168.1.5/24"


class _Interface(BaseModel):
    enabled: bool = True
    ipv4: _Addresses | None = None
    ipv6: _Addresses | None = None


class _Network(BaseModel):
    interfaces: list[_Interface]

    def addresses(self) -> tuple[str, ...]:
        """IPv4 first. An IPv6 link-local address means nothing without the reader's own interface."""
        enabled = [each for each in self.interfaces if each.enabled]
        families = ([each.ipv4 for each in enabled], [each.ipv6 for each in enabled])
        addresses = [own.ip for family in families for each in family if each is not None for own in each.address]
        return tuple(str(each) for each in addresses if not (each.is_loopback or each.is_link_local))


M = TypeVar("M", bound=BaseModel)
