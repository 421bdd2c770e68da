"""Tells many that something has changed, and not how often."""

import asyncio
from collections.abc import AsyncGenerator


class Bell:
    """One event loop. Who is slow hears several rings as one."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Event] = set()

    def ring(self) -> None:
        for rung in self._listeners:
            rung.set()

    async def rings(self) -> AsyncGenerator[None, None]:
        """At once, and then after each ring, until it is closed."""
        rung = asyncio.Event()
        self._listeners.add(rung)
        try:
            while True:
                rung.clear()
                yield
                await rung.wait()
        finally:
            self._listeners.discard(rung)
