"""The virtual home's domains: the states of each, and what its entities may say of themselves in the file."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

# Home Assistant's; a garage or a gate asks before it opens, so that a misspelt one must not pass.
COVER_CLASSES: Final = frozenset(
    {"awning", "blind", "curtain", "damper", "door", "garage", "gate", "shade", "shutter", "window"}
)


@dataclass(frozen=True, slots=True)
class Domain:
    """`states`: those allowed, the first that of an entity which names none; empty: any text will do."""

    states: tuple[str, ...] = ()
    attributes: AbstractSet[str] = frozenset()
    device_classes: AbstractSet[str] | None = None  # None: any

    @property
    def first_state(self) -> str:
        return self.states[0] if self.states else "unknown"


_ON_OFF: Final = ("off", "on")

DOMAINS: Final = {
    "alarm_control_panel": Domain(("disarmed", "armed_home", "armed_away", "armed_night", "triggered")),
    "binary_sensor": Domain(_ON_OFF),
    "button": Domain(),
    "climate": Domain(
        ("off", "heat", "cool", "heat_cool", "auto", "dry", "fan_only"),
        frozenset({"current_temperature", "temperature", "min_temp", "max_temp", "fan_mode", "fan_modes", "humidity"}),
    ),
    "cover": Domain(("closed", "open", "opening", "closing"), frozenset({"current_position"}), COVER_CLASSES),
    "fan": Domain(_ON_OFF, frozenset({"percentage"})),
    "input_boolean": Domain(_ON_OFF),
    "input_button": Domain(),
    "lawn_mower": Domain(("docked", "mowing", "paused", "returning", "error")),
    "light": Domain(_ON_OFF, frozenset({"brightness", "color", "dimmable", "rgb_color", "color_temp_kelvin"})),
    "lock": Domain(("locked", "unlocked", "jammed")),
    "media_player": Domain(
        ("off", "on", "idle", "playing", "paused"),
        frozenset({"volume_level", "is_volume_muted", "media_title", "media_artist", "media_track"}),
    ),
    "person": Domain(),
    "scene": Domain((), frozenset({"calls"})),
    "script": Domain(_ON_OFF, frozenset({"calls"})),
    "sensor": Domain((), frozenset({"unit"})),
    "switch": Domain(_ON_OFF),
    "todo": Domain((), frozenset({"items"})),
    "vacuum": Domain(("docked", "cleaning", "paused", "idle", "returning", "error")),
    "valve": Domain(("closed", "open", "opening", "closing"), frozenset({"current_position"})),
    "weather": Domain((), frozenset({"temperature", "temperature_unit", "humidity", "wind_speed"})),
}
