"""What every language model engine promises in engines/base.py, asked of each that is declared, against a server that
speaks its protocol."""

import asyncio
import contextlib
import functools
import gc
import json
import logging
import socket
import threading

import psutil
import pytest
from support.entry_points import declare, in_project
from support.llm_servers import KEY, Failure, Fault, OllamaServer, OpenAIServer, running

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines.base import (
    ChatEnd,
    ChatMessage,
    ChatRequest,
    TextDelta,
    ThinkingDelta,
    Tool,
    ToolCall,
)

SERVERS = {"ollama": OllamaServer, "openai": OpenAIServer}
DECLARED = in_project("roomtone.llm")

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


@pytest.fixture(params=sorted(DECLARED))
def kind(request, monkeypatch):
    declare(monkeypatch, engines, "roomtone.llm", DECLARED)
    if remedy := engines.load("llm", request.param).missing():
        pytest.skip(f"{request.param} cannot work here: {remedy}")
    return request.param


@pytest.fixture
async def server(kind):
    async with SERVERS[kind]().serving() as server:
        yield server


@pytest.fixture
def make(kind, server, tmp_path):
    """Makes an engine for the server, not yet started."""

    def make(**options):
        chosen = engines.choose("llm", EngineChoice(kind, {**server.settings(), **options}))
        return chosen.make(Surroundings(state=tmp_path / "state", cache=tmp_path / "cache"))

    return make


@pytest.fixture
def started(server):
    return functools.partial(running, server=server)


@pytest.fixture
def key(kind, monkeypatch):
    """Puts a key into the environment; gives the options of an engine that is to take it from there."""

    def key(key):
        monkeypatch.setenv("OLLAMA_API_KEY", key)
        return {} if kind == "ollama" else {"api_key_env": "OLLAMA_API_KEY"}

    return key


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


# What goes wrong


def at_port(server, port):
    """The options of an engine that looks for the server at another port."""
    return {name: value.replace(server.url, f"http://127.0.0.1:{port}") for name, value in server.settings().items()}


async def test_a_server_that_does_not_run_is_told_with_its_address_and_the_engine_survives(make, started, server):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with started(make(**at_port(server, port))) as engine:
        await fails(engine, rf"127\.0\.0\.1:{port}.* cannot be reached .*: start it there")
        with pytest.raises(EngineError, match="cannot be reached"):
            await engine.models()


async def test_a_server_that_cannot_be_reached_in_time_is_told(make, started, server):
    """Like a machine that is off: where nobody accepts and the queue is full, a connection is never made."""
    with contextlib.ExitStack() as sockets:
        full = sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        async with started(make(**at_port(server, full.getsockname()[1]), connect_s=0.05)) as engine:
            await fails(engine, r"was not reached within 0\.05 s: start it there")


async def test_an_unknown_model_is_told_with_how_to_get_one(make, started):
    async with started(make(model="qwen3:4b")) as engine:
        await fails(
            engine, r"has no model 'qwen3:4b': (`ollama pull qwen3:4b` gets it|set `model` to one that it lists)"
        )


async def test_a_bad_key_is_told_without_the_key_and_the_right_one_works(make, started, server, key):
    server.key = KEY
    async with started(make(**key("sk-wrong"))) as engine:
        await fails(engine, r"refuses the key \(401\): set the right one as")
        with pytest.raises(EngineError, match="refuses the key"):
            await engine.models()
    server.will_answer(ChatEnd("stop"))
    async with started(make(**key(KEY))) as engine:
        assert await answer(engine) == [ChatEnd("stop")]


@pytest.mark.parametrize(
    ("status", "words", "match"),
    [
        (400, "tiny does not support tools", r"refuses the request \(400\), and says: tiny does not support tools"),
        (400, f"the message {SECRET!r} is bad", r"refuses the request \(400\): check"),
        (400, f"the key {KEY} is bad", r"refuses the request \(400\): check"),
        (429, "", r"takes no more requests .*\(429\): ask it again"),
        (500, "out of memory\n at once", r"failed \(500\), and says: out of memory at once"),
        (503, "", r"failed \(503\); its log knows more"),
    ],
)
async def test_a_refusal_says_what_the_server_says_unless_that_quotes_somebody(
    make, started, server, key, status, words, match
):
    async with started(make(**key(KEY))) as engine:
        server.will_refuse(status, words)
        await fails(engine, match)
        server.will_answer(ChatEnd("stop"))
        assert await answer(engine) == [ChatEnd("stop")]


@pytest.mark.parametrize(
    "body", [b"<html>Bad Gateway</html>", b"", b'"no"', b"[1]", b'{"error": {"message": 3}}', b"[" * 9999]
)
async def test_a_refusal_in_other_words_than_the_protocols_is_one_too(make, started, server, body):
    server.will_refuse(502, body=body)
    async with started(make()) as engine:
        await fails(engine, r"failed \(502\)|sent what is no answer")


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.END])
async def test_an_answer_that_stops_half_way_is_an_error_after_its_pieces(make, started, server, fault):
    server.will_answer(TextDelta("It is"), fault)
    async with started(make()) as engine:
        assert await fails(engine, "broke its answer off half-way") == [TextDelta("It is")]


async def test_an_error_within_the_answer_is_told(make, started, server):
    server.will_answer(TextDelta("It is"), Failure("the runner has died"))
    async with started(make()) as engine:
        assert await fails(engine, "failed, and says: the runner has died") == [TextDelta("It is")]


@pytest.mark.parametrize("fault", [Fault.BROKEN_JSON, Fault.NO_OBJECT])
async def test_broken_json_is_an_error(make, started, server, fault):
    server.will_answer(TextDelta("It is"), fault, ChatEnd("stop"))
    async with started(make()) as engine:
        assert await fails(engine, "sent what is no answer of such a server") == [TextDelta("It is")]
        await server.idle()


async def test_a_page_for_a_browser_is_no_answer(make, started, server):
    server.listing = b"<html>Welcome</html>"
    server.will_refuse(200, body=server.listing)
    async with started(make()) as engine:
        await fails(engine, "sent what is no answer of such a server")
        with pytest.raises(EngineError, match="sent what is no answer of such a server"):
            await engine.models()


async def test_a_line_without_an_end_is_an_error_and_does_not_fill_the_memory(make, started, server):
    server.will_answer(Fault.ENDLESS_LINE)
    async with started(make()) as engine:
        before = psutil.Process().memory_info().rss
        await fails(engine, "a line of more than")
        assert psutil.Process().memory_info().rss - before < 100 * 2**20
        await server.idle()


async def test_silence_before_the_first_token_is_an_error(make, started, server):
    server.will_answer(Fault.SILENCE)
    async with started(make(first_token_s=0.05)) as engine:
        await fails(engine, r"was silent for 0\.05 s: .* raise `first_token_s`")
        await server.idle()


async def test_silence_within_the_answer_is_an_error_after_its_pieces(make, started, server):
    server.will_answer(TextDelta("It is"), Fault.SILENCE)
    async with started(make(silence_s=0.05)) as engine:
        assert await fails(engine, r"was silent for 0\.05 s: .* raise `silence_s`") == [TextDelta("It is")]
        await server.idle()


async def test_before_it_is_started_and_after_it_is_closed_it_says_so(make, started):
    engine = make()
    await fails(engine, "started")
    async with started(engine):
        pass
    await fails(engine, "closed")
    with pytest.raises(EngineError, match="closed"):
        await engine.models()


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
