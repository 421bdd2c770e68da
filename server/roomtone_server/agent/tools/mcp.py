"""The tools of any MCP server, reached over streamable HTTP or started as a program of this machine.

    tools: {engine: mcp, name: notes, url: "http://nas.lan:8000/mcp", api_key_env: NOTES_TOKEN}
    tools: {engine: mcp, name: files, command: [npx, -y, "@modelcontextprotocol/server-filesystem", /srv/shared]}
    tools: {engine: mcp, preset: home-assistant, url: "http://homeassistant.local:8123", api_key_env: HA_TOKEN}

The server is its owner's choice, what it sends is not trusted: names, schemas and results have limits.
"""

import asyncio
import itertools
import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import Field, SecretStr, model_validator
from typing_extensions import override

from roomtone.engines import EngineSpec, Surroundings
from roomtone.extras import remedy
from roomtone_server.agent.base import Request
from roomtone_server.agent.tools import mcp_home_assistant
from roomtone_server.agent.tools.base import AgentTool, Entities, Outcome, ToolError, Unconnected
from roomtone_server.engines.api_key import ApiKeySettings
from roomtone_server.engines.base import Tool
from roomtone_server.engines.http_service import ServiceUrl

if TYPE_CHECKING:
    import mcp
    from mcp import types

_LOGGER: Final = logging.getLogger(__name__)

# Each tool stands in every prompt; a server of hundreds would leave no room for the home.
MAX_TOOLS: Final = 64
MAX_PAGES: Final = 16  # of a list that a server gives in pieces, perhaps without end
MAX_SCHEMA_CHARACTERS: Final = 8_000
MAX_DESCRIPTION_CHARACTERS: Final = 600
MAX_RESULT_CHARACTERS: Final = 8_000

# After a failure, doubled each time; a server that is started later is found soon.
FIRST_REST_S: Final = 1.0
LONGEST_REST_S: Final = 300.0

# What model servers take for a name.
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class McpSettings(ApiKeySettings):
    """`api_key` is sent as a bearer token."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$", description="stands before the names of its tools")]
    preset: Literal["home-assistant"] | None = Field(
        default=None, description="whose server it is, where that is known"
    )
    url: ServiceUrl | None = None
    command: tuple[str, ...] = Field(default=(), description="the program and its arguments")
    env: Mapping[str, SecretStr] = Field(default={}, description="what the program finds in its environment, too")
    only: tuple[str, ...] = Field(default=(), description="the tools that may be used; empty: all")
    connect_s: float = Field(default=10.0, gt=0, le=120, description="how long it may take to be reached, or to list")
    call_s: float = Field(default=20.0, gt=0, le=300, description="how long a call may take")
    refresh_s: float = Field(default=60.0, ge=0.1, le=86_400, description="how often its tools are listed again")

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, written: Any) -> Any:  # noqa: ANN401 - as the file has it
        is_known = isinstance(written, dict) and written.get("preset") == mcp_home_assistant.PRESET
        return mcp_home_assistant.filled(written) if is_known else written

    def uses(self, tool: str) -> bool:
        """Whether a tool of the server's may be used."""
        if self.only:
            return tool in self.only
        return self.preset is None or mcp_home_assistant.is_of_use(tool)

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.url is None) == (not self.command):
            raise ValueError("name either the server's url or its command")
        return self


class McpTools(Unconnected):
    """A `Toolbox`: connected as long as it is tended."""

    def __init__(self, settings: McpSettings) -> None:
        self._settings = settings
        self._where = f"the MCP server {settings.name!r}"
        self._client: mcp.Client | None = None
        self._tools: Sequence[AgentTool] = ()
        self._doubted = asyncio.Event()  # a call failed: perhaps nobody is there any more

    @override
    async def start(self, entities: Entities) -> None:
        self._token = self._settings.key()

    @override
    async def tend(self, changed: Callable[[], None]) -> None:
        clock, rest_s = asyncio.get_running_loop().time, FIRST_REST_S
        while True:
            began = clock()
            try:
                async with AsyncExitStack() as stack:
                    async with asyncio.timeout(self._settings.connect_s):
                        client = await stack.enter_async_context(await self._new_client(stack))
                        await self._list(client, changed)
                    self._client = client
                    await self._follow(client, changed)
            except Exception as problem:  # noqa: BLE001 - whatever its library, its transport or its program raise
                if clock() - began > LONGEST_REST_S:  # one that dies as soon as it is there is no better than none
                    rest_s = FIRST_REST_S
                _LOGGER.warning("%s cannot be reached: %s; trying again in %g s", self._where, _cause(problem), rest_s)
            finally:
                had, self._client, self._tools = self._tools, None, ()
                if had:
                    changed()
            await asyncio.sleep(rest_s)
            rest_s = min(LONGEST_REST_S, rest_s * 2)

    async def _new_client(self, stack: AsyncExitStack) -> "mcp.Client":
        """Not yet connected."""
        await asyncio.to_thread(import_module, "mcp")  # for a second
        from roomtone_server.agent.tools import mcp_transport

        settings = self._settings
        if settings.url is None:
            env = {name: value.get_secret_value() for name, value in settings.env.items()}
            return mcp_transport.program(settings.command, env, settings.call_s)
        return await mcp_transport.web(stack, settings.url, self._token, settings.connect_s, settings.call_s)

    async def _follow(self, client: "mcp.Client", changed: Callable[[], None]) -> None:
        """Lists the tools again and again, until that fails."""
        while True:
            self._doubted.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.refresh_s):
                    await self._doubted.wait()
            async with asyncio.timeout(self._settings.connect_s):
                await self._list(client, changed)

    async def _list(self, client: "mcp.Client", changed: Callable[[], None]) -> None:
        listed: list[types.Tool] = []
        cursor = None
        for _ in range(MAX_PAGES):
            page = await client.list_tools(cursor=cursor)
            listed += page.tools
            cursor = page.next_cursor
            if cursor is None:
                break
        wanted = [tool for tool in listed if self._settings.uses(tool.name)]
        tools = tuple(itertools.islice(self._usable(wanted), MAX_TOOLS))
        before, self._tools = self._tools, tools
        if [tool.spec for tool in tools] != [tool.spec for tool in before]:
            changed()
            # Of a tool that is left out, the name or the schema is none that a model could be shown.
            _LOGGER.info("%s has %d tools, of which %d are used", self._where, len(listed), len(tools))

    def _usable(self, listed: Sequence["types.Tool"]) -> Iterator[AgentTool]:
        """In the order of their names."""
        for tool in sorted(listed, key=lambda tool: tool.name):
            name = f"{self._settings.name}_{tool.name}"
            if _NAME.fullmatch(name) and len(json.dumps(tool.input_schema)) <= MAX_SCHEMA_CHARACTERS:
                description = _line(tool.description or tool.title or tool.name, MAX_DESCRIPTION_CHARACTERS)
                acts = tool.annotations is None or tool.annotations.read_only_hint is not True
                yield McpTool(self, tool.name, Tool(name, description, tool.input_schema), acts=acts)

    def tools(self) -> Sequence[AgentTool]:
        return self._tools

    @override
    def notes(self) -> Sequence[str]:
        return () if self._client else [f"The tools of {self._settings.name!r} cannot be reached now."]

    async def called(self, name: str, arguments: Mapping[str, Any]) -> str:
        """What came of a call of a tool by the server's own name for it. Raises ToolError."""
        from mcp import MCPError

        client = self._client
        if client is None:
            raise ToolError(f"{self._where} cannot be reached now")
        try:
            async with asyncio.timeout(self._settings.call_s):
                result = await client.call_tool(name, dict(arguments))
        except TimeoutError as problem:
            self._doubted.set()
            raise ToolError(
                f"{self._where} took longer than {self._settings.call_s:g} s; it may be done all the same"
            ) from problem
        except MCPError as problem:
            self._doubted.set()
            raise ToolError(f"{self._where} refuses: {_line(problem.message, MAX_DESCRIPTION_CHARACTERS)}") from problem
        except Exception as problem:
            self._doubted.set()
            raise ToolError(f"{self._where} was lost during the call: {_cause(problem)}") from problem
        text = _text(result)
        if result.is_error:
            raise ToolError(text or f"{self._where} says that this failed")
        return text or "done"


class McpTool:
    """An `AgentTool` of another machine or program."""

    def __init__(self, toolbox: McpTools, name: str, spec: Tool, *, acts: bool) -> None:
        """`name` is the server's own for it."""
        self._toolbox = toolbox
        self._name = name
        self.spec: Final = spec
        self.acts: Final = acts

    async def call(self, arguments: Mapping[str, Any], request: Request) -> Outcome:  # noqa: ARG002 - as every tool's
        return Outcome(await self._toolbox.called(self._name, arguments))


def _text(result: "types.CallToolResult") -> str:
    """What a model can read of a result; of pictures and sounds, that there are some."""
    parts = [getattr(block, "text", None) or f"[{block.type}]" for block in result.content]
    if not parts and result.structured_content is not None:
        parts = [json.dumps(result.structured_content, ensure_ascii=False)]
    text = "\n".join(parts)
    return text if len(text) <= MAX_RESULT_CHARACTERS else f"{text[:MAX_RESULT_CHARACTERS]} ... (there is more)"


def _line(text: str, limit: int) -> str:
    """A server's words on one line, of some length at most."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= limit else f"{line[:limit]}…"


def _cause(problem: BaseException) -> str:
    """The first of what went wrong, in short; a group of errors says nothing by itself."""
    while isinstance(problem, BaseExceptionGroup):
        problem = problem.exceptions[0]
    if isinstance(problem, TimeoutError):
        return "it took too long"
    return _line(str(problem), MAX_DESCRIPTION_CHARACTERS) or type(problem).__name__


def _missing() -> str | None:
    return None if find_spec("mcp") else remedy("mcp")


def _make(settings: McpSettings, _surroundings: Surroundings) -> McpTools:
    return McpTools(settings)


ENGINE: Final = EngineSpec(name="mcp", settings=McpSettings, make=_make, missing=_missing, auto=False)
