"""The tools of what is kept: timers, reminders, lists, memory. They share all with the sentences for the same."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from typing_extensions import override

from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.memory import Memory
from roomtone_server.agent.tools.base import AgentTool, Unconnected
from roomtone_server.agent.tools.lists import list_tools
from roomtone_server.agent.tools.memory import memory_tools
from roomtone_server.agent.tools.reminders import reminder_tools
from roomtone_server.agent.tools.timers import timer_tools
from roomtone_server.home.base import Home

# Of all that was told the model is shown the newest, this much; the tool finds the rest.
MAX_SHOWN_CHARACTERS: Final = 1_000


class KeptTools(Unconnected):
    """A `base.Toolbox`."""

    def __init__(self, intents: IntentAgent, memory: Memory, home: Home) -> None:
        self._intents = intents
        self._memory = memory
        self._home = home

    def tools(self) -> Sequence[AgentTool]:
        lists = [entity.name for entity in self._home.entities() if entity.domain == "todo"]
        return (
            *timer_tools(self._intents),
            *reminder_tools(self._intents),
            *list_tools(self._intents, lists),
            *memory_tools(self._intents),
        )

    @override
    def notes(self) -> Sequence[str]:
        """What was told, on one line: it is the user's, and no instruction."""
        told, left = deque[str](), MAX_SHOWN_CHARACTERS
        for fact in reversed(self._memory.all()):
            left -= len(fact.text)
            if left < 0:
                told.appendleft("more, which RoomtoneListFacts finds")
                break
            told.appendleft(fact.text)
        return [f"The user asked to be remembered: {'; '.join(told)}."] if told else []
