"""What every language model engine promises in engines/base.py, asked of each that is declared, against a server that
speaks its protocol."""

import asyncio
import contextlib
import gc
import json
import logging
import threading

import psutil
import pytest
from support.llm_requests import ASKED, CALL, LIGHT, SECRET, TIME, answer, fails
from support.llm_servers import KEY, Fault

from roomtone.errors import EngineError
from roomtone_server.engines.base import ChatEnd, ChatMessage, ChatRequest, TextDelta, ThinkingDelta, Tool, ToolCall

pytestmark = pytest.mark.parametrize("engine_count", [1, 2], ids=["alone", "chain"], indirect=True)

# What it gives


async def test_the_answer_comes_in_pieces_and_ends_with_why_and_how_much(make, started, server):
    pieces = [TextDelta("It is "), TextDelta("21 °C"), TextDelta(".\n"), ChatEnd("stop", 12, 5)]
    server.will_answer(*pieces)
    async with started(make()) as engine:
        assert await answer(engine) == pieces


async def test_each_piece_comes_as_soon_as_the_server_sends_it(make, started, server):
    gates = [asyncio.Event(), asyncio.Event()]
    server.will_answer(TextDelta("One"), gates[0], TextDelta(" two"), gates[1], ChatEnd("stop", 1, 2))
    async with started(make()) as engine, contextlib.aclosing(engine.chat(ASKED)) as pieces:
        assert await anext(pieces) == TextDelta("One")
        gates[0].set()
        assert await anext(pieces) == TextDelta(" two")
        gates[1].set()
        assert await anext(pieces) == ChatEnd("stop", 1, 2)


async def test_thoughts_are_told_from_the_answer(make, started, server):
    pieces = [ThinkingDelta("The user "), ThinkingDelta("is tired."), TextDelta("Good night."), ChatEnd("stop", 3, 9)]
    server.will_answer(*pieces)
    async with started(make()) as engine:
        assert await answer(engine) == pieces


async def test_thoughts_that_the_server_leaves_in_the_text_are_not_spoken(make, started, server):
    server.will_answer(*map(TextDelta, ("<th", "ink>Hm", "m</thi", "nk>\n\nGood ", "night.")), ChatEnd("stop", 3, 9))
    async with started(make()) as engine:
        pieces = await answer(engine)
    assert "".join(piece.text for piece in pieces if isinstance(piece, TextDelta)) == "Good night."
    assert "".join(piece.text for piece in pieces if isinstance(piece, ThinkingDelta)) == "Hmm"


async def test_calls_come_whole_and_the_end_says_that_they_wait(make, started, server):
    second = ToolCall("call_2", "tell_time", "{}")
    server.will_answer(TextDelta("One moment."), CALL, second, ChatEnd("calls", 40, 8))
    async with started(make()) as engine:
        said, *calls, end = await answer(engine)
    assert said == TextDelta("One moment.")
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [
        ("set_light", {"name": "die Küche", "brightness": 30}),
        ("tell_time", {}),
    ]
    assert len({call.id for call in calls}) == 2
    assert end == ChatEnd("calls", 40, 8)


async def test_an_answer_that_was_cut_off_says_so(make, started, server):
    server.will_answer(TextDelta("Once upon"), ChatEnd("length", 5, 100))
    async with started(make()) as engine:
        assert (await answer(engine))[-1] == ChatEnd("length", 5, 100)


async def test_it_lists_the_models_that_the_server_has(make, started):
    async with started(make()) as engine:
        assert await engine.models() == ["large", "tiny"]


# What it asks


async def test_it_asks_with_all_that_the_request_holds(make, started, server):
    server.will_answer(ChatEnd("stop"))
    result = ChatMessage("tool", "done", answers=CALL)
    messages = (ChatMessage("user", "Light!"), ChatMessage("assistant", "", (CALL,)), result)
    async with started(make()) as engine:
        await answer(engine, ChatRequest("Be brief.", messages, (LIGHT,)))
    asked = server.asked[-1].json()
    assert asked["model"] == "tiny"
    assert asked["stream"] is True
    assert [message["role"] for message in asked["messages"]] == ["system", "user", "assistant", "tool"]
    assert asked["messages"][0]["content"] == "Be brief."
    assert asked["messages"][2]["tool_calls"][0]["function"]["name"] == "set_light"
    assert asked["messages"][3]["content"] == "done"
    (tool,) = asked["tools"]
    assert tool["function"]["name"] == "set_light"
    brightness = json.dumps(tool["function"]["parameters"]["properties"]["brightness"])
    assert "maximum" in brightness
    assert "100" in brightness


async def test_what_is_not_new_is_the_same_bytes_again(make, started, server):
    """A model server remembers the beginning that two requests share, and only that."""
    shuffled = Tool(LIGHT.name, LIGHT.description, dict(reversed(LIGHT.parameters.items())))
    first = ChatRequest("Static.", (ChatMessage("user", "One?"),), (LIGHT, TIME))
    more = (
        ChatMessage("assistant", "One.", (CALL,)),
        ChatMessage("tool", "ok", answers=CALL),
        ChatMessage("user", "Two?"),
    )
    async with started(make()) as engine:
        for request in (first, ChatRequest("Static.", (*first.messages, *more), (shuffled, TIME))):
            server.will_answer(ChatEnd("stop"))
            await answer(engine, request)
    before, after = (_prompt(asked) for asked in server.asked)
    assert after.startswith(before)


def _prompt(asked):
    """What a server makes its prompt of, in the order in which templates do."""
    body = asked.json()
    return "".join(json.dumps(part) for part in (*body["tools"], *body["messages"]))


@pytest.mark.parametrize("text", ["", "\x00 one", "a lone \ud800 surrogate", "one\u2028two \x85 three", "<|im_end|>"])
async def test_any_text_can_be_sent_and_received(make, started, server, text):
    server.will_answer(TextDelta("one\u2028two"), ChatEnd("stop"))
    async with started(make()) as engine:
        said = await answer(engine, ChatRequest(text, (ChatMessage("user", text), ChatMessage("assistant", text))))
    assert said == [TextDelta("one\u2028two"), ChatEnd("stop")]


async def test_two_turns_share_a_connection_and_two_at_once_do_not_mix(make, started, server):
    async with started(make()) as engine:
        for _ in range(2):
            server.will_answer(TextDelta("One"), ChatEnd("stop"))
            await answer(engine)
        assert server.connections == 1
        gate = asyncio.Event()
        server.will_answer(TextDelta("slow"), gate, ChatEnd("stop"))
        server.will_answer(TextDelta("fast"), ChatEnd("stop"))
        slow = engine.chat(ASKED)
        assert await anext(slow) == TextDelta("slow")
        assert await answer(engine) == [TextDelta("fast"), ChatEnd("stop")]
        gate.set()
        assert [piece async for piece in slow] == [ChatEnd("stop")]


async def test_a_server_that_was_started_again_between_two_turns_is_asked_again(make, started, server):
    async with started(make()) as engine:
        for _ in range(2):
            server.will_answer(TextDelta("One"), ChatEnd("stop"))
            assert await answer(engine) == [TextDelta("One"), ChatEnd("stop")]
            await server.hang_up()
    assert server.connections == 2


# Being stopped


async def test_closing_ends_the_connection_and_the_next_answer_is_whole(make, started, server):
    async with started(make()) as engine:
        server.will_answer(TextDelta("One"), Fault.SILENCE)
        pieces = engine.chat(ASKED)
        assert await anext(pieces) == TextDelta("One")
        await pieces.aclose()
        await server.idle()
        server.will_answer(TextDelta("Two"), ChatEnd("stop"))
        assert await answer(engine) == [TextDelta("Two"), ChatEnd("stop")]


async def test_a_cancelled_listener_ends_the_connection(make, started, server):
    server.will_answer(TextDelta("One"), Fault.SILENCE)
    heard = asyncio.Event()
    async with started(make()) as engine:

        async def listen():
            async with contextlib.aclosing(engine.chat(ASKED)) as pieces:
                async for _ in pieces:
                    heard.set()

        listener = asyncio.create_task(listen())
        await heard.wait()
        listener.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listener
        await server.idle()


async def test_cancelled_before_its_first_token_it_ends_the_connection(make, started, server):
    server.will_answer(Fault.SILENCE)
    async with started(make()) as engine:
        listener = asyncio.create_task(answer(engine))
        await server.was_asked.wait()
        listener.cancel()
        with pytest.raises(asyncio.CancelledError):
            await listener
        await server.idle()


async def test_close_is_idempotent_and_ends_what_is_being_answered(make, server):
    engine = make()
    await engine.close()
    await engine.start()
    server.will_answer(TextDelta("One"), Fault.SILENCE)
    pieces = engine.chat(ASKED)
    await anext(pieces)
    await engine.close()
    await engine.close()
    with pytest.raises(EngineError):
        await anext(pieces)
    await server.idle()


# What it leaves


async def test_it_can_be_started_again(make, started, server):
    engine = make()
    for _ in range(2):
        server.will_answer(ChatEnd("stop"))
        async with started(engine):
            assert await answer(engine) == [ChatEnd("stop")]


async def test_it_leaks_nothing_whatever_happens(make, started, server):
    async def everything():
        scripts = [(TextDelta("a"), ChatEnd("stop")), (TextDelta("a"), Fault.CUT), (TextDelta("a"), Fault.BROKEN_JSON)]
        async with started(make()) as engine:
            for script in scripts:
                server.will_answer(*script)
                with contextlib.suppress(EngineError):
                    await answer(engine)
            server.will_answer(TextDelta("a"), Fault.SILENCE)
            pieces = engine.chat(ASKED)
            await anext(pieces)
            await pieces.aclose()
            server.will_refuse(500)
            await fails(engine, "500")
        await server.idle()
        gc.collect()

    await everything()  # what is made once, and stays
    descriptors, threads = (
        psutil.Process().num_fds(),
        {thread for thread in threading.enumerate() if not _pooled(thread)},
    )
    for _ in range(3):
        await everything()
    assert psutil.Process().num_fds() == descriptors
    assert {thread for thread in threading.enumerate() if not _pooled(thread)} == threads


def _pooled(thread):
    return thread.name.startswith("asyncio")  # the event loop's own pool


async def test_nothing_that_was_said_and_no_key_is_logged(make, started, server, key, caplog):
    caplog.set_level(logging.DEBUG)
    server.will_answer(TextDelta("the answer"), ChatEnd("stop"))
    async with started(make(**key(KEY))) as engine:
        await answer(engine)
    assert KEY in server.asked[-1].headers["authorization"]
    for told in (KEY, SECRET, "the answer"):
        assert told not in caplog.text
