"""The clocks that the agent reads; tests set them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final


def _local_now() -> datetime:
    return datetime.now(UTC).astimezone()


@dataclass(frozen=True, slots=True)
class Clocks:
    monotonic: Callable[[], float] = time.monotonic  # in s; the event loop's own
    wall: Callable[[], float] = time.time  # in s since the Unix epoch: for what must outlive a restart
    local_now: Callable[[], datetime] = _local_now  # for "what time is it"


SYSTEM_CLOCKS: Final = Clocks()
