"""Reads a home over one connection, and says when it has to be read again."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from roomtone_server.home.home_assistant.connection import Connection, Refused
from roomtone_server.home.home_assistant.registry import (
    AreaRow,
    EntityRow,
    FloorRow,
    Registry,
    areas_by_device,
    by_entity,
    exposed_ids,
    rows,
)
from roomtone_server.home.home_assistant.view import View

# So many entities are told at once: some hundred kilobytes, which are read within a few milliseconds.
PORTION: Final = 150
MAX_LISTS: Final = 32

_REGISTRIES: Final = ("area", "device", "entity", "floor")


class Reader:
    """Of one connection. Every method but `listen` needs somebody who listens, and raises HomeError."""

    def __init__(self, connection: Connection, view: View, language: str) -> None:
        self.doubted = asyncio.Event()  # something may be called otherwise, or be there no more
        self._connection = connection
        self._view = view
        self._language = language
        self._exposed: Sequence[str] = ()
        self._states: list[int] = []  # subscriptions
        self._lists: dict[str, int] = {}  # as above, by entity

    async def listen(self) -> None:
        """Until the connection ends. Whoever waits for doubts learns of the end when he reads then."""
        await self._connection.listen()
        self.doubted.set()

    async def begin(self) -> None:
        """Reads all, and has itself told of changes."""
        for registry in _REGISTRIES:
            await self._connection.subscribe(self._doubt, "subscribe_events", event_type=f"{registry}_registry_updated")
        await self._read(await self._exposed_now())
        if not self._exposed:
            await self.read()

    def _doubt(self, _event: Mapping[str, Any]) -> None:
        self.doubted.set()

    async def read(self) -> None:
        """Reads all again; states go on as they come. What is exposed by default is only decided when its assistant
        looks for it."""
        with contextlib.suppress(Refused):  # one without an assistant exposes what it exposes
            await self._connection.ask("conversation/prepare", language=self._language)
        await self._read(await self._exposed_now())

    async def has_changed(self) -> bool:
        """Whether other entities are exposed, which of those that are in no registry nobody tells."""
        return self._exposed != await self._exposed_now()

    async def _exposed_now(self) -> Sequence[str]:
        return exposed_ids(await self._connection.ask("homeassistant/expose_entity/list"))

    async def _read(self, exposed: Sequence[str]) -> None:
        ask = self._connection.ask
        areas = rows(AreaRow, await ask("config/area_registry/list"))
        floors = rows(FloorRow, await ask("config/floor_registry/list"))
        area_of_device = areas_by_device(await ask("config/device_registry/list"))
        entities: dict[str, EntityRow] = {}
        for some in _portions(exposed):
            entities |= by_entity(await ask("config/entity_registry/get_entries", entity_ids=some))
        registry = Registry(
            areas={row.area_id: row for row in areas},
            floors={row.floor_id: row for row in floors},
            entities=entities,
            area_of_device=area_of_device,
        )
        self._view.learn(registry, exposed)
        if exposed != self._exposed:
            await self._follow_states(exposed)
            await self._follow_lists(exposed)
            self._exposed = exposed

    async def _follow_states(self, exposed: Sequence[str]) -> None:
        """Returns when all of them are known."""
        before, self._states = self._states, []
        for some in _portions(exposed):
            take = self._view.take_states
            self._states.append(await self._connection.subscribe(take, "subscribe_entities", entity_ids=some))
            await self._connection.ask("ping")  # it answers in turn, and the states were first
        for number in before:
            await self._connection.unsubscribe(number)

    async def _follow_lists(self, exposed: Sequence[str]) -> None:
        lists = [each for each in exposed if each.startswith("todo.")][:MAX_LISTS]
        for entity_id in self._lists.keys() - set(lists):
            await self._connection.unsubscribe(self._lists.pop(entity_id))
        for entity_id in lists:
            if entity_id not in self._lists:
                take = partial(self._view.take_items, entity_id)
                with contextlib.suppress(Refused):  # a list that is not loaded has no items to tell
                    number = await self._connection.subscribe(take, "todo/item/subscribe", entity_id=entity_id)
                    self._lists[entity_id] = number


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[begin : begin + PORTION] for begin in range(0, len(ids), PORTION))
