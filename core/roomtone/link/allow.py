"""Who may speak plain Wyoming with us: it proves nobody, so addresses have to do.

Loopback always may; any other address must lie in a network that the settings name. Whoever is refused is told so, and
the log tells it once for each address.
"""

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Annotated, Final

from pydantic import AfterValidator
from wyoming.error import Error

from roomtone.errors import LinkError
from roomtone.link.connection import Link

_LOGGER = logging.getLogger(__name__)

LOOPBACK: Final = "127.0.0.1"
MAX_REMEMBERED: Final = 256  # guards memory and the log: with IPv6, one machine has any number of addresses
_FAREWELL_S: Final = 1.0  # for the peer to read why, before its connection is cut


def _network(text: str) -> str:
    ipaddress.ip_network(text, strict=False)  # a ValueError of its own says what is wrong
    return text


# As settings take it: "192.168.1.5", or a network such as "192.168.1.0/24" or "fd00::/8".
NetworkText = Annotated[str, AfterValidator(_network)]


class AllowList:
    """Addresses and networks, and loopback. `setting` is the key by which the owner allows more: "home.allow"."""

    def __init__(self, networks: Iterable[str], *, setting: str) -> None:
        """Raises ValueError for what is neither an address nor a network."""
        self._networks = [ipaddress.ip_network(text, strict=False) for text in networks]
        self._setting = setting
        self._refused: set[str] = set()

    @property
    def host(self) -> str | None:
        """Where to listen: on loopback alone while nobody else may come, else on every address, None."""
        return LOOPBACK if all(network.is_loopback for network in self._networks) else None

    def admits(self, address: str) -> bool:
        """Whether this one may come in, an IP address as a socket tells it; False is logged, once for each."""
        peer = ipaddress.ip_address(address.partition("%")[0].removeprefix("::ffff:"))
        if peer.is_loopback or any(peer in network for network in self._networks):
            return True
        if address not in self._refused and len(self._refused) < MAX_REMEMBERED:
            self._refused.add(address)
            _LOGGER.warning("refused %s, which is not allowed here: %s", address, self.remedy(address))
        return False

    def remedy(self, address: str) -> str:
        return f"to let it in, add {address} to `{self._setting}` in the settings"


def admitting(allow: AllowList, handler: Callable[[Link], Awaitable[None]]) -> Callable[[Link], Awaitable[None]]:
    """The handler, for peers that may come in; the others are refused."""

    async def attend(link: Link) -> None:
        if allow.admits(link.host):
            await handler(link)
        else:
            await refuse(link, f"{link.host} is not allowed here: {allow.remedy(link.host)}", "not-allowed")

    return attend


async def refuse(link: Link, why: str, code: str) -> None:
    """Tells a peer of plain Wyoming why it is turned away, and lets it read that; its handler then returns."""
    with suppress(LinkError, TimeoutError):
        link.send(Error(why, code).event())
        async with asyncio.timeout(_FAREWELL_S):
            while True:  # to close upon what is unread would reset the connection, and take the reason back
                await link.receive()
