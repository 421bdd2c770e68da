"""What a tool is to the agent, and where tools come from: our own rooms, MCP servers, other packages.

A toolbox of another package is an engine of the kind `tools` (entry point `roomtone.tools`), made from its line of the
settings as any engine is. Our own are made by the mind, since they need the home and the store.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from roomtone.errors import RoomtoneError
from roomtone_server.agent.base import Request
from roomtone_server.engines.base import Tool
from roomtone_server.home.base import ServiceCall


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


class Toolbox(Protocol):
    """Tools that come and go together."""

    async def start(self) -> None:
        """Connects to what it needs; what cannot be reached yet is tried again later. Raises EngineError for settings
        that cannot work."""

    def tools(self) -> Sequence[AgentTool]:
        """Those that it has now, always in the same order. After `start`."""

    async def close(self) -> None:
        """Idempotent."""
