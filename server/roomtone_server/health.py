"""What runs here and how it fares, as /health and the local command line tell it."""

import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from roomtone import __version__

if TYPE_CHECKING:  # for the server's start: see `roomtone_server.server`
    from roomtone.engines import Chosen
    from roomtone_server.engines.chains.chain import Chain
    from roomtone_server.engines.chains.provider import Chained
    from roomtone_server.home.base import Home
    from roomtone_server.runtime.house import House


class Health:
    """Filled by the server as it starts; read by whoever asks. Tells no secret: /health is open."""

    def __init__(self, name: str) -> None:
        self.ready = False
        self.house: House | None = None
        self.home: Home | None = None
        self.engines: Mapping[str, Chosen | Chained] = {}  # by kind, once they are chosen
        self.chains: Mapping[str, Chain[Any]] = {}  # as above
        self._name = name
        self._started_at = time.monotonic()

    def report(self) -> dict[str, Any]:
        """As JSON: `status` is "starting" until satellites are let in, then "ok", or "degraded" while `faults` tells
        what failed the last time it was tried, or an engine of `chains` does not work: there, see `EngineStatus`."""
        faults = dict(self.house.parts.faults) if self.house else {}
        if self.home is not None and (fault := self.home.fault()):
            faults["home"] = fault
        chains = {kind: [asdict(status) for status in chain.status()] for kind, chain in self.chains.items()}
        is_whole = not faults and all(each["state"] == "works" for chain in chains.values() for each in chain)
        return {
            "status": "starting" if not self.ready else "ok" if is_whole else "degraded",
            "faults": faults,
            "name": self._name,
            "version": __version__,
            "uptime_s": round(time.monotonic() - self._started_at, 1),
            "engines": {kind: {"name": chosen.name, "why": chosen.why} for kind, chosen in self.engines.items()},
            "chains": chains,
            "satellites": [satellite.name for satellite in self.house.satellites] if self.house else [],
        }

    async def status(self, _arguments: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        """The control socket's verb."""
        yield self.owners_report()

    def owners_report(self) -> dict[str, Any]:
        """The report, and what is the business of those alone who were let in."""
        return self.report() | {"unheard_names": self.house.unheard_names if self.house else []}
