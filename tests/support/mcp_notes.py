"""A real MCP server, made with the `mcp` package; as a program, which needs nothing else of the tests, it speaks on its
standard streams."""

import asyncio
import os

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations


def make_server():
    server = MCPServer("notes", log_level="ERROR")
    notes = []

    @server.tool(annotations=ToolAnnotations(read_only_hint=True))
    def count(of: str = "notes") -> str:
        """How many notes
        there are."""
        return f"{len(notes)} {of}"

    @server.tool()
    def write(text: str) -> str:
        """Writes a note."""
        notes.append(text)
        return f"written: {text}"

    @server.tool()
    def fail() -> str:
        """Always fails."""
        raise ToolError("the pen is dry")

    @server.tool()
    async def think() -> str:
        """Takes for ever."""
        await asyncio.Event().wait()

    @server.tool()
    def talk() -> str:
        """Says too much."""
        return "la " * 10_000

    @server.tool()
    def grow() -> str:
        """There is one tool more afterwards."""
        server.add_tool(lambda: "new", name="later", description="Was not there before.")
        return "grown"

    @server.tool()
    def environment(name: str) -> str:
        """What the server finds in its environment."""
        return os.environ.get(name, "nothing")

    @server.tool()
    def die() -> str:
        """Ends the server."""
        os._exit(1)

    @server.tool(name="no model could say this name")
    def unsayable() -> str:
        return ""

    return server


if __name__ == "__main__":
    make_server().run()
