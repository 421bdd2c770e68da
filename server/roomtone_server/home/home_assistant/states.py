"""States as a Home Assistant sends them, in pieces: what was added, what has changed, what is gone. Pure.

Of an entity's attributes those are kept that somebody here asks for, and of those what has a plain shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

MAX_STATE_CHARACTERS: Final = 255  # Home Assistant's own limit
MAX_VALUES: Final = 64  # in an attribute that is a list
MAX_ITEMS: Final = 500  # of one list

KEPT: Final = frozenset(
    {
        "brightness",
        "color_temp_kelvin",
        "current_humidity",
        "current_position",
        "current_temperature",
        "device_class",
        "fan_mode",
        "fan_modes",
        "friendly_name",
        "humidity",
        "hvac_modes",
        "is_volume_muted",
        "max_temp",
        "media_artist",
        "media_title",
        "min_temp",
        "percentage",
        "rgb_color",
        "supported_color_modes",
        "supported_features",
        "temperature",
        "temperature_unit",
        "unit_of_measurement",
        "volume_level",
        "wind_speed",
    }
)


@dataclass(frozen=True, slots=True)
class State:
    state: str
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The entity's own."""
        return str(self.attributes.get("friendly_name", ""))


def changed(states: Mapping[str, State], event: Mapping[str, Any]) -> Mapping[str, State | None]:
    """What an event of `subscribe_entities` makes of the states that it speaks of; None: the entity is gone."""
    after: dict[str, State | None] = {}
    for entity_id, told in _mapping(event.get("a")).items():
        after[entity_id] = _state(_mapping(told))
    for entity_id, told in _mapping(event.get("c")).items():
        before = states.get(entity_id)
        if before is not None:
            after[entity_id] = _with(before, _mapping(told))
    for entity_id in _strings(event.get("r")):
        after[entity_id] = None
    return after


def _state(told: Mapping[str, Any]) -> State:
    return State(_text(told.get("s"), "unknown"), _kept(_mapping(told.get("a"))))


def _with(before: State, told: Mapping[str, Any]) -> State:
    added, removed = _mapping(told.get("+")), _mapping(told.get("-"))
    gone = set(_strings(removed.get("a")))
    attributes = {name: value for name, value in before.attributes.items() if name not in gone}
    return State(_text(added.get("s"), before.state), {**attributes, **_kept(_mapping(added.get("a")))})


def _kept(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in attributes.items() if name in KEPT and _is_plain(value)}


def _is_plain(value: object) -> bool:
    if isinstance(value, list):
        return len(value) <= MAX_VALUES and not any(isinstance(each, list) or not _is_plain(each) for each in value)
    return value is None or isinstance(value, int | float) or (isinstance(value, str) and len(value) <= 4 * 255)


def items_of(event: Mapping[str, Any]) -> list[dict[str, str]]:
    """What stands on a list, as an event of `todo/item/subscribe` tells it; as the virtual home's lists have it."""
    listed = event.get("items")
    items = [_mapping(each) for each in listed[:MAX_ITEMS]] if isinstance(listed, list) else []
    return [
        {"summary": _text(item["summary"], ""), "status": "completed" if done else "needs_action"}
        for item in items
        if isinstance(item.get("summary"), str)
        for done in [item.get("status") == "completed"]
    ]


def _mapping(told: object) -> Mapping[str, Any]:
    return told if isinstance(told, dict) else {}


def _strings(told: object) -> list[str]:
    return [each for each in told if isinstance(each, str)] if isinstance(told, list) else []


def _text(told: object, otherwise: str) -> str:
    return told[:MAX_STATE_CHARACTERS] if isinstance(told, str) else otherwise
