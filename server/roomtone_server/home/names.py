"""The words of a home, gathered for the recogniser and the intents."""

import operator
from collections.abc import Sequence

from roomtone_server.grammar.vocabulary import NamedArea, NamedFloor, NamedThing, Vocabulary
from roomtone_server.home.base import Area, Entity


def vocabulary_of(areas: Sequence[Area], entities: Sequence[Entity], language: str) -> Vocabulary:
    """Every name and alias; equal for homes whose names are the same, whatever their states."""
    return Words(language).of(areas, entities)


class Words:
    """Gathers the words of one home again and again: only what has changed since the last time costs anything."""

    def __init__(self, language: str) -> None:
        self._language = language
        self._entities: Sequence[Entity] = ()
        self._vocabulary = Vocabulary(language)

    def of(self, areas: Sequence[Area], entities: Sequence[Entity]) -> Vocabulary:
        """As `vocabulary_of`; the same object while nothing but states changes."""
        named = tuple(NamedArea((area.name, *area.aliases)) for area in areas)
        floors = {area.floor: None for area in areas if area.floor is not None}
        named_floors = tuple(NamedFloor((floor.name, *floor.aliases)) for floor in floors)
        vocabulary = Vocabulary(self._language, named, self._things(entities), named_floors)
        self._entities = entities
        if vocabulary != self._vocabulary:
            self._vocabulary = vocabulary
        return self._vocabulary

    def _things(self, entities: Sequence[Entity]) -> tuple[NamedThing, ...]:
        if len(entities) == len(self._entities) and all(map(operator.is_, entities, self._entities)):
            return self._vocabulary.things
        known = {id(entity): thing for entity, thing in zip(self._entities, self._vocabulary.things, strict=True)}
        return tuple([known.get(id(entity)) or _thing(entity) for entity in entities])


def _thing(entity: Entity) -> NamedThing:
    return NamedThing(entity.id, (entity.name, *entity.aliases), entity.area, entity.device_class)
