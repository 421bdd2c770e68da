"""The tools of real MCP servers, over both transports: listed, called, followed, and found again after a failure."""

import asyncio
import contextlib

import pytest
from support.entry_points import declare_project
from support.log_lines import log_lines
from support.mcp_server import PROGRAM, http_server
from support.threaded_servers import KEY

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import SettingsError
from roomtone.link.background import alongside
from roomtone_server.agent.base import Request
from roomtone_server.agent.tools import mcp as mcp_tools
from roomtone_server.agent.tools import mcp_home_assistant
from roomtone_server.agent.tools.base import ToolError
from roomtone_server.agent.tools.home_kinds import KINDS


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    declare_project(monkeypatch, engines)
    monkeypatch.setattr(mcp_tools, "FIRST_REST_S", 0.02)


@pytest.fixture
def log():
    with log_lines(mcp_tools) as lines:
        yield lines


@pytest.fixture(params=["http", "program"])
def options(request):
    if request.param == "program":
        yield {"command": PROGRAM}
        return
    with http_server() as server:
        yield {"url": server.url, "api_key": KEY}


def made(options):
    return engines.choose("tools", EngineChoice("mcp", {"name": "notes", **options})).make(
        Surroundings(state=None, cache=None)
    )


@contextlib.asynccontextmanager
async def connected(toolbox, log):
    await toolbox.start(lambda: ())
    async with alongside(toolbox.tend(lambda: None)):
        await log.says("tools")
        yield {tool.spec.name: tool for tool in toolbox.tools()}
    await toolbox.close()


async def call(tools, name, /, **arguments):
    return (await tools[f"notes_{name}"].call(arguments, Request("whatever"))).text


async def test_tools_are_listed_and_called(options, log):
    toolbox = made(options)
    async with connected(toolbox, log) as tools:
        assert list(tools) == sorted(f"notes_{name}" for name in NAMES)
        assert not tools["notes_count"].acts
        assert tools["notes_write"].acts
        assert tools["notes_count"].spec.description == "How many notes there are."
        assert tools["notes_write"].spec.parameters["required"] == ["text"]
        assert toolbox.notes() == ()
        assert await call(tools, "write", text="buy milk") == "written: buy milk"
        assert await call(tools, "count") == "1 notes"
        assert await asyncio.gather(*(call(tools, "count", of=str(n)) for n in range(5))) == [
            f"1 {n}" for n in range(5)
        ]


NAMES = ("count", "die", "environment", "fail", "grow", "talk", "think", "write")


async def test_what_a_tool_says_has_limits_and_its_errors_are_told(options, log):
    async with connected(made({**options, "call_s": 0.5}), log) as tools:
        assert len(await call(tools, "talk")) < 9_000
        with pytest.raises(ToolError, match="the pen is dry"):
            await call(tools, "fail")
        with pytest.raises(ToolError, match=r"took longer than 0\.5 s"):
            await call(tools, "think")
        with pytest.raises(ToolError, match="text"):
            await call(tools, "write")
        assert await call(tools, "count") == "0 notes"


async def test_lists_are_followed(options, log):
    toolbox = made({**options, "refresh_s": 0.1})
    async with connected(toolbox, log) as tools:
        assert await call(tools, "grow") == "grown"
        await log.says("10 tools")
        assert "notes_later" in [tool.spec.name for tool in toolbox.tools()]


async def test_only_what_is_wanted_is_used(options, log):
    async with connected(made({**options, "only": ["count", "write"]}), log) as tools:
        assert list(tools) == ["notes_count", "notes_write"]


async def test_a_program_that_dies_is_started_again(log):
    toolbox = made({"command": PROGRAM, "env": {"COLOR": "blue"}})
    async with connected(toolbox, log) as tools:
        assert await call(tools, "environment", name="COLOR") == "blue"
        with pytest.raises(ToolError):
            await call(tools, "die")
        await log.says("cannot be reached")
        assert toolbox.notes() == ["The tools of 'notes' cannot be reached now."]
        with pytest.raises(ToolError, match="cannot be reached now"):
            await call(tools, "count")
        await log.says("9 tools, of which 8 are used")
        assert await call(tools, "count") == "0 notes"


async def test_a_server_that_comes_back_is_found_again(log):
    with http_server() as server:
        port = server.port
        toolbox = made({"url": server.url, "api_key": KEY})
        async with connected(toolbox, log) as tools:
            await asyncio.to_thread(server.stop)
            with pytest.raises(ToolError):
                await call(tools, "count")
            await log.says("cannot be reached")
            with http_server(port):
                await log.says("9 tools, of which 8 are used")
                assert await call(tools, "count") == "0 notes"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"url": "http://127.0.0.1:1/mcp"}, "cannot be reached"),
        ({"command": ["/nowhere/to/be/found"]}, "cannot be reached"),
        ({"command": ["python3", "-c", "import sys; sys.stdin.read()"], "connect_s": 0.2}, "it took too long"),
        ({"command": ["true"]}, "cannot be reached"),
    ],
)
async def test_a_server_that_cannot_be_reached_is_tried_again_and_said(log, options, told):
    toolbox = made(options)
    await toolbox.start(lambda: ())
    async with alongside(toolbox.tend(lambda: None)):
        assert told in await log.says("the MCP server 'notes' cannot be reached")
        assert "trying again in 0.04 s" in await log.says("cannot be reached")
    assert toolbox.tools() == ()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"application/json\r\n\r\n[", id="endless JSON"),
        pytest.param(b"text/event-stream\r\n\r\ndata: ", id="an endless event"),
        pytest.param(b"text/html\r\n\r\n<h1>", id="an endless page"),
    ],
)
async def test_an_answer_without_end_fills_no_memory(log, content):
    sent = 0

    async def answer(reader, writer):
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: " + content)
        with contextlib.suppress(ConnectionError):
            while sent < 64 * 2**20:
                writer.write(b" " * 2**16)
                sent += 2**16
                await writer.drain()
        writer.transport.abort()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    toolbox = made({"url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp", "connect_s": 5})
    await toolbox.start(lambda: ())
    async with server, alongside(toolbox.tend(lambda: None)):
        await log.says("cannot be reached")
    assert sent < 32 * 2**20


async def test_a_wrong_key_is_refused_and_shown_nowhere(log, caplog):
    with http_server() as server:
        toolbox = made({"url": server.url, "api_key": "wrong-key"})
        await toolbox.start(lambda: ())
        async with alongside(toolbox.tend(lambda: None)):
            await log.says("cannot be reached")
        assert toolbox.tools() == ()
    assert "wrong-key" not in caplog.text
    assert KEY not in caplog.text


def test_a_server_is_either_far_or_near():
    for options in ({}, {"url": "http://nas/mcp", "command": ["true"]}):
        with pytest.raises(SettingsError, match="either the server's url or its command"):
            made(options)


def test_the_preset_of_home_assistant_needs_its_address_and_a_token():
    written = {"preset": "home-assistant", "url": "http://homeassistant.local:8123/", "api_key": "abc"}
    settings = mcp_tools.McpSettings.model_validate(written)
    assert (settings.name, settings.url) == ("home", "http://homeassistant.local:8123/api/mcp/assist")
    assert mcp_tools.McpSettings.model_validate({**settings.model_dump(), "api_key": "abc"}) == settings
    assert [tool for tool in ("intent__HassTurnOff", "HassTurnOn", "script__party") if settings.uses(tool)] == [
        "script__party"
    ]


def test_the_preset_leaves_out_what_our_own_tools_do():
    ours = [kind.intent for kind in KINDS if kind.intent.startswith("Hass")]
    assert ours
    assert not any(map(mcp_home_assistant.is_of_use, ours))


def test_in_an_add_on_the_preset_needs_nothing(monkeypatch):
    monkeypatch.setenv("SUPERVISOR_TOKEN", "given")
    settings = mcp_tools.McpSettings.model_validate({"preset": "home-assistant"})
    assert (settings.url, settings.key()) == ("http://supervisor/core/api/mcp/assist", "given")


def test_without_an_add_on_the_preset_needs_an_address(monkeypatch):
    monkeypatch.delenv("SUPERVISOR_TOKEN", raising=False)
    with pytest.raises(ValueError, match="name either the server's url or its command"):
        mcp_tools.McpSettings.model_validate({"preset": "home-assistant"})
