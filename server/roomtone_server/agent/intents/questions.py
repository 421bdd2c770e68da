"""Questions about states: is it, which are, how many, what is."""

from typing import Final

from roomtone_server.agent.planning import Command, Plan, Reply, Situation
from roomtone_server.agent.targets import meant
from roomtone_server.home.base import Entity

# Their states say what they do while they are on: playing, heat.
_BUSY_WHEN_ON: Final = frozenset({"climate", "media_player"})


def get_state(command: Command, situation: Situation) -> Plan:
    entities = meant(command, situation)
    state = command.values.get("state")
    return Plan(
        Reply(
            command.response,
            state=entities[0],
            matched=[entity for entity in entities if _is(entity, state)],
            unmatched=[entity for entity in entities if not _is(entity, state)],
        )
    )


def _is(entity: Entity, state: str | None) -> bool:
    """An alarm that is armed_away is armed, a player that plays is on; what was asked without a state is what it is."""
    if state == "on" and entity.domain in _BUSY_WHEN_ON:
        return entity.state != "off"
    return state is None or entity.state == state or entity.state.startswith(f"{state}_")
