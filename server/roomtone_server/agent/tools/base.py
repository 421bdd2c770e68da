"""What a tool is to the agent, and where tools come from: our own rooms, MCP servers, other packages.

A toolbox of another package is an engine of the kind `tools` (entry point `roomtone.tools`), made from its line of the
settings as any engine is. Our own are made by the mind, since they need the home and the store.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from roomtone.errors import RoomtoneError
from roomtone_server.agent.base import Request
from roomtone_server.engines.base import Tool
from roomtone_server.home.base import Entity, ServiceCall


class ToolError(RoomtoneError):
    """A call that came to nothing. The model is told, in these words, and may try something else."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: text for the model, and the effects on the home that have happened."""

    text: str
    acted: tuple[ServiceCall, ...] = ()
    asks: str = ""  # must be asked back first: the user hears it, as it is, and the model is not asked again


class AgentTool(Protocol):
    @property
    def spec(self) -> Tool:
        """As the model sees it; the same bytes for as long as the tool is the same."""

    @property
    def acts(self) -> bool:
        """Whether a call changes anything, anywhere: then it is only made after commit, and never for a question."""

    async def call(self, arguments: Mapping[str, Any], request: Request) -> Outcome:
        """`arguments` is JSON that fits the tool's schema, or not: nobody looked. Raises ToolError."""


# The things of the home that may be spoken of, with their states now; never waits.
Entities = Callable[[], Sequence[Entity]]


class Toolbox(Protocol):
    """Tools that come and go together."""

    async def start(self, entities: Entities) -> None:
        """Makes itself ready, and waits for nobody: another machine may be reached later. Raises EngineError for
        settings that cannot work."""

    async def tend(self, changed: Callable[[], None]) -> None:
        """Stays connected, for ever; returns where there is nothing to do. Runs once, beside all else; never raises.
        Calls `changed` whenever there are other tools."""

    def tools(self) -> Sequence[AgentTool]:
        """Those that it has now, always in the same order. After `start`."""

    def notes(self) -> Sequence[str]:
        """What the model is told in each turn, without asking: a line each, few and short; mostly none."""

    async def close(self) -> None:
        """Idempotent."""


class Unconnected:
    """What is left of a `Toolbox` to be written where its tools need nobody else."""

    async def start(self, entities: Entities) -> None:
        pass

    async def tend(self, changed: Callable[[], None]) -> None:
        pass

    def notes(self) -> Sequence[str]:
        return ()

    async def close(self) -> None:
        pass


class FixedTools(Unconnected):
    """A `Toolbox` of tools that are always there."""

    def __init__(self, *tools: AgentTool) -> None:
        self._tools = tools

    def tools(self) -> Sequence[AgentTool]:
        return self._tools
