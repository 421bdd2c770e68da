"""Timers as tools, named as Home Assistant's intents are."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.tools.base import AgentTool
from roomtone_server.agent.tools.commands import CommandTool

_COUNT: Final[Mapping[str, Any]] = {"type": "integer", "minimum": 0, "maximum": 1_000_000}
_LENGTH: Final = {"hours": _COUNT, "minutes": _COUNT, "seconds": _COUNT}
_NAME: Final[Mapping[str, Any]] = {"name": {"type": "string", "description": "the timer's, if it has one"}}


def timer_tools(intents: IntentAgent) -> Sequence[AgentTool]:
    later = {"type": "string", "description": 'what to do at the end instead of ringing: "turn off the lights"'}
    return (
        CommandTool(
            "HassStartTimer",
            "Starts a timer.",
            {**_LENGTH, **_NAME, "conversation_command": later},
            worded_by={"conversation_command": "command"},
            intents=intents,
        ),
        CommandTool("HassCancelTimer", "Ends a timer.", _NAME, intents=intents),
        CommandTool("HassCancelAllTimers", "Ends all timers.", intents=intents),
        CommandTool("HassIncreaseTimer", "Makes a timer longer.", {**_LENGTH, **_NAME}, intents=intents),
        CommandTool("HassDecreaseTimer", "Makes a timer shorter.", {**_LENGTH, **_NAME}, intents=intents),
        CommandTool("HassPauseTimer", "Pauses a timer.", _NAME, intents=intents),
        CommandTool("HassUnpauseTimer", "Lets a timer run on.", _NAME, intents=intents),
        CommandTool("HassTimerStatus", "Tells how much is left on timers.", _NAME, acts=False, intents=intents),
    )
