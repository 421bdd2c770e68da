"""What is particular to OpenAI-compatible servers: keys, settings on the wire, and the dialects that they speak."""

import pytest
from pydantic import ValidationError
from support.llm_servers import KEY, OpenAIServer, running

from roomtone.errors import EngineError
from roomtone.settings import render
from roomtone_server.engines.base import ChatEnd, ChatMessage, ChatRequest, ToolCall
from roomtone_server.engines.llm.openai import OpenAI, OpenAISettings

NOWHERE = "http://127.0.0.1:9/v1"
HELLO = ChatRequest("", (ChatMessage("user", "Hello"),))


@pytest.fixture
async def server():
    async with OpenAIServer().serving() as server:
        yield server


@pytest.fixture
def started(server):
    def started(**options):
        return running(OpenAI(OpenAISettings(**{**server.settings(), **options})), server)

    return started


async def asked(server, engine, request=HELLO):
    """The JSON that arrives for a request."""
    server.will_answer(ChatEnd("stop"))
    assert [piece async for piece in engine.chat(request)] == [ChatEnd("stop")]
    return server.asked[-1].json()


async def test_its_settings_are_asked_for_and_the_messages_stand_last(server, started):
    async with started(
        temperature=0.2, max_tokens=100, extra={"reasoning_effort": "low", "stream_options": None}
    ) as engine:
        body = await asked(server, engine)
        assert body == {
            "max_tokens": 100,
            "model": "tiny",
            "reasoning_effort": "low",
            "temperature": 0.2,
            "stream": True,
            "messages": [{"role": "user", "content": "Hello"}],
        }
        assert list(body)[-1] == "messages"
        body = await asked(server, engine, ChatRequest("", HELLO.messages, temperature=0.9, max_tokens=20))
        assert (body["temperature"], body["max_tokens"]) == (0.9, 20)


async def test_without_a_model_the_server_takes_the_one_that_it_has(server, started):
    async with started(model="") as engine:
        assert "model" not in await asked(server, engine)


async def test_a_result_names_its_call(server, started):
    call = ToolCall("call_7", "dim", '{"broken')
    messages = (*HELLO.messages, ChatMessage("assistant", "", (call,)), ChatMessage("tool", "no JSON", answers=call))
    async with started() as engine:
        body = await asked(server, engine, ChatRequest("", messages))
    function = {"name": "dim", "arguments": '{"broken'}
    assert body["messages"][1]["tool_calls"] == [{"id": "call_7", "type": "function", "function": function}]
    assert body["messages"][2] == {"role": "tool", "content": "no JSON", "tool_call_id": "call_7"}


async def test_the_key_is_in_the_settings_the_environment_or_a_file(server, started, monkeypatch, tmp_path):
    server.key = KEY
    monkeypatch.setenv("MY_KEY", KEY)
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    for options in ({"api_key": KEY}, {"api_key_env": "MY_KEY"}, {"api_key_file": file}):
        async with started(**options) as engine:
            await asked(server, engine)
            assert await engine.models() == ["large", "tiny"]


def test_the_key_is_not_shown():
    settings = OpenAISettings(base_url=NOWHERE, api_key=KEY)
    assert KEY not in repr(settings)
    assert KEY not in render(settings)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"api_key_env": "NO_SUCH_KEY"}, "names NO_SUCH_KEY, which the environment lacks"),
        ({"api_key_file": "/no/such/key"}, r"cannot read /no/such/key \(No such file"),
        ({"api_key": "schlüssel"}, "has characters that no key has"),
        ({"api_key": "two\nlines"}, "has characters that no key has"),
    ],
)
async def test_a_key_that_is_not_where_it_should_be_is_told_at_start(options, match):
    with pytest.raises(EngineError, match=match) as raised:
        await OpenAI(OpenAISettings(base_url=NOWHERE, **options)).start()
    assert "schl" not in str(raised.value)


async def test_a_file_that_is_no_text_is_no_key(tmp_path):
    file = tmp_path / "key"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(EngineError, match="it is no text"):
        await OpenAI(OpenAISettings(base_url=NOWHERE, api_key_file=file)).start()


@pytest.mark.parametrize(
    ("retry_after", "match"), [("7", "ask it again in 7 s"), ("Wed, 21 Oct 2026 07:28:00 GMT", "ask it again later")]
)
async def test_too_many_requests_say_when_to_ask_again(server, started, retry_after, match):
    server.will_refuse(429, "slow down", Retry_After=retry_after)
    async with started() as engine:
        with pytest.raises(EngineError, match=match):
            await anext(engine.chat(HELLO))


async def test_a_wrong_address_is_told(server, started):
    for wrong in (server.url, f"{server.url}/v2"):
        async with started(base_url=wrong) as engine:
            with pytest.raises(EngineError, match=r"sent what is no answer of such a server: .* set `base_url`"):
                await anext(engine.chat(HELLO))
            with pytest.raises(EngineError, match="sent what is no answer of such a server"):
                await engine.models()


async def test_a_redirect_is_not_followed_since_it_would_take_the_key_elsewhere(server, started):
    server.will_refuse(307, Location="http://127.0.0.1:1/v1")
    async with started() as engine:
        with pytest.raises(EngineError, match="sent what is no answer of such a server"):
            await anext(engine.chat(HELLO))


def test_an_address_without_a_scheme_is_a_settings_error():
    with pytest.raises(ValidationError, match="base_url"):
        OpenAISettings(base_url="localhost:8080")


async def test_the_password_in_an_address_is_not_told(server, started):
    url = server.url.replace("://", "://user:secret@")
    server.will_refuse(500)
    async with started(base_url=f"{url}/v1") as engine:
        with pytest.raises(EngineError, match="failed") as raised:
            await anext(engine.chat(HELLO))
    assert "secret" not in str(raised.value)
