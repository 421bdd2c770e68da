"""On and off, open and close, lock and unlock: the same two intents for all of them, so that the domain decides."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from roomtone_server.agent.planning import Command, Plan, Reply, Situation
from roomtone_server.agent.targets import meant
from roomtone_server.home.base import Entity, ServiceCall

_ON: Final[Mapping[str, str]] = {
    "button": "button.press",
    "cover": "cover.open_cover",
    "input_button": "input_button.press",
    "lock": "lock.lock",
    "valve": "valve.open_valve",
}
_OFF: Final[Mapping[str, str]] = {
    "cover": "cover.close_cover",
    "lock": "lock.unlock",
    "valve": "valve.close_valve",
}
_AT_REST: Final = frozenset({"off", "closed"})
_STOP: Final[Mapping[str, str]] = {"cover": "cover.stop_cover", "valve": "valve.stop_valve"}


def turn_on(command: Command, situation: Situation) -> Plan:
    return _switch(command, situation, _on)


def turn_off(command: Command, situation: Situation) -> Plan:
    return _switch(command, situation, _off)


def toggle(command: Command, situation: Situation) -> Plan:
    """Decided now, by each one's state: what is guarded one way must not turn round before it happens."""
    return _switch(command, situation, lambda entity: _on(entity) if entity.state in _AT_REST else _off(entity))


def stop(command: Command, situation: Situation) -> Plan:
    return _switch(command, situation, lambda entity: _STOP[entity.domain])


def _on(entity: Entity) -> str:
    return _ON.get(entity.domain, f"{entity.domain}.turn_on")


def _off(entity: Entity) -> str:
    return _OFF.get(entity.domain, f"{entity.domain}.turn_off")


def _switch(command: Command, situation: Situation, service: Callable[[Entity], str]) -> Plan:
    entities = meant(command, situation)
    return Plan(
        Reply(command.response, state=entities[0]),
        calls=[ServiceCall(service(entity), entity.id) for entity in entities],
    )


def set_position(command: Command, situation: Situation) -> Plan:
    data = {"position": command.values["position"]}
    entities = meant(command, situation)
    return Plan(
        Reply(command.response, state=entities[0]),
        calls=[ServiceCall(f"{entity.domain}.set_{entity.domain}_position", entity.id, data) for entity in entities],
    )


def set_fan_speed(command: Command, situation: Situation) -> Plan:
    return with_data(command, meant(command, situation, "fan"), "fan.set_percentage", "percentage")


def arm(command: Command, situation: Situation) -> Plan:
    """The alarm: its mode stands in the template."""
    return _switch(command, situation, lambda _entity: f"alarm_control_panel.alarm_{command.values['mode']}")


def with_data(command: Command, entities: Sequence[Entity], service: str, *slots: str) -> Plan:
    """One service on each entity, its data taken from the slots of the same names."""
    data: Mapping[str, Any] = {slot: command.values[slot] for slot in slots}
    return Plan(
        Reply(command.response, state=entities[0]), calls=[ServiceCall(service, entity.id, data) for entity in entities]
    )
