"""The registries of a Home Assistant, and the names and areas that follow from them. Pure.

A row that is not as it should be is left out; nothing else suffers from it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from roomtone_server.home.base import Area, Floor

# Guards memory and the recogniser: a home of more can be spoken of in part only.
MAX_ENTITIES: Final = 4096
MAX_AREAS: Final = 512
MAX_ALIASES: Final = 32  # of one thing
MAX_NAME_CHARACTERS: Final = 120

# Whose exposure counts: the assistant of Home Assistant's own voice pipelines.
ASSISTANT: Final = "conversation"

ADMINISTRATORS: Final = "system-admin"  # the id of their group

_Id = Annotated[str, Field(min_length=1, max_length=255)]
_ENTITY_ID: Final = re.compile(r"[a-z0-9_]{1,64}\.[a-z0-9_]{1,190}")
_EntityId = Annotated[str, Field(pattern=f"^{_ENTITY_ID.pattern}$")]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class AreaRow(_Row):
    area_id: _Id
    name: str
    aliases: Sequence[str] = ()
    floor_id: str | None = None


class FloorRow(_Row):
    floor_id: _Id
    name: str
    aliases: Sequence[str] = ()


class EntityRow(_Row):
    """In `aliases` None stands for the entity's own name."""

    entity_id: _EntityId
    aliases: Sequence[str | None] = (None,)
    area_id: str | None = None
    device_id: str | None = None


class UserRow(_Row):
    id: _Id
    is_active: bool
    is_owner: bool
    group_ids: Sequence[str]


R = TypeVar("R", bound=_Row)


def rows(kind: type[R], listed: object) -> Sequence[R]:
    """Those that are as they should be."""
    found = []
    for each in listed if isinstance(listed, list) else ():
        try:
            found.append(kind.model_validate(each))
        except ValidationError:
            continue
    return found


def exposed_ids(told: object) -> Sequence[str]:
    """What its assistant may speak of, by name, as `homeassistant/expose_entity/list` tells it."""
    listed = told.get("exposed_entities") if isinstance(told, dict) else None
    entities = listed if isinstance(listed, dict) else {}
    to_it = (each for each, to in entities.items() if isinstance(to, dict) and to.get(ASSISTANT) is True)
    return sorted(filter(_ENTITY_ID.fullmatch, to_it))[:MAX_ENTITIES]


def administrators(told: object) -> frozenset[str]:
    """The ids of those users who may do everything, from `config/auth/list`."""
    users = (each for each in rows(UserRow, told) if each.is_active)
    return frozenset(each.id for each in users if each.is_owner or ADMINISTRATORS in each.group_ids)


def areas_by_device(told: object) -> Mapping[str, str]:
    """The areas of devices, by id, from `config/device_registry/list`: of a large home some thousand."""
    listed = told if isinstance(told, list) else []
    found = ((row.get("id"), row.get("area_id")) for row in listed if isinstance(row, dict))
    return {device: area for device, area in found if isinstance(device, str) and isinstance(area, str)}


@dataclass(frozen=True, slots=True)
class Registry:
    """What is known of the home but for its states."""

    areas: Mapping[str, AreaRow] = field(default_factory=dict)  # by id
    floors: Mapping[str, FloorRow] = field(default_factory=dict)
    entities: Mapping[str, EntityRow] = field(default_factory=dict)  # exposed ones
    area_of_device: Mapping[str, str] = field(default_factory=dict)

    def named_areas(self) -> tuple[Area, ...]:
        areas = sorted(self.areas.values(), key=lambda area: area.area_id)[:MAX_AREAS]
        return tuple(
            Area(names[0], names[1:], self._floor(area))
            for area in areas
            if (names := _names([area.name, *area.aliases]))
        )

    def _floor(self, area: AreaRow) -> Floor | None:
        row = self.floors.get(area.floor_id or "")
        names = _names([row.name, *row.aliases]) if row is not None else ()
        return Floor(names[0], names[1:]) if names else None

    def area_id(self, name: str | None) -> str | None:
        """Of the area that is called so."""
        if name is None:
            return None
        said = name.casefold()
        for area in self.areas.values():
            if said in {each.casefold() for each in (area.name, *area.aliases)}:
                return area.area_id
        return None

    def area_of(self, entity_id: str) -> str | None:
        """The name of the area in which an entity, or else its device, is."""
        row = self.entities.get(entity_id)
        if row is None:
            return None
        return self.name_of_area(row.area_id or self.area_of_device.get(row.device_id or ""))

    def name_of_area(self, area_id: str | None) -> str | None:
        area = self.areas.get(area_id or "")
        names = _names([area.name]) if area is not None else ()
        return names[0] if names else None

    def names_of(self, entity_id: str, own_name: str) -> tuple[str, ...]:
        """What an entity may be called, the usual first: its own name stands where its aliases say, or alone."""
        row = self.entities.get(entity_id)
        aliases = row.aliases if row is not None and row.aliases else (None,)
        return _names(own_name if alias is None else alias for alias in aliases)


def _names(written: Iterable[str]) -> tuple[str, ...]:
    """On one line each, and each once."""
    lines = (" ".join("".join(sign if sign.isprintable() else " " for sign in name).split()) for name in written)
    names = dict.fromkeys(line[:MAX_NAME_CHARACTERS].rstrip() for line in lines if line)
    return tuple(names)[: MAX_ALIASES + 1]


def by_entity(told: Any) -> Mapping[str, EntityRow]:  # noqa: ANN401 - as JSON has it
    """The rows of `config/entity_registry/get_entries`; an entity that is in no registry has none."""
    listed = list(told.values()) if isinstance(told, dict) else []
    return {row.entity_id: row for row in rows(EntityRow, listed)}
