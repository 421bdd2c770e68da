"""Reminders and appointments as tools."""

from collections.abc import Sequence

from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.tools.base import AgentTool
from roomtone_server.agent.tools.commands import TEXT, CommandTool


def reminder_tools(intents: IntentAgent) -> Sequence[AgentTool]:
    when = {"type": "string", "description": 'as it was said, "tomorrow at 8", "in ten minutes"; or 2026-05-31 18:00'}
    day = {"type": "string", "description": '"today", "friday"; or 2026-05-31; without it, all'}
    return (
        CommandTool(
            "RoomtoneAddReminder",
            "Reminds the user of something, once, at a time; an appointment too.",
            {"what": {"type": "string", "description": '"call mum"'}, "when": when},
            ("what", "when"),
            intents=intents,
        ),
        CommandTool(
            "RoomtoneListReminders",
            "Tells which reminders and appointments there are.",
            {"day": day, "what": {"type": "string", "description": "words of it; without them, all"}},
            acts=False,
            worded_by={"day": "day"},
            intents=intents,
        ),
        CommandTool("RoomtoneRemoveReminder", "Deletes a reminder.", {"what": TEXT}, ("what",), intents=intents),
    )
