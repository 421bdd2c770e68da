"""What the language model engines are asked in tests."""

import pytest
from support.llm_servers import KEY

from roomtone.errors import EngineError
from roomtone_server.engines.base import ChatMessage, ChatRequest, Tool, ToolCall

LIGHT = Tool(
    "set_light",
    "Sets a light of the home.",
    {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"type": "string", "description": "of the light"},
            "brightness": {"type": "integer", "minimum": 0, "maximum": 100},
        },
    },
)
TIME = Tool("tell_time", "Tells the time.", {"type": "object", "properties": {}})
CALL = ToolCall("call_1", "set_light", '{"name": "die Küche", "brightness": 30}')
SECRET = "the alarm is disarmed by nine one one"
ASKED = ChatRequest("You are the voice of a home.", (ChatMessage("user", SECRET),), (LIGHT, TIME))


async def answer(engine, request=ASKED):
    return [piece async for piece in engine.chat(request)]


async def fails(engine, match, request=ASKED):
    """The pieces before the error; the error is one sentence that gives nothing away."""
    pieces = []

    async def listen():
        async for piece in engine.chat(request):
            pieces.append(piece)  # noqa: PERF401 - what came before the error counts

    with pytest.raises(EngineError, match=match) as raised:
        await listen()
    text = str(raised.value)
    assert "\n" not in text
    assert KEY not in text
    assert SECRET not in text
    return pieces
