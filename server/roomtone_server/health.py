"""What runs here and how it fares, as /health and the local command line tell it."""

import time
from collections.abc import AsyncGenerator
from typing import Any

from roomtone import __version__
from roomtone.engines import Chosen, Kind
from roomtone_server.runtime.house import House


class Health:
    """Filled by the server as it starts; read by whoever asks. Tells no secret: /health is open."""

    def __init__(self, name: str, engines: dict[Kind, Chosen]) -> None:
        self.ready = False
        self.house: House | None = None
        self._name = name
        self._engines = engines
        self._started_at = time.monotonic()

    def report(self) -> dict[str, Any]:
        """As JSON: `status` is "starting" until satellites are let in, then "ok", or "degraded" while `faults` tells
        what failed the last time it was tried."""
        faults = dict(self.house.parts.faults) if self.house else {}
        return {
            "status": "starting" if not self.ready else "degraded" if faults else "ok",
            "faults": faults,
            "name": self._name,
            "version": __version__,
            "uptime_s": round(time.monotonic() - self._started_at, 1),
            "engines": {kind: {"name": chosen.spec.name, "why": chosen.why} for kind, chosen in self._engines.items()},
            "satellites": [satellite.name for satellite in self.house.satellites] if self.house else [],
        }

    async def status(self, _arguments: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The control socket's verb: the report, and what is the owner's business only."""
        yield self.report() | {"unheard_names": self.house.unheard_names if self.house else []}
