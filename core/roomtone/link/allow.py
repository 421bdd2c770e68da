"""Who may speak plain Wyoming with us: it proves nobody, so addresses have to do.

Loopback always may; any other address must lie in a network that the settings name. Whoever is refused is logged once.
"""

import ipaddress
import logging
from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import AfterValidator

_LOGGER = logging.getLogger(__name__)

LOOPBACK: Final = "127.0.0.1"
MAX_REMEMBERED: Final = 256  # guards memory and the log: with IPv6, one machine has any number of addresses


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
