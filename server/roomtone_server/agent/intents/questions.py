"""Questions about states: is it, which are, how many, what is."""

from roomtone_server.agent.planning import Command, Plan, Reply, Situation
from roomtone_server.agent.targets import meant
from roomtone_server.home.base import Entity


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
    """An alarm that is armed_away is armed; what was asked without a state is what it is."""
    return state is None or entity.state == state or entity.state.startswith(f"{state}_")
