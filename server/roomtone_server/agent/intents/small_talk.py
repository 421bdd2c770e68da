"""Date, time, weather, courtesies, and the end of a conversation."""

from roomtone_server.agent.planning import CannotDo, Command, Plan, Reply, Situation
from roomtone_server.agent.targets import named


def current_time(command: Command, situation: Situation) -> Plan:
    return Plan(Reply(command.response, slots={"time": situation.now.time()}))


def current_date(command: Command, situation: Situation) -> Plan:
    return Plan(Reply(command.response, slots={"date": situation.now.date()}))


def weather(command: Command, situation: Situation) -> Plan:
    """The home's own; a language model may know of another."""
    if "name" in command.values:
        return Plan(Reply(command.response, state=named(command, situation)))
    source = next((entity for entity in situation.entities if entity.domain == "weather"), None)
    if source is None:
        raise CannotDo("no_weather")
    return Plan(Reply(command.response, state=source))


def answer(command: Command, _situation: Situation) -> Plan:
    return Plan(Reply(command.response))


def again(_command: Command, _situation: Situation) -> Plan:
    """What about the kitchen? Where nothing was said before that could be meant, nobody knows."""
    raise CannotDo("nothing_to_repeat")


def nevermind(command: Command, _situation: Situation) -> Plan:
    return Plan(Reply(command.response), ends_silently=True)
