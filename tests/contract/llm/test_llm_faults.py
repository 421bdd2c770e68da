"""What every language model engine says when something goes wrong: one sentence, and what to do; and it goes on."""

import contextlib
import socket

import psutil
import pytest
from support.llm_requests import SECRET, answer, fails
from support.llm_servers import KEY, Failure, Fault

from roomtone.errors import EngineError
from roomtone_server.engines.base import ChatEnd, TextDelta


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
