"""What the house was asked to remember, as tools."""

from collections.abc import Sequence

from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.tools.base import AgentTool
from roomtone_server.agent.tools.commands import TEXT, CommandTool


def memory_tools(intents: IntentAgent) -> Sequence[AgentTool]:
    about = {"type": "string", "description": "words of it; without them, all"}
    return (
        CommandTool(
            "RoomtoneRemember",
            "Remembers something for good; only when the user asks for it.",
            {"fact": {"type": "string", "description": '"the spare key is under the pot"'}},
            ("fact",),
            intents=intents,
        ),
        CommandTool("RoomtoneForgetFact", "Forgets something remembered.", {"fact": TEXT}, ("fact",), intents=intents),
        CommandTool(
            "RoomtoneListFacts",
            "Looks up what the user asked to be remembered.",
            {"fact": about},
            acts=False,
            worded_by={"fact": "about"},
            intents=intents,
        ),
    )
