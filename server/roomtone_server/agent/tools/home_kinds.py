"""Which intents are tools of the home: what each sets, and on what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

# What switching can be said of; a domain that only measures has nothing to switch.
_SWITCHED: Final = (
    "light", "switch", "fan", "cover", "lock", "media_player", "climate", "scene", "script", "valve", "button",
    "input_boolean", "input_button",
)  # fmt: skip


def _whole(description: str, least: int, most: int) -> Mapping[str, Any]:
    described = f"{description}, {least} to {most}"
    return {"type": "integer", "minimum": least, "maximum": most, "description": described}


@dataclass(frozen=True, slots=True)
class Kind:
    """What the tool of an intent needs to know of it. `values` are the schemas of what it sets; how things are named is
    the same for all."""

    intent: str
    description: str
    domains: Sequence[str]
    values: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    required: Sequence[str] = ()


KINDS: Final = (
    Kind("HassTurnOn", "Turns on, opens, locks, starts or presses things.", _SWITCHED),
    Kind("HassTurnOff", "Turns off, closes, unlocks or stops things.", _SWITCHED),
    Kind(
        "HassLightSet",
        "Sets brightness, color or color temperature of lights, and turns them on.",
        ("light",),
        {
            "brightness": _whole("percent", 0, 100),
            "color": {"type": "string", "description": "its English name"},
            "temperature": _whole("color temperature in kelvin", 1500, 10_000),
        },
    ),
    Kind(
        "HassSetPosition",
        "Opens covers or valves in part.",
        ("cover", "valve"),
        {"position": _whole("percent; 0 is closed", 0, 100)},
        ("position",),
    ),
    Kind(
        "HassClimateSetTemperature",
        "Sets the temperature that a thermostat keeps.",
        ("climate",),
        {"temperature": {"type": "number", "description": "in degrees"}},
        ("temperature",),
    ),
    Kind(
        "HassFanSetSpeed",
        "Sets how fast fans turn.",
        ("fan",),
        {"percentage": _whole("percent", 0, 100)},
        ("percentage",),
    ),
    Kind("HassMediaPause", "Pauses players.", ("media_player",)),
    Kind("HassMediaUnpause", "Lets paused players play on.", ("media_player",)),
    Kind("HassMediaNext", "Skips to what plays next.", ("media_player",)),
    Kind("HassMediaPrevious", "Goes back to what played before.", ("media_player",)),
    Kind("HassMediaPlayerMute", "Mutes players.", ("media_player",)),
    Kind("HassMediaPlayerUnmute", "Ends the muting of players.", ("media_player",)),
    Kind(
        "HassSetVolume",
        "Sets how loud players are.",
        ("media_player",),
        {"volume_level": _whole("percent", 0, 100)},
        ("volume_level",),
    ),
    Kind(
        "HassMediaSearchAndPlay",
        "Plays music or a film by its title, artist or kind.",
        ("media_player",),
        {"search_query": {"type": "string", "description": "what to look for"}},
        ("search_query",),
    ),
    Kind("HassVacuumStart", "Lets the vacuum cleaner clean.", ("vacuum",)),
    Kind("HassVacuumReturnToBase", "Sends the vacuum cleaner home.", ("vacuum",)),
    Kind("HassLawnMowerStartMowing", "Lets the lawn mower mow.", ("lawn_mower",)),
    Kind("HassLawnMowerDock", "Sends the lawn mower home.", ("lawn_mower",)),
    Kind(
        "RoomtoneArm",
        "Arms or disarms the alarm.",
        ("alarm_control_panel",),
        {"mode": {"type": "string", "enum": ["arm_away", "arm_home", "arm_night", "disarm"]}},
        ("mode",),
    ),
)
