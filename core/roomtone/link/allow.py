"""Who may speak plain Wyoming with us: it proves nobody, so addresses have to do.

Loopback always may; any other address must lie in a network that the settings name. Whoever is refused is logged once.
"""

import ipaddress
import logging
import socket
from collections.abc import Iterable
from typing import Annotated, Final

from pydantic import AfterValidator

_LOGGER = logging.getLogger(__name__)

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_ANY_PORT: Final = 9  # nothing is sent to it
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

    def reached_at(self) -> tuple[str, ...]:
        """The addresses of this machine at which those who may come reach it, as far as there is a way to them now:
        what to announce, since an address of another network leads nowhere for them."""
        found = (_own_address_towards(network) for network in self._networks if not network.is_loopback)
        return tuple(dict.fromkeys(address for address in found if address is not None))

    def remedy(self, address: str) -> str:
        return f"to let it in, add {address} to `{self._setting}` in the settings"


def _own_address_towards(network: _Network) -> str | None:
    """Asks the routing table, by a datagram's way that is not sent."""
    family = socket.AF_INET if network.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((str(network[1 if network.num_addresses > 2 else 0]), _ANY_PORT))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if ipaddress.ip_address(address.partition("%")[0]).is_loopback else address
