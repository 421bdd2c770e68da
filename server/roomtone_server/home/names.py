"""The words of a home, gathered for the recogniser and the intents."""

from collections.abc import Sequence

from roomtone_server.grammar.vocabulary import NamedArea, NamedThing, Vocabulary
from roomtone_server.home.base import Area, Entity


def vocabulary_of(areas: Sequence[Area], entities: Sequence[Entity], language: str) -> Vocabulary:
    """Every name and alias; equal for homes whose names are the same, whatever their states."""
    return Vocabulary(
        language=language,
        areas=tuple(NamedArea((area.name, *area.aliases)) for area in areas),
        things=tuple(
            NamedThing(entity.id, (entity.name, *entity.aliases), entity.area, entity.device_class)
            for entity in entities
        ),
    )
