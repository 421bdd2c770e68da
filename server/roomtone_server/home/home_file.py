"""The virtual home's file: its schema, and one clear sentence for whatever is wrong in it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from roomtone.errors import HomeError
from roomtone_server.home.base import Area, Entity, Floor, ServiceCall
from roomtone_server.home.domains import DOMAINS


def _as_state(value: object) -> object:
    """YAML reads an unquoted on, off or 62 as something else than the text that was meant."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value) if isinstance(value, int | float) else value


Spoken = Annotated[str, Field(min_length=1, max_length=64)]
State = Annotated[str, BeforeValidator(_as_state), Field(max_length=255)]  # 255: Home Assistant's own limit
Percentage = Annotated[int, Field(ge=0, le=100)]
Channel = Annotated[int, Field(ge=0, le=255)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AreaEntry(_Entry):
    name: Spoken
    aliases: tuple[Spoken, ...] = ()
    floor: Spoken | None = None


class CallEntry(_Entry):
    """A step of a scene or a script."""

    service: str
    entity: str
    data: dict[str, Any] = {}


class EntityEntry(_Entry):
    id: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$", max_length=255)]
    name: Spoken
    area: str | None = None
    aliases: tuple[Spoken, ...] = ()
    device_class: str | None = None
    state: State | None = None
    # Attributes, with Home Assistant's names; `domains` says which domain has which.
    brightness: Channel | None = None
    color: bool | None = None  # a light: whether it has colours
    dimmable: bool | None = None  # a light: whether it has levels; it has, unless this says no
    rgb_color: tuple[Channel, Channel, Channel] | None = None
    color_temp_kelvin: Annotated[int, Field(ge=1000, le=40000)] | None = None
    temperature: int | float | None = None
    temperature_unit: str | None = None
    current_temperature: int | float | None = None
    min_temp: int | float | None = None
    max_temp: int | float | None = None
    fan_mode: str | None = None
    fan_modes: tuple[str, ...] | None = None
    humidity: int | float | None = None
    wind_speed: int | float | None = None
    current_position: Percentage | None = None
    percentage: Percentage | None = None
    volume_level: Annotated[float, Field(ge=0, le=1)] | None = None
    is_volume_muted: bool | None = None
    media_title: str | None = None
    media_artist: str | None = None
    media_track: Annotated[int, Field(ge=1)] | None = None
    unit: str | None = None  # of a sensor's state
    items: tuple[str, ...] | None = None  # on a list, not yet done
    calls: tuple[CallEntry, ...] | None = None  # what a scene or a script does

    @property
    def domain(self) -> str:
        return self.id.partition(".")[0]

    @model_validator(mode="after")
    def _fits_its_domain(self) -> Self:
        if (domain := DOMAINS.get(self.domain)) is None:
            raise ValueError(f"there is no domain {self.domain!r}; known are: {_listed(DOMAINS)}")
        if strange := self.model_fields_set - _OF_EVERY_DOMAIN - domain.attributes:
            allowed = _listed(domain.attributes) or "none"
            raise ValueError(f"a {self.domain} has no {_listed(strange)}; its attributes are: {allowed}")
        if domain.states and self.state is not None and self.state not in domain.states:
            raise ValueError(f"a {self.domain} has no state {self.state!r}; its states are: {_listed(domain.states)}")
        classes = domain.device_classes
        if classes is not None and self.device_class is not None and self.device_class not in classes:
            raise ValueError(f"{self.domain} has no device_class {self.device_class!r}; known are: {_listed(classes)}")
        return self


_OF_EVERY_DOMAIN: Final = frozenset({"id", "name", "area", "aliases", "device_class", "state"})


class HomeFile(_Entry):
    areas: tuple[AreaEntry, ...] = ()
    entities: tuple[EntityEntry, ...] = ()

    def parts(self) -> tuple[list[Area], list[Entity]]:
        """The home as it is before anything has happened in it."""
        areas = [Area(area.name, area.aliases, Floor(area.floor) if area.floor else None) for area in self.areas]
        return areas, [_entity(entry) for entry in self.entities]

    def calls(self) -> dict[str, tuple[ServiceCall, ...]]:
        """What each scene and script does, by its id."""
        return {
            entry.id: tuple(ServiceCall(call.service, call.entity, call.data) for call in entry.calls)
            for entry in self.entities
            if entry.calls
        }


def read_home_file(path: Path) -> HomeFile:
    """Reads and checks a home. Raises HomeError: the file, the line, the entity, what is wrong, what is allowed."""
    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except OSError as problem:
        raise HomeError(f"the home {path} cannot be read: {problem.strerror}") from problem
    except UnicodeDecodeError as problem:
        raise HomeError(f"the home {path} cannot be read: {problem}") from problem
    except yaml.YAMLError as problem:
        raise HomeError(f"the home {path} is not YAML: {problem}") from problem
    try:
        home = HomeFile.model_validate(content or {})
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        message = first["msg"].removeprefix("Value error, ")
        raise _error(path, root, first["loc"], _place(content, first["loc"]) + message) from problem
    _check_names(path, root, home)
    return home


def _check_names(path: Path, root: yaml.Node | None, home: HomeFile) -> None:
    """Whatever one entry says of another: its area, what its calls speak to, and that no id is used twice."""
    areas = [area.name for area in home.areas]
    ids = Counter(entry.id for entry in home.entities)
    for number, entry in enumerate(home.entities):
        where = ("entities", number)
        if ids[entry.id] > 1:
            raise _error(path, root, where, f"the entity {entry.id} is there {ids[entry.id]} times")
        if entry.area is not None and entry.area not in areas:
            known = _listed(areas) or "none"
            raise _error(path, root, (*where, "area"), f"{entry.id}: there is no area {entry.area!r}; known: {known}")
        for call in entry.calls or ():
            if call.entity not in ids:
                raise _error(path, root, (*where, "calls"), f"{entry.id} calls {call.entity}, which is no entity")


def _entity(entry: EntityEntry) -> Entity:
    attributes = entry.model_dump(
        mode="json", exclude=set(_OF_EVERY_DOMAIN) | {"color", "dimmable", "unit", "items", "calls"}, exclude_none=True
    )
    state = DOMAINS[entry.domain].first_state if entry.state is None else entry.state
    if entry.domain == "light":
        attributes["supported_color_modes"] = _color_modes(entry)
    if entry.unit is not None:
        attributes["unit_of_measurement"] = entry.unit
    if entry.domain == "weather":
        attributes.setdefault("temperature_unit", "°C")
    if entry.domain == "todo":
        items = entry.items or ()
        attributes["items"] = [{"summary": item, "status": "needs_action"} for item in items]
        state = str(len(items))
    return Entity(
        id=entry.id,
        name=entry.name,
        state=state,
        area=entry.area,
        aliases=entry.aliases,
        device_class=entry.device_class,
        attributes=attributes,
    )


def _color_modes(entry: EntityEntry) -> list[str]:
    if entry.color:
        return ["color_temp", "rgb"]
    return ["onoff"] if entry.dimmable is False else ["brightness"]


def _error(path: Path, root: yaml.Node | None, where: Sequence[int | str], message: str) -> HomeError:
    return HomeError(f"{path}, line {_line(root, where)}: {message}")


def _place(content: object, where: Sequence[int | str]) -> str:
    """Names the entity, and the key in it, that an error speaks of."""
    entity = ""
    if isinstance(content, dict) and len(where) > 1 and where[0] == "entities":
        entry = content["entities"][where[1]]
        entity = str(entry.get("id", "an entity without id")) if isinstance(entry, dict) else f"entity {where[1]}"
        where = where[2:]
    key = ".".join(str(part) for part in where)
    return ": ".join([part for part in (entity, key) if part] + [""])


def _line(node: yaml.Node | None, where: Sequence[int | str]) -> int:
    """The line of what `where` leads to, or of the last part of it that is there."""
    line = 1 if node is None else node.start_mark.line + 1
    for step in where:
        below: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            below = next((value for key, value in node.value if key.value == step), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            below = node.value[step]
        if below is None:
            break
        node, line = below, below.start_mark.line + 1
    return line


def _listed(names: object) -> str:
    assert isinstance(names, Sequence | frozenset | set | dict)
    return ", ".join(names if isinstance(names, Sequence) else sorted(names))
