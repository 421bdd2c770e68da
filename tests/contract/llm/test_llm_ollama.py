"""What is Ollama's own: its settings on the wire, tools as its API carries them, and pulling a model."""

import pytest
from support.llm_servers import Fault, OllamaServer, running

from roomtone.errors import EngineError
from roomtone_server.engines.base import ChatEnd, ChatMessage, ChatRequest, Tool, ToolCall
from roomtone_server.engines.llm.ollama import Ollama, OllamaSettings, PullProgress

HELLO = ChatRequest("", (ChatMessage("user", "Hello"),))


@pytest.fixture
async def server():
    async with OllamaServer().serving() as server:
        yield server


@pytest.fixture
def started(server):
    def started(**options):
        return running(Ollama(OllamaSettings(**{**server.settings(), **options})), server)

    return started


async def asked(server, engine, request=HELLO):
    """The JSON that arrives for a request."""
    server.will_answer(ChatEnd("stop"))
    assert [piece async for piece in engine.chat(request)] == [ChatEnd("stop")]
    return server.asked[-1].json()


async def test_its_settings_are_asked_for(server, started):
    async with started(num_ctx=4096, keep_alive=-1, think="low", options={"top_p": 0.5, "temperature": 0.1}) as engine:
        body = await asked(server, engine)
        assert body["options"] == {"num_ctx": 4096, "top_p": 0.5, "temperature": 0.1}
        assert body["keep_alive"] == -1
        assert body["think"] == "low"
        body = await asked(server, engine, ChatRequest("", HELLO.messages, temperature=0.9, max_tokens=20))
        assert body["options"] == {"num_ctx": 4096, "top_p": 0.5, "temperature": 0.9, "num_predict": 20}


async def test_by_default_it_does_not_think_and_the_model_stays_for_an_hour(server, started):
    async with started() as engine:
        body = await asked(server, engine)
        assert body["think"] is False
        assert body["keep_alive"] == "1h"
        assert body["messages"] == [{"role": "user", "content": "Hello"}]


async def test_what_its_api_does_not_carry_of_a_schema_stands_in_the_description(server, started):
    level = {"type": "integer", "description": "in percent", "minimum": 0, "maximum": 100}
    where = {"type": "object", "properties": {"room": {"type": "string"}}}
    schema = {"type": "object", "properties": {"level": level, "where": where, "what": True}, "required": ["level"]}
    async with started() as engine:
        body = await asked(server, engine, ChatRequest("", HELLO.messages, (Tool("dim", "Dims.", schema),)))
    parameters = body["tools"][0]["function"]["parameters"]
    assert parameters["required"] == ["level"]
    assert parameters["properties"] == {
        "level": {"type": "integer", "description": 'in percent {"maximum": 100, "minimum": 0}'},
        "what": {},
        "where": {"type": "object", "description": '{"properties": {"room": {"type": "string"}}}'},
    }


async def test_a_tool_that_its_client_refuses_is_told_by_the_place(server, started):
    odd = Tool("dim", "Dims.", {"type": "object", "required": 3})
    async with started() as engine:
        with pytest.raises(EngineError, match=r"takes no such tool or message \(function\.parameters\.required: "):
            await anext(engine.chat(ChatRequest("", HELLO.messages, (odd,))))
    assert not server.asked


@pytest.mark.parametrize(
    ("arguments", "sent"), [('{"name": "lamp"}', {"name": "lamp"}), ('{"name": "la', {}), ("[1]", {}), ("", {})]
)
async def test_calls_go_back_as_mappings_and_broken_ones_empty(server, started, arguments, sent):
    call = ToolCall("call_1", "dim", arguments)
    messages = (*HELLO.messages, ChatMessage("assistant", "", (call,)), ChatMessage("tool", "done", answers=call))
    async with started() as engine:
        body = await asked(server, engine, ChatRequest("", messages))
    assert body["messages"][1]["tool_calls"] == [{"function": {"name": "dim", "arguments": sent}}]
    assert body["messages"][2] == {"role": "tool", "content": "done", "tool_name": "dim"}


async def test_a_missing_model_is_pulled_with_progress(server, started):
    async with started(model="qwen3:4b") as engine:
        with pytest.raises(EngineError, match="`ollama pull qwen3:4b` gets it"):
            await anext(engine.chat(HELLO))
        progress = [each async for each in engine.pull("qwen3:4b")]
        assert progress[0] == PullProgress("pulling manifest")
        assert [each.done_bytes for each in progress if each.total_bytes == 300] == [100, 200, 300]
        assert progress[-1] == PullProgress("success")
        await asked(server, engine)
        assert "qwen3:4b" in await engine.models()


async def test_a_model_that_nobody_has_is_an_error(started):
    async with started() as engine:
        with pytest.raises(EngineError, match="failed, and says: pull model manifest: file does not exist"):
            _ = [each async for each in engine.pull("no-such-model")]


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.END])
async def test_a_pull_that_is_cut_off_is_an_error(server, started, fault):
    server.will_answer(fault)
    async with started() as engine:
        with pytest.raises(EngineError, match="broke its answer off"):
            _ = [each async for each in engine.pull("qwen3:4b")]


async def test_closing_a_pull_ends_its_connection(server, started):
    async with started() as engine:
        pull = engine.pull("qwen3:4b")
        await anext(pull)
        await pull.aclose()
        await server.idle()


async def test_something_else_than_ollama_at_its_address_is_told(server, started):
    async with started(host=f"{server.url}/elsewhere") as engine:
        with pytest.raises(EngineError, match="sent what is no answer of such a server"):
            await anext(engine.chat(HELLO))


@pytest.mark.parametrize("host", ["http://[broken", "http://host:port", "http://user:secret@host:port"])
async def test_an_address_that_is_none_is_told_at_start_without_its_password(host):
    with pytest.raises(EngineError, match="is no address of a server") as raised:
        await Ollama(OllamaSettings(host=host)).start()
    assert "secret" not in str(raised.value)
