"""The clocks that the agent reads; tests set them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from typing_extensions import override


class LocalZone(tzinfo):
    """The zone of this machine, at any time of the year: the offset that `astimezone()` gives is that of one moment."""

    @override
    def utcoffset(self, dt: datetime | None) -> timedelta | None:
        return None if dt is None else dt.replace(tzinfo=None).astimezone().utcoffset()

    @override
    def dst(self, dt: datetime | None) -> timedelta | None:
        return None

    @override
    def tzname(self, dt: datetime | None) -> str | None:
        return None if dt is None else dt.replace(tzinfo=None).astimezone().tzname()

    @override
    def fromutc(self, dt: datetime) -> datetime:
        at = dt.replace(tzinfo=UTC).astimezone()
        local = at.replace(tzinfo=self)
        # The hour that comes twice: the second time it is the other one.
        return local if local.utcoffset() == at.utcoffset() else local.replace(fold=1)


LOCAL_ZONE: Final = LocalZone()


def _local_now() -> datetime:
    return datetime.now(LOCAL_ZONE)


@dataclass(frozen=True, slots=True)
class Clocks:
    monotonic: Callable[[], float] = time.monotonic  # in s; the event loop's own
    wall: Callable[[], float] = time.time  # in s since the Unix epoch: for what must outlive a restart
    local_now: Callable[[], datetime] = _local_now  # for "what time is it"


SYSTEM_CLOCKS: Final = Clocks()
