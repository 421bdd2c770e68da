"""What language models send, without a network: thoughts in the text, server-sent events, chunks in many dialects."""

import json
import subprocess
import sys
from itertools import chain

import pytest
from pydantic import TypeAdapter
from support.entry_points import in_project

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
from roomtone_server.engines.llm.chat_completions import Chunk, Reply, body, words_in
from roomtone_server.engines.llm.model_server import address
from roomtone_server.engines.llm.server_events import ServerEvents
from roomtone_server.engines.llm.thinking import Thoughts


def cuttings(whole):
    """A text or bytes in pieces: cut once, at every place, and at all places."""
    yield from ([whole[:at], whole[at:]] for at in range(len(whole) + 1))
    yield [whole[at : at + 1] for at in range(len(whole))]


# Thoughts


def told_apart(pieces):
    """(what is said, what is thought)"""
    thoughts = Thoughts()
    deltas = list(chain(chain.from_iterable(map(thoughts.split, pieces)), thoughts.rest()))
    assert all(delta.text for delta in deltas)
    return tuple(
        "".join(delta.text for delta in deltas if isinstance(delta, kind)) for kind in (TextDelta, ThinkingDelta)
    )


@pytest.mark.parametrize(
    ("text", "said", "thought"),
    [
        ("Hello.", "Hello.", ""),
        ("<think>Hm.</think>\n\nHello.", "Hello.", "Hm."),
        ("\n<think>\nHm.\n</think>Hello.", "Hello.", "\nHm.\n"),
        ("<think></think>Hello.", "Hello.", ""),
        ("<think>Hm.</think> \n", "", "Hm."),
        ("<think>1 </th 2</think>3", "3", "1 </th 2"),
        ("<think>and never an end", "", "and never an end"),
        ("<think>and an end that begins </thi", "", "and an end that begins </thi"),
        ("<thinking about it>", "<thinking about it>", ""),
        ("  <thi", "  <thi", ""),
        ("Write <think>x</think>.", "Write <think>x</think>.", ""),
        ("<think>a</think>b<think>c</think>", "b<think>c</think>", "a"),
        ("", "", ""),
    ],
)
def test_thoughts_are_told_apart_however_the_text_is_cut(text, said, thought):
    for pieces in cuttings(text):
        assert told_apart(pieces) == (said, thought)


def test_nothing_is_held_back_that_is_certain():
    thoughts = Thoughts()
    assert list(thoughts.split("<think>Hm <")) == [ThinkingDelta("Hm ")]
    assert list(thoughts.split("b>")) == [ThinkingDelta("<b>")]
    assert list(thoughts.split("</think>Yes <")) == [TextDelta("Yes <")]


# Server-sent events


@pytest.mark.parametrize(
    ("stream", "data"),
    [
        (b"data: one\n\ndata:two\n\n", ["one", "two"]),
        (b"data: one\r\n\r\n", ["one"]),
        (b": keep-alive\n\nevent: message\nid: 3\ndata: one\n\n", ["one"]),
        (b"data: one\ndata: two\n\n", ["one\ntwo"]),
        ("data: Küche\u2028, \x85\n\n".encode(), ["Küche\u2028, \x85"]),
        (b"\n\n\ndata: one\n\n\n", ["one"]),
        (b"data: one\n", []),
        (b"data: \xff\n\n", ["\ufffd"]),
    ],
)
def test_events_are_the_same_however_the_bytes_are_cut(stream, data):
    for pieces in cuttings(stream):
        events = ServerEvents()
        assert list(chain.from_iterable(map(events.feed, pieces))) == data


# Chunks


def replied(*deltas, finish="stop"):
    reply = Reply()
    pieces = []
    for delta in deltas:
        pieces += reply.take(Chunk.model_validate({"choices": [{"delta": delta}]}))
    pieces += reply.take(Chunk.model_validate({"choices": [{"delta": {}, "finish_reason": finish}]}))
    assert reply.is_whole
    return [*pieces, *reply.end()]


def part(arguments=None, name=None, **more):
    return {"tool_calls": [{"function": {"name": name, "arguments": arguments}, **more}]}


@pytest.mark.parametrize(
    "deltas",
    [
        pytest.param(
            [
                part("", "dim", index=0, id="a"),
                part('{"x":', index=0),
                part("1}", index=0),
                part("{}", "off", index=1, id="b"),
            ],
            id="in pieces, with an index",
        ),
        pytest.param(
            [part('{"x":1}', "dim", index=0, id="a"), part("{}", "off", index=0, id="b")], id="one index for all"
        ),
        pytest.param([part('{"x":', "dim", id="a"), part("1}"), part("{}", "off", id="b")], id="without an index"),
        pytest.param([part('{"x":1}', "dim", index=0, id="a"), part(None, "off", index=1, id="b")], id="no arguments"),
        pytest.param(
            [part('{"x":', "dim", index=0, id="a"), part("1}", index=0, id="a"), part("", "off", index=1, id="b")],
            id="the id again and again",
        ),
        pytest.param(
            [{"tool_calls": part('{"x":1}', "dim", id="a")["tool_calls"] + part("{}", "off", id="b")["tool_calls"]}],
            id="all at once",
        ),
    ],
)
@pytest.mark.parametrize("finish", ["tool_calls", "stop", "function_call"])
def test_calls_are_put_together_in_every_dialect(deltas, finish):
    assert replied(*deltas, finish=finish) == [
        ToolCall("a", "dim", '{"x":1}'),
        ToolCall("b", "off", "{}"),
        ChatEnd("calls"),
    ]


def test_calls_without_an_id_get_one():
    assert replied(part("{}", "dim", index=0), part("{}", "off", index=1))[:2] == [
        ToolCall("call_1", "dim", "{}"),
        ToolCall("call_2", "off", "{}"),
    ]


def test_thoughts_have_two_names():
    assert replied({"reasoning_content": "Hm"}, {"reasoning": "m."}, {"content": "Yes."}) == [
        ThinkingDelta("Hm"),
        ThinkingDelta("m."),
        TextDelta("Yes."),
        ChatEnd("stop"),
    ]


@pytest.mark.parametrize(
    ("finish", "why"), [("stop", "stop"), ("length", "length"), ("content_filter", "refused"), ("eos", "stop")]
)
def test_why_it_ended(finish, why):
    assert replied({"content": "Yes"}, finish=finish)[-1] == ChatEnd(why)


def test_calls_that_were_cut_off_are_not_waited_for():
    assert replied(part('{"x"', "dim", index=0), finish="length")[-1] == ChatEnd("length")


@pytest.mark.parametrize("deltas", [[part("1" * 1000)] * 101, [part("", "dim", id=str(n)) for n in range(65)]])
def test_calls_have_a_bound(deltas):
    with pytest.raises(EngineError, match="than anybody can mean"):
        replied(*deltas)


@pytest.mark.parametrize(
    ("data", "holds"),
    [
        ('{"choices": [{"delta": {"role": "assistant", "content": ""}, "finish_reason": null}]}', False),
        ('{"choices": [], "usage": null}', False),
        ('{"object": "ping"}', False),
        ('{"choices": null, "error": null}', False),
        ('{"choices": [{"delta": null}, {"delta": {"tool_calls": null, "content": null}}]}', False),
        ('{"choices": [{"delta": {"content": "Yes"}}]}', True),
        ('{"choices": [{"delta": {}, "finish_reason": "stop"}]}', True),
        ('{"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}}', True),
        ('{"error": "overloaded"}', True),
        ("[DONE]", True),
    ],
)
def test_a_chunk_in_which_the_model_says_nothing_is_no_sign_of_it(data, holds):
    assert Chunk.of(data).holds_anything() is holds


def test_the_end_that_the_server_gave_outlives_its_last_event():
    reply = Reply()
    for data in ('{"choices": [{"delta": {}, "finish_reason": "length"}]}', "[DONE]"):
        assert list(reply.take(Chunk.of(data))) == []
    assert list(reply.end()) == [ChatEnd("length")]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "no such model", "code": 3}}', "no such model"),
        (b'{"error": "no such model"}', "no such model"),
        (b'{"message": "no such model", "object": "error"}', "no such model"),
        (b'{"detail": [{"input": "what was said"}]}', ""),
        (b"<html>", ""),
        (b"[" * 100_000, ""),
        (b"\xff", ""),
    ],
)
def test_the_words_of_an_error_are_found_where_servers_put_them(body, words):
    assert words_in(body) == words


# Engines


def test_engines_are_listed_without_their_http_client():
    modules = ", ".join(point.partition(":")[0] for point in in_project("roomtone.llm").values())
    told = f"import sys, {modules}; print({{'httpx', 'ollama'}} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, check=True, text=True)
    assert done.stdout == "set()\n"


# Requests


def test_what_does_not_change_comes_first_byte_for_byte():
    tool = Tool("dim", "Dims.", {"type": "object", "properties": {"b": {"type": "string"}, "a": {"enum": ["ü"]}}})
    same = Tool("dim", "Dims.", {"properties": {"a": {"enum": ["ü"]}, "b": {"type": "string"}}, "type": "object"})
    messages = (ChatMessage("user", "Hello"),)
    first = body(ChatRequest("System", messages, (tool,)), {"model": "tiny", "top_p": 1})
    then = body(ChatRequest("System", (*messages, ChatMessage("user", "More")), (same,)), {"top_p": 1, "model": "tiny"})
    assert then.startswith(first.removesuffix(b"]}"))


def test_a_request_can_travel_to_another_machine():
    call = ToolCall("a", "dim", "{}")
    messages = (ChatMessage("assistant", "", (call,)), ChatMessage("tool", "done", answers=call))
    request = ChatRequest("System", messages, (Tool("dim", "Dims.", {"type": "object"}),), max_tokens=3)
    wire = TypeAdapter(ChatRequest)
    assert wire.validate_json(wire.dump_json(request)) == request
    assert json.loads(wire.dump_json(request))["max_tokens"] == 3


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://host:1/v1", "http://host:1/v1"),
        ("https://user:pass@host/v1?key=secret", "https://host/v1"),
        ("user:pass@host:1", "host:1"),
        ("http://host/a@b", "http://host/a@b"),
        ("host", "host"),
    ],
)
def test_an_address_is_shown_without_what_is_secret(url, shown):
    assert address(url) == shown
