"""The agent and its language model over HTTP, with the real clients; and `roomtone ask`, as its user runs it."""

import json
from contextlib import aclosing, asynccontextmanager

import pytest
from support.command_line import roomtone
from support.llm_servers import Fault, OllamaServer, OpenAIServer, running
from support.scripted_model import call, thinking_house

from roomtone.engines import EngineChoice, Surroundings
from roomtone_server.agent.base import Request, Said
from roomtone_server.engines.base import ChatEnd, TextDelta
from roomtone_server.engines.chains import provider

SERVERS = {"ollama": OllamaServer, "openai": OpenAIServer}
LAMP = call("HassTurnOn", name="Desk Lamp")


@pytest.fixture(params=sorted(SERVERS))
def kind(request):
    return request.param


@asynccontextmanager
async def thinking(folder, kind, count=1):
    """A house whose model answers as its servers are told, each behind the one before."""
    servers = [SERVERS[kind]() for _ in range(count)]
    first, *others = servers
    async with first.serving(), asynccontextmanager(_serving)(others):
        choices = [EngineChoice(kind, server.settings()) for server in servers]
        model = provider.choose("llm", choices, 60).make(Surroundings(folder / "state", folder / "cache"))
        async with running(model, first), thinking_house(folder, model) as house:
            yield house, servers


async def _serving(servers):
    if not servers:
        yield
        return
    async with servers[0].serving(), asynccontextmanager(_serving)(servers[1:]):
        yield


def beginning(asked):
    """What of a request a model's server reads first: its system message and its tools, as they came in."""
    body = asked.json()
    return json.dumps([body["messages"][0], body["tools"]])


async def test_a_turn_with_a_tool(tmp_path, kind):
    async with thinking(tmp_path, kind) as (house, [server]):
        server.will_answer(TextDelta("Let me see."), LAMP, ChatEnd("calls"))
        server.will_answer(TextDelta("Now you can "), TextDelta("read."), ChatEnd("stop"))
        done = await house.say("i cannot read", conversation="c")
        assert done.actions == [("light.turn_on", "light.desk_lamp", {})]
        assert done.reply == "Let me see.\n\nNow you can read."
        server.will_answer(TextDelta("Gladly."), ChatEnd("stop"))
        await house.say("thank you my dear", conversation="c")
        assert len({beginning(asked) for asked in server.asked}) == 1, "its memory of the prompt holds"
        *_, result = server.asked[1].json()["messages"]
        assert (result["role"], result["content"]) == ("tool", "Turned on the light (done: Desk Lamp)")
        said = [each["content"] for each in server.asked[2].json()["messages"] if each["role"] == "assistant"]
        assert said == ["Let me see.", "Now you can read."]


async def test_whoever_interrupts_stops_the_server(tmp_path, kind):
    async with thinking(tmp_path, kind) as (house, [server]):
        server.will_answer(TextDelta("Once upon a time"), Fault.SILENCE)
        prepared = await house.agent.prepare(Request("a story please"))
        async with aclosing(house.agent.commit(prepared)) as parts:
            assert await anext(parts) == Said("Once upon a time")
        await server.idle()


async def test_a_model_that_dies_in_the_middle_is_followed_by_the_next(tmp_path, kind):
    async with thinking(tmp_path, kind, count=2) as (house, [first, second]):
        first.will_answer(TextDelta("It is the"), Fault.CUT)
        second.will_answer(TextDelta("sky."), ChatEnd("stop"))
        assert (await house.say("why is the sea blue")).reply == "It is the sky."


async def test_without_any_model_left_the_house_apologises_and_goes_on(tmp_path, kind):
    async with thinking(tmp_path, kind) as (house, [server]):
        server.will_refuse(500, "out of memory")
        done = await house.say("why is the sea blue")
        assert done.reply.startswith("Sorry, I cannot think just now")
        assert (await house.say("turn on the desk lamp")).actions == [("light.turn_on", "light.desk_lamp", {})]


async def test_ask_asks_the_model_of_the_settings(tmp_path):
    """In a process of its own, since no server runs."""
    async with OpenAIServer().serving() as server:
        server.will_answer(LAMP, ChatEnd("calls"))
        server.will_answer(TextDelta("There you are."), ChatEnd("stop"))
        (tmp_path / "server.yaml").write_text(json.dumps({"llm": {"engine": "openai", **server.settings()}}))
        status, out, err = await roomtone("ask", "--config", "server.yaml", "--json", "let me read", folder=tmp_path)
        assert status == 0, err
        answer = json.loads(out)
        assert answer["reply"] == "There you are."
        assert [each["entity"] for each in answer["actions"]] == ["light.desk_lamp"]
        await server.idle()
