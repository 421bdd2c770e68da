"""What happens in the house, told to whoever listens at `GET /api/events`."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Any, Final, cast

from aiohttp import web

from roomtone.errors import StoreError
from roomtone_server.home.base import Home
from roomtone_server.ports.web.api.endpoint import AnyEndpoint, Call, Endpoint, Media, any_of
from roomtone_server.ports.web.api.home import entity_of
from roomtone_server.ports.web.api.levels import tell_levels
from roomtone_server.ports.web.api.live import EVENTS_TYPE, Live, Topic
from roomtone_server.ports.web.api.requests import Listen
from roomtone_server.ports.web.api.shapes import HealthChanged, SatellitesChanged, TurnEnded, TurnEvent
from roomtone_server.ports.web.api.turns import summary_of
from roomtone_server.runtime.house import House
from roomtone_server.store.base import TurnStore
from roomtone_server.telemetry.trace import TraceEvent

LOOK_S: Final = 2.0  # from one look at the health to the next, which costs some microseconds

_LOGGER: Final = logging.getLogger(__name__)


def event_endpoints(live: Live) -> Sequence[AnyEndpoint]:
    async def listen(call: Call[Listen]) -> web.StreamResponse:
        topics = cast("list[Topic]", call.parameters.topics.split(","))
        return await live.stream(call.request, topics)

    return any_of(
        Endpoint(
            "GET",
            "/api/events",
            "read",
            "What happens, as it happens: server-sent events",
            listen,
            Listen,
            answer=Media((EVENTS_TYPE,)),
            refusals={503: "Too many listen already."},
        )
    )


class Happenings:
    """Follows the house, and tells."""

    def __init__(
        self, live: Live, house: House, home: Home, turns: TurnStore, health: Callable[[], dict[str, Any]]
    ) -> None:
        """`health` is the report that /health gives."""
        self._live = live
        self._house = house
        self._home = home
        self._turns = turns
        self._health = health

    async def tell(self) -> None:
        """For ever."""
        followings = (self._tell_turns, self._tell_satellites, self._tell_levels, self._tell_home, self._tell_health)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._live.keep_alive(), name="web: keep alive")
                for following in followings:
                    tasks.create_task(following(), name=f"web: {following.__name__.strip('_')}")
        finally:
            self._live.let_go()

    async def _tell_turns(self) -> None:
        with self._house.parts.trace.watch() as events:
            while True:
                event = await events.get()
                if not self._live.is_heard("turns"):
                    continue
                if event.what == "kept":
                    await self._tell_kept(event)
                else:
                    self._live.tell("turns", "turn", _told(event))

    async def _tell_kept(self, event: TraceEvent) -> None:
        try:
            found = await self._turns.find(event.data["number"])
        except StoreError as problem:  # the recorder says it in the faults
            _LOGGER.debug("a turn is not told: %s", problem)
            return
        if found is not None:
            ended = TurnEnded(**dict(summary_of(found)), turn=event.turn)
            self._live.tell("turns", "turn-ended", ended)

    async def _tell_satellites(self) -> None:
        async with aclosing(self._house.changes()) as changes:
            async for _ in changes:
                self._live.tell("satellites", "satellites", SatellitesChanged())

    async def _tell_levels(self) -> None:
        await tell_levels(self._live, self._house)

    async def _tell_home(self) -> None:
        async with aclosing(self._home.states()) as states:
            async for entities in states:
                for entity in entities if self._live.is_heard("home") else ():
                    self._live.tell("home", "state", entity_of(entity))

    async def _tell_health(self) -> None:
        told: HealthChanged | None = None
        while True:
            await self._live.somebody()
            report = self._health()
            now = HealthChanged(status=report["status"], faults=report["faults"])
            if told is not None and now != told:
                self._live.tell("health", "health", now)
            told = now
            await asyncio.sleep(LOOK_S)


def _told(event: TraceEvent) -> TurnEvent:
    at_ms = round(event.at_ns / 1e6, 1)
    return TurnEvent(satellite=event.satellite, turn=event.turn, at_ms=at_ms, what=event.what, data=event.data)
