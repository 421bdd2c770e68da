"""How often somebody may try a secret: so that guessing takes longer than anybody lives."""

import ipaddress
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` tries at once, then one every `refill_s`."""

    burst: int
    refill_s: float


EACH_ADDRESS: Final = Rate(burst=5, refill_s=30.0)  # somebody who mistypes is let in; a program has 2 tries a minute
ALL_ADDRESSES: Final = Rate(burst=30, refill_s=10.0)  # with IPv6, one machine has any number of addresses
MAX_REMEMBERED: Final = 1024  # guards memory; whoever is forgotten is still counted among all


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float

    def refill(self, rate: Rate, now: float) -> None:
        self.left = min(float(rate.burst), self.left + (now - self.at) / rate.refill_s)
        self.at = now

    def wait_s(self, rate: Rate) -> float:
        return max(0.0, (1.0 - self.left) * rate.refill_s)


class Tries:
    """Pure: `now` is a monotonic time in seconds."""

    def __init__(self, each: Rate = EACH_ADDRESS, together: Rate = ALL_ADDRESSES) -> None:
        self._each = each
        self._together = together
        self._all = _Bucket(together.burst, 0.0)
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()  # whoever tried last stands last

    def take(self, address: str, now: float) -> float:
        """Counts a try: 0.0. Or the seconds until there may be one; then nothing is counted."""
        bucket = self._bucket(address, now)
        self._all.refill(self._together, now)
        if wait_s := max(bucket.wait_s(self._each), self._all.wait_s(self._together)):
            return wait_s
        bucket.left -= 1.0
        self._all.left -= 1.0
        return 0.0

    def give_back(self, address: str) -> None:
        """The last try was right: it counts for nothing, nor do the ones before it."""
        self._buckets.pop(_place(address), None)
        self._all.left += 1.0

    def _bucket(self, address: str, now: float) -> _Bucket:
        place = _place(address)
        bucket = self._buckets.setdefault(place, _Bucket(self._each.burst, now))
        self._buckets.move_to_end(place)
        if len(self._buckets) > MAX_REMEMBERED:
            self._buckets.popitem(last=False)
        bucket.refill(self._each, now)
        return bucket


def _place(address: str) -> str:
    """Who has one IPv6 address has the whole /64 around it."""
    ip = ipaddress.ip_address(address)
    if ip.version == 4:
        return address
    return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
