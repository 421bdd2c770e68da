"""Shopping and to-do lists, which are the home's: add, check off, remove, read out, clear."""

from roomtone_server.agent.planning import CannotDo, Command, Plan, Reply, Situation
from roomtone_server.agent.targets import named
from roomtone_server.home.base import Entity, ServiceCall


def add_item(command: Command, situation: Situation) -> Plan:
    return _change(command, _list(command, situation), "todo.add_item")


def remove_item(command: Command, situation: Situation) -> Plan:
    return _change(command, _with_item(command, situation), "todo.remove_item")


def complete_item(command: Command, situation: Situation) -> Plan:
    return _change(command, _with_item(command, situation), "todo.update_item", status="completed")


def read_items(command: Command, situation: Situation) -> Plan:
    todo = _list(command, situation)
    items = [item["summary"] for item in todo.attributes.get("items", ()) if item["status"] == "needs_action"]
    return Plan(Reply(command.response, slots={"list": todo.name, "items": items}))


def clear(command: Command, situation: Situation) -> Plan:
    """Everything, what is done already too."""
    todo = _list(command, situation)
    items = [item["summary"] for item in todo.attributes.get("items", ())]
    calls = [ServiceCall("todo.remove_item", todo.id, {"item": item}) for item in items]
    return Plan(Reply(command.response, slots={"list": todo.name}), calls)


def _change(command: Command, todo: Entity, service: str, **data: str) -> Plan:
    item = command.values["item"]
    return Plan(Reply(command.response, slots={"item": item}), [ServiceCall(service, todo.id, {"item": item, **data})])


def _list(command: Command, situation: Situation) -> Entity:
    """The list that was named; for "the shopping list", the one that is called so, else the home's only list."""
    if "name" in command.values:
        return named(command, situation)
    lists = [entity for entity in situation.entities if entity.domain == "todo"]
    shopping = [entity for entity in lists if "shopping" in f"{entity.id} {entity.name}".casefold()]
    if len(found := shopping or lists) != 1:
        raise CannotDo("duplicate_targets" if found else "no_domain", domain="list")
    return found[0]


def _with_item(command: Command, situation: Situation) -> Entity:
    todo, item = _list(command, situation), command.values["item"]
    if item.casefold() not in {each["summary"].casefold() for each in todo.attributes.get("items", ())}:
        raise CannotDo("item_not_found", item=item, list=todo.name)
    return todo
