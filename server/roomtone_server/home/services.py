"""What the virtual home's services do: each a pure function from an entity and the call's data to the entity after it.

Names, data and the meaning of attributes are Home Assistant's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from roomtone.errors import HomeError
from roomtone_server.home.base import Entity, ServiceCall
from roomtone_server.home.colors import COLORS

Percentage = Annotated[float, Field(ge=0, le=100)]
Channel = Annotated[int, Field(ge=0, le=255)]
Spoken = Annotated[str, Field(min_length=1, max_length=255)]

FULL: Final = 255  # of brightness
VOLUME_STEP: Final = 0.1
DEFAULT_VOLUME: Final = 0.5
# The range in which Home Assistant keeps a thermostat that names none, in degrees Celsius.
DEFAULT_MIN_TEMP: Final = 7.0
DEFAULT_MAX_TEMP: Final = 35.0


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_color(name: str) -> str:
    if name not in COLORS:
        raise ValueError(f"there is no colour {name}; known are: {', '.join(COLORS)}")
    return name


class NoData(_Data):
    pass


class LightData(_Data):
    brightness: Channel | None = None
    brightness_pct: Percentage | None = None
    brightness_step_pct: Annotated[float, Field(ge=-100, le=100)] | None = None
    rgb_color: tuple[Channel, Channel, Channel] | None = None
    color_name: Annotated[str, AfterValidator(_known_color)] | None = None
    color_temp_kelvin: Annotated[int, Field(ge=1000, le=40000)] | None = None


class TemperatureData(_Data):
    temperature: int | float


class HvacModeData(_Data):
    hvac_mode: Literal["off", "heat", "cool", "heat_cool", "auto", "dry", "fan_only"]


class FanModeData(_Data):
    fan_mode: Spoken


class PositionData(_Data):
    position: Percentage


class PercentageData(_Data):
    percentage: Percentage


class VolumeData(_Data):
    volume_level: Annotated[float, Field(ge=0, le=1)]


class MuteData(_Data):
    is_volume_muted: bool


class MediaData(_Data):
    media_content_id: Spoken
    media_content_type: Spoken = "music"


class NewItemData(_Data):
    item: Spoken


class ItemData(_Data):
    item: Spoken
    status: Literal["needs_action", "completed"] = "completed"


def _with(entity: Entity, state: str | None = None, **attributes: Any) -> Entity:  # noqa: ANN401 - any attribute's value
    return replace(
        entity,
        state=entity.state if state is None else state,
        attributes={**entity.attributes, **attributes},
    )


def _to(state: str) -> Callable[[Entity, NoData], Entity]:
    return lambda entity, _data: _with(entity, state)


def _toggle(entity: Entity, _data: NoData) -> Entity:
    return _with(entity, "off" if entity.state == "on" else "on")


# Lights


def _light_on(entity: Entity, data: LightData) -> Entity:
    modes = entity.attributes.get("supported_color_modes", ["brightness"])
    if modes == ["onoff"]:
        if data.model_fields_set:
            raise HomeError(f"{entity.name} can only be switched on and off")
        return _with(entity, "on")
    level = _level(entity, data)
    if level == 0:
        return _light_off(entity, NoData())
    color = COLORS[data.color_name] if data.color_name else data.rgb_color
    if (color or data.color_temp_kelvin) and "rgb" not in modes:
        raise HomeError(f"{entity.name} has no colours")
    shade: dict[str, Any] = {}
    if color:
        shade = {"rgb_color": list(color), "color_temp_kelvin": None}
    elif data.color_temp_kelvin:
        shade = {"rgb_color": None, "color_temp_kelvin": data.color_temp_kelvin}
    return _with(entity, "on", brightness=level, **shade)


def _level(entity: Entity, data: LightData) -> int:
    """The brightness (0 to 255) after the call."""
    now = int(entity.attributes.get("brightness") or 0) if entity.state == "on" else 0
    if data.brightness is not None:
        return data.brightness
    if data.brightness_pct is not None:
        return round(data.brightness_pct * FULL / 100)
    if data.brightness_step_pct is not None:
        return max(0, min(FULL, now + round(data.brightness_step_pct * FULL / 100)))
    return now or FULL


def _light_off(entity: Entity, _data: NoData) -> Entity:
    modes = entity.attributes.get("supported_color_modes")
    return _with(entity, "off") if modes == ["onoff"] else _with(entity, "off", brightness=0)


def _light_toggle(entity: Entity, data: LightData) -> Entity:
    return _light_off(entity, NoData()) if entity.state == "on" else _light_on(entity, data)


# Climate


def _set_temperature(entity: Entity, data: TemperatureData) -> Entity:
    lowest = entity.attributes.get("min_temp", DEFAULT_MIN_TEMP)
    highest = entity.attributes.get("max_temp", DEFAULT_MAX_TEMP)
    if not lowest <= data.temperature <= highest:
        raise HomeError(f"{entity.name} takes {lowest:g} to {highest:g} degrees, not {data.temperature:g}")
    return _with(entity, temperature=data.temperature)


def _set_fan_mode(entity: Entity, data: FanModeData) -> Entity:
    modes = entity.attributes.get("fan_modes", ())
    if modes and data.fan_mode not in modes:
        raise HomeError(f"{entity.name} has no fan mode {data.fan_mode}; it has {', '.join(modes)}")
    return _with(entity, fan_mode=data.fan_mode)


# Covers and valves


def _position(entity: Entity, data: PositionData) -> Entity:
    return _with(entity, "open" if data.position > 0 else "closed", current_position=round(data.position))


def _open(entity: Entity, _data: NoData) -> Entity:
    return _position(entity, PositionData(position=100))


def _close(entity: Entity, _data: NoData) -> Entity:
    return _position(entity, PositionData(position=0))


def _cover_toggle(entity: Entity, data: NoData) -> Entity:
    return _close(entity, data) if entity.state == "open" else _open(entity, data)


def _stop(entity: Entity, _data: NoData) -> Entity:
    """A virtual cover moves at once: there is nothing left to stop."""
    return entity


# Fans


def _percentage(entity: Entity, data: PercentageData) -> Entity:
    return _with(entity, "on" if data.percentage > 0 else "off", percentage=round(data.percentage))


# Media players


def _player_toggle(entity: Entity, _data: NoData) -> Entity:
    return _with(entity, "on" if entity.state == "off" else "off")


def _track(step: int) -> Callable[[Entity, NoData], Entity]:
    def moved(entity: Entity, _data: NoData) -> Entity:
        return _with(entity, "playing", media_track=max(1, entity.attributes.get("media_track", 1) + step))

    return moved


def _volume(entity: Entity, data: VolumeData) -> Entity:
    return _with(entity, volume_level=round(data.volume_level, 3))


def _volume_by(step: float) -> Callable[[Entity, NoData], Entity]:
    def moved(entity: Entity, _data: NoData) -> Entity:
        level = entity.attributes.get("volume_level", DEFAULT_VOLUME) + step
        return _volume(entity, VolumeData(volume_level=max(0.0, min(1.0, level))))

    return moved


def _mute(entity: Entity, data: MuteData) -> Entity:
    return _with(entity, is_volume_muted=data.is_volume_muted)


def _play_media(entity: Entity, data: MediaData) -> Entity:
    return _with(entity, "playing", media_title=data.media_content_id, media_content_type=data.media_content_type)


def _play_pause(entity: Entity, _data: NoData) -> Entity:
    return _with(entity, "paused" if entity.state == "playing" else "playing")


# Lists


def _with_items(entity: Entity, items: list[dict[str, str]]) -> Entity:
    return _with(entity, str(sum(item["status"] == "needs_action" for item in items)), items=items)


def _add_item(entity: Entity, data: NewItemData) -> Entity:
    return _with_items(entity, [*entity.attributes["items"], {"summary": data.item, "status": "needs_action"}])


def _index(entity: Entity, wanted: str) -> int:
    """Where an item stands; one that is still to be done goes first. Raises HomeError when it is not on the list."""
    found = [
        (item["status"] == "completed", number)
        for number, item in enumerate(entity.attributes["items"])
        if item["summary"].casefold() == wanted.casefold()
    ]
    if not found:
        raise HomeError(f"{wanted} is not on {entity.name}")
    return min(found)[1]


def _remove_item(entity: Entity, data: NewItemData) -> Entity:
    gone = _index(entity, data.item)
    return _with_items(entity, [item for number, item in enumerate(entity.attributes["items"]) if number != gone])


def _update_item(entity: Entity, data: ItemData) -> Entity:
    changed = _index(entity, data.item)
    return _with_items(
        entity,
        [
            {**item, "status": data.status} if number == changed else item
            for number, item in enumerate(entity.attributes["items"])
        ],
    )


# What has no lasting state: Home Assistant keeps the moment in which it last happened.


def _pressed(entity: Entity, _data: NoData, now: datetime) -> Entity:
    return _with(entity, now.isoformat())


def _triggered(entity: Entity, _data: NoData, now: datetime) -> Entity:
    return _with(entity, last_triggered=now.isoformat())


D = TypeVar("D", bound=_Data)


@dataclass(frozen=True, slots=True)
class Service:
    data: type[_Data]
    apply: Callable[[Entity, Any, datetime], Entity]


def _service(data: type[D], apply: Callable[[Entity, D], Entity]) -> Service:
    return Service(data, lambda entity, given, _now: apply(entity, given))


def _switchable(domain: str) -> dict[str, Service]:
    return {
        f"{domain}.turn_on": _service(NoData, _to("on")),
        f"{domain}.turn_off": _service(NoData, _to("off")),
        f"{domain}.toggle": _service(NoData, _toggle),
    }


def _movable(domain: str) -> dict[str, Service]:
    return {
        f"{domain}.open_{domain}": _service(NoData, _open),
        f"{domain}.close_{domain}": _service(NoData, _close),
        f"{domain}.stop_{domain}": _service(NoData, _stop),
        f"{domain}.set_{domain}_position": _service(PositionData, _position),
        f"{domain}.toggle": _service(NoData, _cover_toggle),
    }


SERVICES: Final[Mapping[str, Service]] = {
    **_switchable("switch"),
    **_switchable("input_boolean"),
    **_switchable("fan"),
    "fan.set_percentage": _service(PercentageData, _percentage),
    "light.turn_on": _service(LightData, _light_on),
    "light.turn_off": _service(NoData, _light_off),
    "light.toggle": _service(LightData, _light_toggle),
    "climate.turn_on": _service(NoData, _to("heat")),
    "climate.turn_off": _service(NoData, _to("off")),
    "climate.set_temperature": _service(TemperatureData, _set_temperature),
    "climate.set_hvac_mode": _service(HvacModeData, lambda entity, data: _with(entity, data.hvac_mode)),
    "climate.set_fan_mode": _service(FanModeData, _set_fan_mode),
    **_movable("cover"),
    **_movable("valve"),
    "lock.lock": _service(NoData, _to("locked")),
    "lock.unlock": _service(NoData, _to("unlocked")),
    "media_player.turn_on": _service(NoData, _to("on")),
    "media_player.turn_off": _service(NoData, _to("off")),
    "media_player.toggle": _service(NoData, _player_toggle),
    "media_player.media_play": _service(NoData, _to("playing")),
    "media_player.media_pause": _service(NoData, _to("paused")),
    "media_player.media_stop": _service(NoData, _to("idle")),
    "media_player.media_play_pause": _service(NoData, _play_pause),
    "media_player.media_next_track": _service(NoData, _track(+1)),
    "media_player.media_previous_track": _service(NoData, _track(-1)),
    "media_player.play_media": _service(MediaData, _play_media),
    "media_player.volume_set": _service(VolumeData, _volume),
    "media_player.volume_up": _service(NoData, _volume_by(+VOLUME_STEP)),
    "media_player.volume_down": _service(NoData, _volume_by(-VOLUME_STEP)),
    "media_player.volume_mute": _service(MuteData, _mute),
    "vacuum.start": _service(NoData, _to("cleaning")),
    "vacuum.pause": _service(NoData, _to("paused")),
    "vacuum.stop": _service(NoData, _to("idle")),
    "vacuum.return_to_base": _service(NoData, _to("docked")),
    "lawn_mower.start_mowing": _service(NoData, _to("mowing")),
    "lawn_mower.pause": _service(NoData, _to("paused")),
    "lawn_mower.dock": _service(NoData, _to("docked")),
    "alarm_control_panel.alarm_arm_home": _service(NoData, _to("armed_home")),
    "alarm_control_panel.alarm_arm_away": _service(NoData, _to("armed_away")),
    "alarm_control_panel.alarm_arm_night": _service(NoData, _to("armed_night")),
    "alarm_control_panel.alarm_disarm": _service(NoData, _to("disarmed")),
    "scene.turn_on": Service(NoData, _pressed),
    "script.turn_on": Service(NoData, _triggered),
    "button.press": Service(NoData, _pressed),
    "input_button.press": Service(NoData, _pressed),
    "todo.add_item": _service(NewItemData, _add_item),
    "todo.remove_item": _service(NewItemData, _remove_item),
    "todo.update_item": _service(ItemData, _update_item),
}


def applied(entity: Entity, call: ServiceCall, now: datetime) -> Entity:
    """The entity after the call, made now. Raises HomeError: a service that its domain lacks, or data it refuses."""
    service = SERVICES.get(call.service)
    if service is None or not call.service.startswith(f"{entity.domain}."):
        known = [name for name in SERVICES if name.startswith(f"{entity.domain}.")]
        raise HomeError(f"{entity.id} has no service {call.service}; it has: {', '.join(known) or 'none'}")
    try:
        data = service.data.model_validate(dict(call.data))
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise HomeError(f"{call.service} on {entity.id}: {where}: {message}") from problem
    return service.apply(entity, data, now)
