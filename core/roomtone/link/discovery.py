"""How a satellite finds its server without being told, the server a service, and Home Assistant both: DNS-SD over
multicast DNS, on every interface.

What is heard is anybody's word. It only says where to dial; the pin decides whether that was the server.
"""

import asyncio
import ipaddress
import logging
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

import ifaddr
from zeroconf import Error as ZeroconfError
from zeroconf import IPVersion, ServiceInfo, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from roomtone.errors import LinkError
from roomtone.link.allow import AllowList
from roomtone.link.background import alongside
from roomtone.link.events import PROTOCOL, printable
from roomtone.link.pairing import FINGERPRINT_BYTES

_LOGGER = logging.getLogger(__name__)

SERVICE: Final = "_roomtone._tcp.local."
MAX_ANNOUNCEMENTS: Final = (
    64  # guards memory and the network: anyone can announce thousands, each then asked for details
)
MAX_HOSTS: Final = 16  # guards the satellite's time: it dials each address of a server
_NAME_BYTES: Final = 56  # a DNS label has 63; the rest is for the number behind a name that is taken
_TEXT_CHARACTERS: Final = 60  # with its key, and whatever the script, within the 255 bytes of a TXT string
_DETAILS_S: Final = 3.0  # for the answer of a server that was announced, where it is
ADDRESSES_S: Final = 15.0  # how soon a new address of this machine is announced: Wi-Fi may come after us


@dataclass(frozen=True, slots=True)
class FoundServer:
    """A server as it announces itself; nothing of it is proven."""

    name: str
    hosts: tuple[str, ...]  # addresses to dial, at least one
    port: int
    fingerprint16: bytes  # the first 16 bytes of its certificate's SHA-256
    area: str | None = None


@dataclass(frozen=True, slots=True)
class FoundService:
    """A service of another kind as it announces itself; nothing of it is proven."""

    name: str
    hosts: tuple[str, ...]  # addresses to dial, at least one
    port: int


F = TypeVar("F", FoundServer, FoundService)
Host = str | tuple[str, ...] | None


@asynccontextmanager
async def advertise(
    name: str, port: int, *, fingerprint: bytes, area: str | None = None, host: Host = None
) -> AsyncIterator[None]:
    """Announces the server while the block runs, and takes it back at the end. A name that is taken gets a number:
    whether it is takes a second and a half to find out, before the block is entered.

    `host` is where the server is dialled, or several such addresses; None is every one of this machine, and those that
    come later are announced too. Raises LinkError when multicast does not work here.
    """
    texts = {"name": _clean(name), "protocol": str(PROTOCOL), "fp": fingerprint[:FINGERPRINT_BYTES].hex()}
    if area:
        texts["area"] = _clean(area)
    async with _announced(_Announcer(SERVICE, name, port, texts, host, f"roomtone-{texts['fp'][:8]}")):
        yield


@asynccontextmanager
async def advertise_service(
    service: str, name: str, port: int, *, texts: Mapping[str, str] | None = None, host: Host = None
) -> AsyncIterator[None]:
    """As `advertise`, of a service of any type (such as `_wyoming._tcp.local.`), with these TXT records and no other.
    Raises LinkError likewise."""
    cleaned = {key: _clean(text) for key, text in (texts or {}).items()}
    async with _announced(_Announcer(service, name, port, cleaned, host, f"roomtone-{secrets.token_hex(4)}")):
        yield


async def advertise_to(
    allow: AllowList, advertised: Callable[[tuple[str, ...]], AbstractAsyncContextManager[None]]
) -> None:
    """For ever, by the addresses at which those who may come reach us: Wi-Fi may come after us, and go."""
    while True:
        addresses = allow.reached_at()
        async with advertised(addresses) if addresses else nullcontext():
            while True:
                await asyncio.sleep(ADDRESSES_S)
                if allow.reached_at() != addresses:
                    break


async def find_servers(timeout_s: float) -> list[FoundServer]:
    """Every server that is heard within this time, by name. Raises LinkError when multicast does not work here."""
    found = await _browse(SERVICE, _as_server, timeout_s, lambda _: False)
    return sorted(found, key=lambda server: (server.name, server.fingerprint16))


async def find_server(fingerprint: bytes, timeout_s: float) -> FoundServer | None:
    """The server whose certificate's SHA-256 begins with these 16 bytes or more, as soon as it is heard; None when the
    time is up. Raises LinkError when multicast does not work here."""

    def is_it(server: FoundServer) -> bool:
        return server.fingerprint16 == fingerprint[:FINGERPRINT_BYTES]

    return next(filter(is_it, await _browse(SERVICE, _as_server, timeout_s, is_it)), None)


async def find_services(
    service: str, timeout_s: float, *, enough: Callable[[FoundService], bool] = lambda _: False
) -> list[FoundService]:
    """Every service of a type (such as `_wyoming._tcp.local.`) that is heard within this time, or until one is
    `enough`, by name. Raises LinkError when multicast does not work here."""
    found = await _browse(service, _as_service, timeout_s, enough)
    return sorted(found, key=lambda each: (each.name, each.hosts, each.port))


def own_addresses() -> list[str]:
    """The addresses of this machine that others can dial, IPv4 first; without any, those of loopback."""
    texts = [
        address.ip if isinstance(address.ip, str) else address.ip[0]
        for adapter in ifaddr.get_adapters()
        for address in adapter.ips
    ]
    addresses = [ipaddress.ip_address(text) for text in _in_order(set(texts))]
    # An IPv6 link-local address means nothing without the reader's own interface.
    others = [each for each in addresses if not each.is_loopback and not (each.version == 6 and each.is_link_local)]
    return [str(each) for each in others or addresses]


@asynccontextmanager
async def _announced(announcer: "_Announcer") -> AsyncIterator[None]:
    await announcer.announce()
    try:
        async with alongside(announcer.follow_addresses()):
            yield
    finally:
        await announcer.withdraw()


@dataclass(slots=True)
class _Announcer:
    """One announcement, renewed when the addresses change."""

    service: str
    name: str
    port: int
    texts: dict[str, str]
    host: Host
    machine: str  # a name of this machine's own, under which the addresses stand
    _addresses: list[str] = field(default_factory=list)
    _zeroconf: AsyncZeroconf | None = None

    async def announce(self) -> None:
        self._addresses = [self.host] if isinstance(self.host, str) else list(self.host or own_addresses())
        label = _clean(self.name).encode()[:_NAME_BYTES].decode(errors="ignore") or "Roomtone"
        info = ServiceInfo(
            self.service,
            f"{label}.{self.service}",
            port=self.port,
            properties=self.texts,
            parsed_addresses=self._addresses,
            server=f"{self.machine}.local.",
        )
        self._zeroconf = _open()
        try:
            # Cut short while it opens its sockets, it would lose them.
            await asyncio.shield(self._zeroconf.zeroconf.async_wait_for_start())
            await (await self._zeroconf.async_register_service(info, allow_name_change=True))
        except BaseException as problem:
            await self.withdraw()
            if isinstance(problem, ZeroconfError | OSError):
                raise LinkError(f"{label} cannot be announced on the network: {problem}") from problem
            raise

    async def withdraw(self) -> None:
        if self._zeroconf is not None:
            await self._zeroconf.async_close()
            self._zeroconf = None

    async def follow_addresses(self) -> None:
        while self.host is None:
            await asyncio.sleep(ADDRESSES_S)
            if own_addresses() == self._addresses:
                continue
            _LOGGER.info("the addresses of this machine changed: announcing %s anew", self.name)
            await self.withdraw()
            try:
                await self.announce()
            except LinkError as problem:
                _LOGGER.warning("%s; trying again in %g s", problem, ADDRESSES_S)
                self._addresses = []


@dataclass(slots=True)
class _Search(Generic[F]):
    """Asks each that is announced for its details, all at once."""

    zeroconf: Zeroconf
    service: str
    understood: Callable[[AsyncServiceInfo], F | None]
    enough: Callable[[F], bool]
    tasks: asyncio.TaskGroup
    found: dict[str, F] = field(default_factory=dict)
    satisfied: asyncio.Event = field(default_factory=asyncio.Event)
    _questions: list[asyncio.Task[None]] = field(default_factory=list)

    def heard(
        self,
        zeroconf: Zeroconf,  # noqa: ARG002 - called by keyword
        service_type: str,  # noqa: ARG002 - likewise
        name: str,
        state_change: ServiceStateChange,
    ) -> None:
        if state_change is not ServiceStateChange.Removed and len(self._questions) < MAX_ANNOUNCEMENTS:
            self._questions.append(self.tasks.create_task(self._ask(name)))

    def stop(self) -> None:
        for question in self._questions:
            question.cancel()

    async def _ask(self, name: str) -> None:
        info = AsyncServiceInfo(self.service, name)
        if await info.async_request(self.zeroconf, _DETAILS_S * 1000) and (found := self.understood(info)):
            self.found[name] = found
            if self.enough(found):
                self.satisfied.set()


async def _browse(
    service: str, understood: Callable[[AsyncServiceInfo], F | None], timeout_s: float, enough: Callable[[F], bool]
) -> list[F]:
    zeroconf = _open()
    try:
        # Cut short while it opens its sockets, it would lose them.
        await asyncio.shield(zeroconf.zeroconf.async_wait_for_start())
        async with asyncio.TaskGroup() as tasks:
            search = _Search(zeroconf.zeroconf, service, understood, enough, tasks)
            browser = AsyncServiceBrowser(zeroconf.zeroconf, service, handlers=[search.heard])
            try:
                async with asyncio.timeout(timeout_s):
                    await search.satisfied.wait()
            except TimeoutError:
                pass  # what was found until now is the answer
            finally:
                await browser.async_cancel()
                search.stop()
    except ZeroconfError as problem:
        raise LinkError(f"the network cannot be searched: {problem}") from problem
    finally:
        await zeroconf.async_close()
    return list(search.found.values())


def _open() -> AsyncZeroconf:
    try:
        return AsyncZeroconf(ip_version=IPVersion.V4Only)
    except (OSError, RuntimeError) as problem:
        raise LinkError(f"multicast does not work on this machine ({problem}): give addresses by hand") from problem


def _as_server(info: ServiceInfo) -> FoundServer | None:
    """What a stranger announced, bounded and cleaned; None when it is no server of ours."""
    try:
        fingerprint16 = bytes.fromhex(_text(info, b"fp"))
    except ValueError:
        return None
    service = _as_service(info)
    if service is None or len(fingerprint16) != FINGERPRINT_BYTES:
        return None
    return FoundServer(_text(info, b"name"), service.hosts, service.port, fingerprint16, _text(info, b"area") or None)


def _as_service(info: ServiceInfo) -> FoundService | None:
    """As above, of a service of any kind; None when nobody can dial it."""
    hosts = tuple(_in_order(info.parsed_scoped_addresses()[:MAX_HOSTS]))
    if not hosts or not info.port:
        return None
    return FoundService(_clean(info.name.removesuffix(f".{info.type}")), hosts, info.port)


def _in_order(addresses: Iterable[str]) -> list[str]:
    """IPv4 first, since it needs no luck at home; else stable, whatever order the network brought."""

    def rank(text: str) -> tuple[int, bytes]:
        address = ipaddress.ip_address(text)
        return address.version, address.packed

    return sorted(addresses, key=rank)


def _text(info: ServiceInfo, key: bytes) -> str:
    return _clean((info.properties.get(key) or b"").decode(errors="replace"))


def _clean(text: str) -> str:
    return printable(text)[:_TEXT_CHARACTERS]
