"""The home as it is now, as far as its Home Assistant has told: registries and states in one."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from roomtone_server.home.base import Area, Entity
from roomtone_server.home.changed import ChangedEntities
from roomtone_server.home.home_assistant.registry import Registry
from roomtone_server.home.home_assistant.states import State, changed, items_of


class View:
    """What was known stays known while nobody tells anything new."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.changed = ChangedEntities()
        self.renamed = asyncio.Event()  # by then something is called otherwise; a new one each time
        self._exposed: frozenset[str] = frozenset()
        self._states: dict[str, State] = {}
        self._items: dict[str, list[dict[str, str]]] = {}  # of lists, by entity id
        self._areas: tuple[Area, ...] = ()
        self._entities: dict[str, Entity] = {}
        self._listed: tuple[Entity, ...] | None = ()  # None: to be listed anew

    @property
    def areas(self) -> Sequence[Area]:
        return self._areas

    @property
    def entities(self) -> Sequence[Entity]:
        """Sorted by id; the same objects where nothing has changed."""
        if self._listed is None:
            self._listed = tuple(self._entities[each] for each in sorted(self._entities))
        return self._listed

    def find(self, entity_id: str) -> Entity | None:
        return self._entities.get(entity_id)

    def learn(self, registry: Registry, exposed: Iterable[str]) -> None:
        """Takes other registries; an entity that is not exposed is not there."""
        self.registry, self._exposed = registry, frozenset(exposed)
        areas = registry.named_areas()
        if areas != self._areas:
            self._areas = areas
            self._rename()
        for entity_id in self._states.keys() - self._exposed:
            del self._states[entity_id]
        self._items = {entity_id: items for entity_id, items in self._items.items() if entity_id in self._exposed}
        self._compose(self._states.keys() | self._entities.keys())

    def take_states(self, event: Mapping[str, Any]) -> None:
        """An event of `subscribe_entities`."""
        after = {each: state for each, state in changed(self._states, event).items() if each in self._exposed}
        for entity_id, state in after.items():
            if state is None:
                self._states.pop(entity_id, None)
            else:
                self._states[entity_id] = state
        self._compose(after)

    def take_items(self, entity_id: str, event: Mapping[str, Any]) -> None:
        """An event of `todo/item/subscribe`."""
        self._items[entity_id] = items_of(event)
        self._compose([entity_id])

    def _compose(self, entity_ids: Iterable[str]) -> None:
        """Makes some entities anew."""
        for entity_id in entity_ids:
            before, after = self._entities.get(entity_id), self._entity(entity_id)
            if after == before:
                continue
            if after is None:
                del self._entities[entity_id]
            else:
                self._entities[entity_id] = after
                self.changed.note([after])
            self._listed = None
            if _called(after) != _called(before):
                self._rename()

    def _entity(self, entity_id: str) -> Entity | None:
        """None for one that has no state, or no name."""
        state = self._states.get(entity_id)
        names = self.registry.names_of(entity_id, state.name) if state else ()
        if state is None or not names:
            return None
        items = {"items": self._items[entity_id]} if entity_id in self._items else {}
        device_class = state.attributes.get("device_class")
        return Entity(
            id=entity_id,
            name=names[0],
            state=state.state,
            area=self.registry.area_of(entity_id),
            aliases=names[1:],
            device_class=device_class if isinstance(device_class, str) else None,
            attributes={**state.attributes, **items},
        )

    def _rename(self) -> None:
        self.renamed.set()
        self.renamed = asyncio.Event()


def _called(entity: Entity | None) -> object:
    """All that the words of the home say of it."""
    return None if entity is None else (entity.name, entity.aliases, entity.area, entity.device_class)
