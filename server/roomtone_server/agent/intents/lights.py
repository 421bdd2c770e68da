"""Brightness, colour and colour temperature."""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Final

from roomtone_server.agent.intents.switching import with_data
from roomtone_server.agent.planning import CannotDo, Command, Plan, Reply, Situation
from roomtone_server.agent.targets import meant
from roomtone_server.home.base import Entity, ServiceCall

# Home Assistant's colour modes that can show a colour, or a shade of white.
_COLOR_MODES: Final = frozenset({"hs", "rgb", "rgbw", "rgbww", "xy"})


def light_set(command: Command, situation: Situation) -> Plan:
    lights = meant(command, situation)
    values = command.values
    data: dict[str, Any] = {}
    if "brightness" in values:
        data["brightness_pct"] = values["brightness"]
        lights = _able(lights, lambda modes: modes != {"onoff"})
    if "color" in values:
        data["color_name"] = values["color"]
        lights = _able(lights, lambda modes: bool(modes & _COLOR_MODES))
    if "temperature" in values:
        data["color_temp_kelvin"] = values["temperature"]
        lights = _able(lights, lambda modes: bool(modes & {"color_temp", *_COLOR_MODES}))
    return Plan(Reply(command.response), calls=[ServiceCall("light.turn_on", light.id, data) for light in lights])


def _able(lights: Sequence[Entity], can: Callable[[AbstractSet[str]], bool]) -> Sequence[Entity]:
    """Those that can; one that does not say what it can may."""
    able = [
        light
        for light in lights
        if (modes := light.attributes.get("supported_color_modes")) is None or can(frozenset(modes))
    ]
    if not able:
        raise CannotDo("not_able", name=lights[0].name) if len(lights) == 1 else CannotDo("feature_not_supported")
    return able


def light_step(command: Command, situation: Situation) -> Plan:
    """Brighter or darker; darker concerns those that are on."""
    lights = meant(command, situation, "light")
    if command.values["brightness_step_pct"] < 0:
        lit = [light for light in lights if light.state == "on"]
        if not lit:
            raise CannotDo("not_lit", name=lights[0].name if len(lights) == 1 else None)
        lights = lit
    return with_data(command, lights, "light.turn_on", "brightness_step_pct")
