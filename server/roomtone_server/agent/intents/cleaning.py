"""Vacuum cleaners and lawn mowers."""

from roomtone_server.agent.planning import CannotDo, Command, Handler, Plan, Reply, Situation
from roomtone_server.agent.targets import meant
from roomtone_server.home.base import ServiceCall


def service(name: str) -> Handler:
    """That service on the machine that was named, or on the home's own."""
    domain = name.partition(".")[0]

    def plan(command: Command, situation: Situation) -> Plan:
        machines = meant(command, situation, domain)
        return Plan(Reply(command.response, state=machines[0]), [ServiceCall(name, machine.id) for machine in machines])

    return plan


def clean_area(command: Command, situation: Situation) -> Plan:
    """A robot finds its own way to the area: wherever it stands, the one that was named or any will do."""
    name = command.values.get("name")
    for entity in situation.entities:
        if entity.domain == "vacuum" and name in {None, entity.name}:
            return Plan(Reply(command.response), [ServiceCall("vacuum.start", entity.id)])
    raise CannotDo("no_domain", domain="vacuum")
