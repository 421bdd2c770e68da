"""Questions about states: is it, which are, how many, what is."""

from roomtone_server.agent.planning import Command, Plan, Reply, Situation
from roomtone_server.agent.targets import meant


def get_state(command: Command, situation: Situation) -> Plan:
    entities = meant(command, situation)
    state = command.values.get("state")
    return Plan(
        Reply(
            command.response,
            state=entities[0],
            matched=[entity for entity in entities if state is None or entity.state == state],
            unmatched=[entity for entity in entities if state is not None and entity.state != state],
        )
    )
