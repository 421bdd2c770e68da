"""Who of Home Assistant's users is an administrator. Its sidebar shows an add-on's page to these alone, but its ingress
lets any user in who knows the address: so Home Assistant is asked."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from roomtone.errors import HomeError
from roomtone_server.home.base import Home

ASKED_EVERY_S: Final = 60.0
ASKED_AGAIN_S: Final = 5.0  # after it could not answer

_log = logging.getLogger(__name__)


class Administrators:
    def __init__(self, home: Home, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._home = home
        self._monotonic = monotonic
        self._known: frozenset[str] = frozenset()
        self._asked_next_at = 0.0
        self._asking = asyncio.Lock()

    async def has(self, user: str) -> bool:
        """As of a minute ago at most, or as it last was, while Home Assistant cannot answer."""
        async with self._asking:
            if self._monotonic() >= self._asked_next_at:
                await self._ask()
        return user in self._known

    async def _ask(self) -> None:
        try:
            self._known = await self._home.administrators()
            patience_s = ASKED_EVERY_S
        except HomeError as problem:
            _log.warning("who administers Home Assistant is not known: %s", problem)
            patience_s = ASKED_AGAIN_S
        self._asked_next_at = self._monotonic() + patience_s
