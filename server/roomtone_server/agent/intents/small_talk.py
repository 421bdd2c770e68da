"""Date, time, weather, courtesies, and the end of a conversation."""

from roomtone_server.agent.planning import CannotDo, Command, Plan, Reply, Situation
from roomtone_server.agent.targets import all_of, named


def current_time(command: Command, situation: Situation) -> Plan:
    return Plan(Reply(command.response, slots={"time": situation.now.time()}))


def current_date(command: Command, situation: Situation) -> Plan:
    return Plan(Reply(command.response, slots={"date": situation.now.date()}))


def weather(command: Command, situation: Situation) -> Plan:
    source = named(command, situation) if "name" in command.values else all_of(command, situation, "weather")[0]
    return Plan(Reply(command.response, state=source))


def answer(command: Command, _situation: Situation) -> Plan:
    return Plan(Reply(command.response))


def again(_command: Command, _situation: Situation) -> Plan:
    """What about the kitchen? Where nothing was said before that could be meant, nobody knows."""
    raise CannotDo("nothing_to_repeat")


def nevermind(command: Command, _situation: Situation) -> Plan:
    return Plan(Reply(command.response), ends_silently=True)
