"""Language models in a chain: who answers, and who goes on where another broke off."""

from contextlib import aclosing, asynccontextmanager

import pytest
from support.chain_engines import BROKEN, Model, makers
from support.llm_requests import fails

from roomtone.errors import EngineError
from roomtone_server.engines.base import ChatEnd, ChatMessage, ChatRequest, TextDelta, ThinkingDelta, ToolCall
from roomtone_server.engines.chains.llm import GO_ON, LlmChain

ASKED = ChatRequest("You are the voice of a home.", (ChatMessage("user", "What time is it?"),))
STOP = ChatEnd("stop")
BREAK = EngineError(BROKEN)
CALL = ToolCall("1", "tell_time", "{}")


@asynccontextmanager
async def chain_of(*models):
    chain = LlmChain(makers(*models), patience_s=60)
    await chain.start()
    try:
        yield chain
    finally:
        await chain.close()
        assert not [model.name for model in models if model.open or model.running]


async def answer(chain):
    return [piece async for piece in chain.chat(ASKED)]


def text(pieces):
    return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))


@pytest.mark.parametrize("before", [(), (ThinkingDelta("Well, "),)])
async def test_where_one_fails_before_its_text_the_next_answers(before):
    a, b = Model("a", pieces=(*before, BREAK)), Model("b")
    async with chain_of(a, b) as chain:
        assert await answer(chain) == [*before, *b.pieces]
        assert b.requests == [ASKED]
        assert [each.state for each in chain.chain.status()] == ["rests", "works"]


@pytest.mark.parametrize(
    ("said", "more", "whole"),
    [
        ("It is", "noon.", "It is noon."),
        ("It is ", "noon.", "It is noon."),
        ("It is", " noon.", "It is noon."),
        ("It is noon", ".", "It is noon."),
        ("It is noon,", "sharp.", "It is noon, sharp."),
    ],
)
async def test_where_one_fails_in_its_text_the_next_goes_on(said, more, whole):
    a, b = Model("a", pieces=(TextDelta(said), BREAK)), Model("b", pieces=(TextDelta(more), STOP))
    async with chain_of(a, b) as chain:
        pieces = await answer(chain)
    assert text(pieces) == whole
    assert pieces[-1] == STOP
    [request] = b.requests
    assert request.messages == (*ASKED.messages, ChatMessage("assistant", said), ChatMessage("user", GO_ON))
    assert request.system == ASKED.system, "the beginning stays, for the server's memory of it"


async def test_a_third_goes_on_from_both():
    a = Model("a", pieces=(TextDelta("One"), BREAK))
    b = Model("b", pieces=(TextDelta("two"), TextDelta(", three"), BREAK))
    c = Model("c", pieces=(TextDelta("four"), TextDelta("."), STOP))
    async with chain_of(a, b, c) as chain:
        assert text(await answer(chain)) == "One two, three four."
        assert c.requests[0].messages[-2] == ChatMessage("assistant", "One two, three")


async def test_after_a_tool_was_asked_for_the_error_stands():
    a, b = Model("a", pieces=(CALL, BREAK)), Model("b")
    async with chain_of(a, b) as chain:
        assert await fails(chain, BROKEN, ASKED) == [CALL]
        assert b.asked == 0
        assert [each.state for each in chain.chain.status()] == ["rests", "works"]
        assert await answer(chain) == list(b.pieces), "the next answer is the next one's"


async def test_whoever_stops_listening_stops_the_model_and_blames_nobody():
    a, b = Model("a"), Model("b")
    async with chain_of(a, b) as chain:
        async with aclosing(chain.chat(ASKED)) as pieces:
            await anext(pieces)
        assert a.open == 0
        assert [each.state for each in chain.chain.status()] == ["works", "works"]


async def test_its_models_are_those_of_the_first_that_tells():
    async with chain_of(Model("a", starts=["no key"]), Model("b")) as chain:
        assert await chain.models() == ["b's"]
