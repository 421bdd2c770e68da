"""Tools that are commands: what a model asks for is planned and carried out as if it had been said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from roomtone_server.agent.base import Acted, Request, Said
from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.planning import Command
from roomtone_server.agent.tools.arguments import checked
from roomtone_server.agent.tools.base import Outcome, ToolError
from roomtone_server.engines.base import Tool

TEXT: Final[Mapping[str, Any]] = {"type": "string"}


async def carried_out(command: Command, request: Request, intents: IntentAgent) -> Outcome:
    """What came of a command, in the words of its reply; or the question that comes before it. Raises ToolError."""
    if intents.has_asked(request):
        raise ToolError("the user has a question to answer first; ask for this afterwards")
    ready = intents.ready(request, command)
    if ready.asks is not None:
        intents.ask(request, ready)
        return Outcome(f"not done: the user is asked: {ready.text}", asks=ready.text)
    if ready.plan is None:
        raise ToolError(ready.text)
    parts = [part async for part in intents.carry_out(ready, request)]
    said = " ".join(part.text for part in parts if isinstance(part, Said))
    return Outcome(said or "done", tuple(part.call for part in parts if isinstance(part, Acted)))


@dataclass(frozen=True, slots=True)
class CommandTool:
    """An `AgentTool` that is an intent, with the slots of its sentences as arguments."""

    intent: str
    description: str
    arguments: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # of each, its schema
    required: tuple[str, ...] = ()
    acts: bool = True
    response: str = "default"  # the key of the intent's reply
    worded_by: Mapping[str, str] = field(default_factory=dict)  # of an argument, when given: the key instead
    name_domain: str | None = None  # what the argument `name` names, if that is an entity
    intents: IntentAgent = field(kw_only=True)

    @property
    def spec(self) -> Tool:
        parameters = {"type": "object", "properties": dict(self.arguments), "required": list(self.required)}
        return Tool(self.intent, self.description, parameters)

    async def call(self, arguments: Mapping[str, Any], request: Request) -> Outcome:
        command = self._command(checked(arguments, self.spec.parameters), request)
        return await carried_out(command, request, self.intents)

    def _command(self, values: Mapping[str, Any], request: Request) -> Command:
        key = next((key for name, key in self.worded_by.items() if name in values), self.response)
        domain = self.name_domain if "name" in values else None
        return Command(self.intent, values, values, key, request.text, name_domain=domain)
