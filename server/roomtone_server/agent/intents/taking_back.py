"""Undo, and "what did you say"."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from roomtone_server.agent.planning import CannotDo, Command, Deed, Plan, Reply, Situation
from roomtone_server.agent.timers import CancelTimer
from roomtone_server.home.base import Entity, ServiceCall

# The service that leads back to a state. Of a thermostat, and of a light that was on, more must be said: see below.
_TO_STATE: Final[Mapping[str, Mapping[str, str]]] = {
    "alarm_control_panel": {
        "armed_away": "alarm_arm_away",
        "armed_home": "alarm_arm_home",
        "armed_night": "alarm_arm_night",
        "disarmed": "alarm_disarm",
    },
    "cover": {"closed": "close_cover", "open": "open_cover"},
    "fan": {"off": "turn_off", "on": "turn_on"},
    "input_boolean": {"off": "turn_off", "on": "turn_on"},
    "lawn_mower": {"docked": "dock", "mowing": "start_mowing", "paused": "pause"},
    "light": {"off": "turn_off"},
    "lock": {"locked": "lock", "unlocked": "unlock"},
    "media_player": {
        "idle": "media_stop",
        "off": "turn_off",
        "on": "turn_on",
        "paused": "media_pause",
        "playing": "media_play",
    },
    "switch": {"off": "turn_off", "on": "turn_on"},
    "vacuum": {"cleaning": "start", "docked": "return_to_base", "idle": "stop", "paused": "pause"},
    "valve": {"closed": "close_valve", "open": "open_valve"},
}

# The service that sets an attribute, and what the attribute is called there.
_TO_ATTRIBUTE: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "climate": {"fan_mode": ("set_fan_mode", "fan_mode"), "temperature": ("set_temperature", "temperature")},
    "cover": {"current_position": ("set_cover_position", "position")},
    "fan": {"percentage": ("set_percentage", "percentage")},
    "media_player": {
        "is_volume_muted": ("volume_mute", "is_volume_muted"),
        "volume_level": ("volume_set", "volume_level"),
    },
    "valve": {"current_position": ("set_valve_position", "position")},
}

_OF_A_LIGHT: Final = ("brightness", "rgb_color", "color_temp_kelvin")

# What leaves no state behind that would tell how to go back, but can be done the other way round.
_OPPOSITE: Final[Mapping[str, str]] = {
    "media_player.media_next_track": "media_player.media_previous_track",
    "media_player.media_previous_track": "media_player.media_next_track",
    "todo.add_item": "todo.remove_item",
    "todo.remove_item": "todo.add_item",
}

# What has happened, and cannot be made not to have happened.
_FOR_GOOD: Final = frozenset({"button", "input_button", "scene", "script"})
_PLAYED: Final = "media_player.play_media"

_ITEM_UPDATED: Final = "todo.update_item"


def undo(command: Command, situation: Situation) -> Plan:
    """States as they were before the last command of the conversation; says what cannot be taken back."""
    deed = situation.last_deed
    if deed is None:
        raise CannotDo("nothing_to_undo")
    now = {entity.id: entity for entity in situation.entities}
    lost = _lost(deed, now)
    back = [entity for entity in deed.before if entity.id not in lost]
    calls = [call for entity in back for call in restoring(entity, now[entity.id])]
    calls += _opposites(deed.calls)
    return Plan(
        Reply(
            command.response,
            slots={
                "names": [entity.name for entity in back],
                "lost": [entity.name for entity in deed.before if entity.id in lost],
                "timers_gone": sum(isinstance(change, CancelTimer) for change in deed.timers),
                "timers_back": sum(not isinstance(change, CancelTimer) for change in deed.timers),
                "notes": len(deed.notes),
            },
        ),
        calls,
        deed.timers,
        deed.notes,
    )


def repeat(command: Command, situation: Situation) -> Plan:
    if not situation.last_reply:
        raise CannotDo("nothing_said")
    return Plan(Reply(command.response, slots={"text": situation.last_reply}))


def restoring(before: Entity, now: Entity) -> Sequence[ServiceCall]:
    """The calls that make an entity what it was before; none when it is."""
    if before.domain == "light" and before.state == "on":
        return _lit(before, now)
    calls: list[ServiceCall] = []
    attributes = _TO_ATTRIBUTE.get(before.domain, {})
    changed = {
        key: value
        for key in attributes
        if (value := before.attributes.get(key)) is not None and value != now.attributes.get(key)
    }
    if before.state != now.state and "current_position" not in changed:
        calls += _to_state(before)
    if before.state == "off":
        return calls  # what it was set to while it was off does not matter
    for key, value in changed.items():
        service, slot = attributes[key]
        calls.append(_call(before, service, {slot: value}))
    return calls


def _lit(before: Entity, now: Entity) -> Sequence[ServiceCall]:
    looks = {key: value for key in _OF_A_LIGHT if (value := before.attributes.get(key)) is not None}
    if "color_temp_kelvin" in looks:  # Home Assistant tells of a white as a colour too, and takes it as one thing only
        looks.pop("rgb_color", None)
    if now.state == "on" and all(now.attributes.get(key) == value for key, value in looks.items()):
        return []
    return [_call(before, "turn_on", looks)]


def _to_state(before: Entity) -> Sequence[ServiceCall]:
    if before.domain == "climate":
        return [_call(before, "set_hvac_mode", {"hvac_mode": before.state})]
    service = _TO_STATE.get(before.domain, {}).get(before.state)
    return [] if service is None else [_call(before, service, {})]


def _call(entity: Entity, service: str, data: Mapping[str, Any]) -> ServiceCall:
    return ServiceCall(f"{entity.domain}.{service}", entity.id, data)


def _opposites(made: Sequence[ServiceCall]) -> Iterator[ServiceCall]:
    """The last first; but what was taken off a list, in one go, comes back in the order in which it stood there."""
    for _, alike in reversed([(service, list(run)) for service, run in groupby(made, lambda call: call.service)]):
        for call in alike:
            yield from _opposite(call)


def _opposite(made: ServiceCall) -> Sequence[ServiceCall]:
    if made.service in _OPPOSITE:
        return [ServiceCall(_OPPOSITE[made.service], made.entity, made.data)]
    if made.service == _ITEM_UPDATED:
        return [ServiceCall(made.service, made.entity, {**made.data, "status": "needs_action"})]
    return []


def _lost(deed: Deed, now: Mapping[str, Entity]) -> set[str]:
    """The ids of those that cannot be what they were."""
    played = {call.entity for call in deed.calls if call.service == _PLAYED}
    gone = {entity.id for entity in deed.before if entity.id not in now}
    return played | gone | {entity.id for entity in deed.before if entity.domain in _FOR_GOOD}
