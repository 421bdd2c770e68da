"""How long a service is waited for, and what is said when that was too long."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from pydantic import Field

from roomtone.engines import EngineSettings
from roomtone.errors import EngineError


class ServiceSettings(EngineSettings):
    """The settings of an engine that asks a service on this machine or another."""

    connect_s: float = Field(default=3.0, gt=0, le=60, description="how long the service may take to be reached")


class Patience:
    """The setting `first`, in seconds, from now until something came; then the setting `then` each time."""

    def __init__(self, where: str, settings: ServiceSettings, first: str, then: str) -> None:
        """`where` stands in errors, beside the setting that ran out."""
        self._where = where
        self._settings = settings
        self._then = then
        self._allow(first)

    @contextlib.asynccontextmanager
    async def wait(self) -> AsyncIterator[None]:
        """Around each wait. Raises EngineError when it takes too long."""
        try:
            async with asyncio.timeout_at(self._due):
                yield
        except TimeoutError as problem:
            raise EngineError(
                f"{self._where} was silent for {self._limit_s:g} s: see what keeps it busy, or raise `{self._limit}`"
            ) from problem

    def came(self) -> None:
        """Something did."""
        self._allow(self._then)

    def _allow(self, limit: str) -> None:
        self._limit = limit
        self._limit_s: float = getattr(self._settings, limit)
        self._due = asyncio.get_running_loop().time() + self._limit_s
