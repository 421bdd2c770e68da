"""The home's lists as tools, named as Home Assistant's intents are."""

from collections.abc import Sequence

from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.tools.base import AgentTool
from roomtone_server.agent.tools.commands import TEXT, CommandTool


def list_tools(intents: IntentAgent, lists: Sequence[str]) -> Sequence[AgentTool]:
    """For a home with lists of these names, in any order; none for a home without lists."""
    if not lists:
        return ()
    name = {"type": "string", "enum": sorted(lists), "description": "without it, the shopping list"}

    def changing(intent: str, description: str, response: str) -> AgentTool:
        return CommandTool(
            intent,
            description,
            {"item": TEXT, "name": name},
            ("item",),
            response=response,
            name_domain="todo",
            intents=intents,
        )

    return (
        changing("HassListAddItem", "Adds an item to a list.", "item_added"),
        changing("HassListCompleteItem", "Checks an item of a list off.", "item_completed"),
        changing("HassListRemoveItem", "Removes an item from a list.", "item_deleted"),
        CommandTool(
            "RoomtoneListItems",
            "Reads a list.",
            {"name": name},
            acts=False,
            name_domain="todo",
            intents=intents,
        ),
    )
