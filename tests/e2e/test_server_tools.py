"""A whole server with a language model and the tools of a program: asked in writing, it uses them, and ends it."""

import json

import psutil
from support.entry_points import declare_project
from support.llm_servers import OpenAIServer
from support.log_lines import log_lines
from support.mcp_server import PROGRAM
from support.scripted_model import call

from roomtone import engines
from roomtone.settings import load
from roomtone_server.agent.tools import mcp as mcp_tools
from roomtone_server.engines.base import ChatEnd, TextDelta
from roomtone_server.ports.control import call_async, control_path
from roomtone_server.server import running
from roomtone_server.settings import ServerSettings

SETTINGS = """
listen: {{host: 127.0.0.1, port: 0}}
home_assistant: {{port: 0}}
web: {{enabled: false}}
discovery: false
llm: {{engine: openai, base_url: "{model}/v1"}}
tools: [weather, {{engine: mcp, name: notes, command: {program}}}]
"""


class Model(OpenAIServer):
    """Answers by itself what it is only told ahead."""

    def route(self, asked):
        ahead = asked.method == "POST" and asked.json().get("max_tokens") == 1
        return self.events((TextDelta("Hello"), ChatEnd("length"))) if ahead else super().route(asked)

    async def was_told_of(self, tool):
        """Ahead, that there is such a tool."""
        while tool not in tools_of(self.asked[-1]):
            self.was_asked.clear()
            await self.was_asked.wait()


def tools_of(asked):
    return [tool["function"]["name"] for tool in asked.json()["tools"]]


async def test_a_model_uses_the_tools_of_a_program(tmp_path, monkeypatch):
    declare_project(monkeypatch, engines)
    file = tmp_path / "server.yaml"
    async with Model().serving() as model:
        file.write_text(SETTINGS.format(model=model.url, program=json.dumps(PROGRAM)))
        with log_lines(mcp_tools) as log:
            async with running(load(ServerSettings, file)):
                await log.says("are used")
                await model.was_asked.wait()
                await model.was_told_of("notes_write")
                model.will_answer(call("notes_write", text="buy a pen"), ChatEnd("calls"))
                model.will_answer(TextDelta("It is written."), ChatEnd("stop"))
                [answer] = [
                    each async for each in call_async(control_path(), "ask", text="jot down: buy a pen", area=None)
                ]
                programs = children()
                assert programs
    assert answer["reply"] == "It is written."
    assert {"HassTurnOn", "HassStartTimer", "RoomtoneRemember", "HassGetWeather"} <= set(tools_of(model.asked[-1]))
    assert model.asked[-1].json()["messages"][-1]["content"] == "written: buy a pen"
    assert not any(program.is_running() for program in programs)


def children():
    return [child for child in psutil.Process().children(recursive=True) if PROGRAM[1] in " ".join(child.cmdline())]
