"""Vacuum cleaners and lawn mowers."""

from roomtone_server.agent.planning import Command, Handler, Plan, Reply, Situation
from roomtone_server.agent.targets import meant, nearest
from roomtone_server.home.base import ServiceCall


def service(name: str) -> Handler:
    """That service on the machine that was named, or on the home's own."""
    domain = name.partition(".")[0]

    def plan(command: Command, situation: Situation) -> Plan:
        machines = meant(command, situation, domain)
        return Plan(Reply(command.response, state=machines[0]), [ServiceCall(name, machine.id) for machine in machines])

    return plan


def clean_area(command: Command, situation: Situation) -> Plan:
    """A robot finds its own way to the area: any that the home has will do."""
    machine = nearest(command, situation, "vacuum")[0]
    return Plan(
        Reply(command.response, slots={"area": command.values["area"]}), [ServiceCall("vacuum.start", machine.id)]
    )
