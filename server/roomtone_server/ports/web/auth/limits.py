"""How often somebody may try a secret: so that guessing takes longer than anybody lives."""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from roomtone_server.ports.web.allowance import Allowance


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` tries at once, then one every `refill_s`."""

    burst: int
    refill_s: float


EACH_ADDRESS: Final = Rate(burst=5, refill_s=30.0)  # somebody who mistypes is let in; a program has 2 tries a minute
ALL_ADDRESSES: Final = Rate(burst=30, refill_s=10.0)  # with IPv6, one machine has any number of addresses
MAX_REMEMBERED: Final = 1024  # guards memory; whoever is forgotten is still counted among all


class Tries:
    """Pure: `now` is a monotonic time in seconds."""

    def __init__(self, each: Rate = EACH_ADDRESS, together: Rate = ALL_ADDRESSES) -> None:
        self._each = each
        self._all = _allowance(together)
        self._buckets: OrderedDict[str, Allowance] = OrderedDict()  # whoever tried last stands last

    def take(self, address: str, now: float) -> float:
        """Counts a try: 0.0. Or the seconds until there may be one; then nothing is counted."""
        own = self._of(address)
        if wait_s := max(own.wait_s(1, now), self._all.wait_s(1, now)):
            return wait_s
        own.spend(1, now)
        self._all.spend(1, now)
        return 0.0

    def give_back(self, address: str) -> None:
        """The last try was right: it counts for nothing, nor do the ones before it."""
        self._buckets.pop(_place(address), None)
        self._all.give_back(1)

    def _of(self, address: str) -> Allowance:
        place = _place(address)
        own = self._buckets.setdefault(place, _allowance(self._each))
        self._buckets.move_to_end(place)
        if len(self._buckets) > MAX_REMEMBERED:
            self._buckets.popitem(last=False)
        return own


def _allowance(rate: Rate) -> Allowance:
    return Allowance(rate.refill_s, rate.burst)


def _place(address: str) -> str:
    """Who has one IPv6 address has the whole /64 around it."""
    ip = ipaddress.ip_address(address)
    if ip.version == 4:
        return address
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
