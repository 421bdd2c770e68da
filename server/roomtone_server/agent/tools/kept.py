"""The tools of what is kept: timers, reminders, lists, memory. They share all with the sentences for the same."""

from collections.abc import Sequence

from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.tools.base import AgentTool
from roomtone_server.agent.tools.lists import list_tools
from roomtone_server.agent.tools.memory import memory_tools
from roomtone_server.agent.tools.reminders import reminder_tools
from roomtone_server.agent.tools.timers import timer_tools
from roomtone_server.home.base import Home


class KeptTools:
    """A `base.Toolbox`."""

    def __init__(self, intents: IntentAgent, home: Home) -> None:
        self._intents = intents
        self._home = home

    async def start(self) -> None:
        """What is kept is loaded by the agent of intents."""

    def tools(self) -> Sequence[AgentTool]:
        lists = [entity.name for entity in self._home.entities() if entity.domain == "todo"]
        return (
            *timer_tools(self._intents),
            *reminder_tools(self._intents),
            *list_tools(self._intents, lists),
            *memory_tools(self._intents),
        )

    async def close(self) -> None:
        """There is nothing to close."""
