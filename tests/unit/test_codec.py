import asyncio
import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.wyoming_events import events, split
from wyoming.event import Event, async_read_event, async_write_event

from roomtone.errors import FrameError
from roomtone.link.codec import Decoder, Limits, encode

AUDIO = Event("audio-chunk", {"rate": 16000, "width": 2, "channels": 1, "timestamp": 20}, bytes(640))


def decoded(pieces, limits=None):
    """The events of the pieces, and the FrameError's text or None."""
    decoder = Decoder(limits or Limits())
    found = []
    try:
        for piece in pieces:
            decoder.feed(piece)
            while (event := decoder.next_event()) is not None:
                found.append(event)
        decoder.end()
    except FrameError as problem:
        return found, str(problem)
    return found, None


@given(st.lists(events, max_size=4), st.data())
def test_any_split_gives_the_events_that_were_encoded(sent, data):
    stream = b"".join(encode(event) for event in sent)
    assert decoded(data.draw(split(stream))) == (sent, None)


@given(st.lists(events, min_size=1, max_size=3), st.data())
def test_any_split_of_broken_bytes_breaks_at_the_same_place(sent, data):
    stream = bytearray(b"".join(encode(event) for event in sent))
    at = data.draw(st.integers(0, len(stream)))
    stream[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    limits = Limits(header_bytes=100, data_bytes=200, payload_bytes=1000, json_depth=4)
    assert decoded(data.draw(split(bytes(stream))), limits) == decoded([bytes(stream)], limits)


@given(st.binary(max_size=200))
def test_any_bytes_give_events_or_a_frame_error(junk):
    decoded([junk, b"\n", junk])


@given(events)
async def test_wyoming_reads_what_we_write(event):
    reader = asyncio.StreamReader()
    reader.feed_data(encode(event))
    reader.feed_eof()
    assert await async_read_event(reader) == event


@given(events)
async def test_we_read_what_wyoming_writes(event):
    sink = io.BytesIO()
    sink.drain = lambda: asyncio.sleep(0)
    await async_write_event(event, sink)
    assert decoded([sink.getvalue()]) == ([event], None)


def test_a_frame_is_a_line_then_data_then_payload():
    line, data_and_payload = encode(Event("a", {"b": "ü"}, b"\x00\n")).split(b"\n", 1)
    assert json.loads(line) == {"type": "a", "version": "1.10.0", "data_length": 10, "payload_length": 2}
    assert data_and_payload == b'{"b":"\xc3\xbc"}\x00\n'


@pytest.mark.parametrize(
    "frame",
    [
        b'{"type": "a", "data_length": 9}\n{"x":[1]}',
        b'{"type": "a", "data": {"x": [1]}}\n',
        b'{"type": "a"}\n',
    ],
)
def test_events_with_one_header_line_share_nothing(frame):
    (first, second), _ = decoded([frame, frame])
    assert first == second
    assert first.data is not second.data
    assert not first.data or first.data["x"] is not second.data["x"]


def test_data_bytes_win_over_the_headers_data():
    frame = b'{"type": "a", "data": {"x": 1, "y": 2}, "data_length": 8}\n{"y": 3}'
    assert decoded([frame]) == ([Event("a", {"x": 1, "y": 3})], None)


@pytest.mark.parametrize(
    "line",
    [
        b'{"type": "a"}\r',
        b'  {"type": "a", "data_length": null, "payload_length": 0}  ',
        b'{"type": "a", "version": {"unknown": ["fields", "are", "ignored"]}}',
        b'{"type": "\\u0061"}',
    ],
)
def test_what_other_writers_may_send(line):
    assert decoded([line + b"\n"]) == ([Event("a")], None)


REFUSED_LINES = {
    b"": "not JSON",
    b"junk": "not JSON",
    b'{"type": "a"} x': "not JSON",
    b'{"type": "a", "x": \'1\'}': "not JSON",
    b'{"type": "a", "x": "\x01"}': "not JSON",
    b'{"type": "a\xff"}': "not UTF-8",
    b'{"type": "a", "x": "\xed\xa0\x80"}': "not UTF-8",
    b'{"type": "a", "x": "\\ud800"}': "not UTF-8",
    b"[]": "must be a JSON object",
    b"null": "must be a JSON object",
    b"{}": "type must be a string",
    b'{"type": ""}': "type must be a string",
    b'{"type": 1}': "type must be a string",
    b'{"type": "a", "data": []}': "data must be an object",
    b'{"type": "a", "data": null}': "data must be an object",
    b'{"type": "a", "type": "b"}': "a key stands twice",
    b'{"type": "a", "data": {"x": {"y": 1, "y": 1}}}': "a key stands twice",
    b'{"type": "a", "x": NaN}': "NaN is not JSON",
    b'{"type": "a", "x": -Infinity}': "-Infinity is not JSON",
    b'{"type": "a", "x": 1e999}': "beyond what a double can hold",
    b'{"type": "a", "x": ' + b"9" * 5000 + b"}": "too many digits",
    b'{"type": "a", "x": ' + b"[" * 32 + b"]" * 32 + b"}": "nested deeper than 32",
    b'{"type": "a", "x": ' + b'{"":' * 1000: "nested deeper than 32",
    b'{"type": "a", "data_length": true}': "data_length must be an integer from 0 to 65536",
    b'{"type": "a", "data_length": -1}': "data_length must be an integer",
    b'{"type": "a", "data_length": 1.0}': "data_length must be an integer",
    b'{"type": "a", "data_length": "1"}': "data_length must be an integer",
    b'{"type": "a", "data_length": 65537}': "data_length must be an integer",
    b'{"type": "a", "payload_length": 100000000000}': "payload_length must be an integer from 0 to 65536",
    b'{"type": "a", "payload_length": [1]}': "payload_length must be an integer",
}


@pytest.mark.parametrize(("line", "complaint"), REFUSED_LINES.items())
def test_a_refused_line_is_named_with_its_place(line, complaint):
    first = encode(AUDIO)
    found, problem = decoded([first + line + b"\n"])
    assert found == [AUDIO]
    assert problem.startswith(f"frame at byte {len(first)}: header line: ")
    assert complaint in problem


@pytest.mark.parametrize("data", [b"[]", b"1", b"{}x", b'{"x": NaN}', b'{"x": 1, "x": 1}', b"\xff\xff", b"[" * 5000])
def test_refused_data(data):
    _, problem = decoded([b'{"type": "a", "data_length": %d}\n' % len(data) + data])
    assert problem.startswith("frame at byte 0: data: ")


def test_brackets_in_strings_do_not_nest():
    event = Event("a", {"x": "[" * 100, 'y"': '\\"{' * 100})
    assert decoded([encode(event)]) == ([event], None)


@given(st.integers(1, 40), st.sampled_from(["[]", "{}", '[{"":1}]']))
def test_depth_is_exact(depth, inner):
    text = '{"x":' + "[" * depth + inner + "]" * depth + "}"
    deep = depth + 2 + (inner[1] == "{")
    _, problem = decoded([b'{"type":"a","data_length":%d}\n' % len(text) + text.encode()])
    assert (problem is None) == (deep <= 32)


def test_a_line_without_end_is_refused_at_the_limit():
    decoder = Decoder(Limits(header_bytes=10))
    decoder.feed(b"123456789")
    assert decoder.next_event() is None
    decoder.feed(b"0")
    with pytest.raises(FrameError, match="header line: more than 10 bytes"):
        decoder.next_event()


def test_each_part_may_be_as_long_as_its_limit():

    event = Event("a", {"": "xxx"}, bytes(5))
    exact = Limits(header_bytes=len(encode(event).split(b"\n")[0]) + 1, data_bytes=10, payload_bytes=5)
    assert decoded([encode(event, exact)], exact) == ([event], None)
    for smaller in (
        Limits(exact.header_bytes - 1, 10, 5),
        Limits(exact.header_bytes, 9, 5),
        Limits(exact.header_bytes, 10, 4),
    ):
        with pytest.raises(FrameError, match="at most"):
            encode(event, smaller)
        assert decoded([encode(event)], smaller)[1] is not None


def test_after_an_error_nothing_more_comes():
    decoder = Decoder()
    decoder.feed(b"junk\n")
    for call in (decoder.next_event, decoder.next_event, decoder.end):
        with pytest.raises(FrameError, match="frame at byte 0"):
            call()
        decoder.feed(encode(AUDIO))


@pytest.mark.parametrize("length", [5, 60, 100, 200, 700])
def test_the_end_inside_a_frame_is_an_error(length):
    assert len(encode(AUDIO)) > 700
    _, problem = decoded([encode(AUDIO), encode(AUDIO)[:length]])
    assert f"the stream ends {length} bytes after the frame's begin" in problem


@pytest.mark.parametrize(
    "event",
    [
        Event("", {}),
        Event(None, {}),
        Event("a", {"x": float("nan")}),
        Event("a", {"x": object()}),
        Event("a", {"x": "\ud800"}),
        Event("a", {"x": [[]]}),
        Event("\n" * 90, {}),
    ],
)
def test_what_cannot_be_read_is_not_written(event):
    with pytest.raises(FrameError, match="cannot encode an event"):
        encode(event, Limits(header_bytes=150, json_depth=2))


def test_data_that_holds_itself_is_not_written():
    loop = {}
    loop["x"] = loop
    with pytest.raises(FrameError, match="Circular"):
        encode(Event("a", loop))
