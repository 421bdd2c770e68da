"""Thermostats: what they are set to, and how warm it is."""

from typing import Final

from roomtone_server.agent.intents.switching import with_data
from roomtone_server.agent.planning import CannotDo, Command, Plan, Reply, Situation
from roomtone_server.agent.targets import nearest
from roomtone_server.home.base import Entity, ServiceCall

_THERMOMETER: Final = ("sensor", "temperature")  # domain, device class


def set_temperature(command: Command, situation: Situation) -> Plan:
    return with_data(command, nearest(command, situation, "climate"), "climate.set_temperature", "temperature")


def step_temperature(command: Command, situation: Situation) -> Plan:
    """Warmer or colder than what each is set to."""
    step = command.values["temperature_step"]
    targets = {each.id: each.attributes.get("temperature") for each in nearest(command, situation, "climate")}
    wanted = {thermostat: target + step for thermostat, target in targets.items() if target is not None}
    if not wanted:
        raise CannotDo("feature_not_supported")
    return Plan(
        Reply(command.response, slots={"temperature": f"{next(iter(wanted.values())):g}"}),
        [ServiceCall("climate.set_temperature", each, {"temperature": degrees}) for each, degrees in wanted.items()],
    )


def set_fan_mode(command: Command, situation: Situation) -> Plan:
    return with_data(command, nearest(command, situation, "climate"), "climate.set_fan_mode", "fan_mode")


def get_temperature(command: Command, situation: Situation) -> Plan:
    """Of the thermostat, or of a thermometer where there is none."""
    try:
        source = nearest(command, situation, "climate")[0]
    except CannotDo as problem:
        area = command.values.get("area")
        thermometer = _thermometer(situation, area)
        if thermometer is None:
            raise CannotDo("no_thermometer", area=area) if area else problem from problem
        source = thermometer
    if source.domain == "climate" and source.attributes.get("current_temperature") is None:
        raise CannotDo("no_temperature", name=source.name)
    return Plan(Reply(command.response, state=source))


def _thermometer(situation: Situation, area: str | None) -> Entity | None:
    return next(
        (
            entity
            for entity in situation.entities
            if (entity.domain, entity.device_class) == _THERMOMETER and entity.area == area
        ),
        None,
    )
