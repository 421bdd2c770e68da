"""The control socket: one server, its owner's alone, bounded, and an end to every answer."""

import asyncio
import contextlib
import json
import logging
import socket
import stat

import pytest

from roomtone.errors import (
    AlreadyRunning,
    HomeError,
    PeerGone,
    PortUnusable,
    RoomtoneError,
    ServerNotRunning,
    UsageError,
)
from roomtone_server.ports import control
from roomtone_server.ports.control import (
    MAX_CONNECTIONS,
    MAX_REQUEST_BYTES,
    ControlPort,
    call,
    call_async,
    control_path,
)


@pytest.fixture
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("c") / "server" / "control.sock"


async def echo(arguments):
    yield {"heard": arguments}


async def count(arguments):
    for number in range(arguments["to"]):
        yield {"number": number}


async def refuse(_):
    yield {"first": True}
    raise HomeError("the garage is on fire")


async def misuse(_):
    raise UsageError("not like this")
    yield {}


async def break_down(_):
    raise ZeroDivisionError
    yield {}


VERBS = {"echo": echo, "count": count, "refuse": refuse, "misuse": misuse, "break": break_down}


async def answers(path, verb, **arguments):
    return [answer async for answer in call_async(path, verb, **arguments)]


async def raw(path, request):
    """What comes back for these bytes, until the server closes."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(request)
    try:
        return [json.loads(line) for line in (await reader.read()).splitlines()]
    finally:
        writer.close()
        await writer.wait_closed()


async def test_a_verb_gets_its_arguments_and_streams_its_answers(path):
    async with ControlPort(path, VERBS):
        assert await answers(path, "echo", text="hällo", area=None) == [{"heard": {"text": "hällo", "area": None}}]
        assert await answers(path, "count", to=3) == [{"number": 0}, {"number": 1}, {"number": 2}]
        assert await answers(path, "count", to=0) == []


async def test_who_has_no_event_loop_can_call_too(path):
    async with ControlPort(path, VERBS):
        assert await asyncio.to_thread(lambda: list(call(path, "count", to=2))) == [{"number": 0}, {"number": 1}]


@pytest.mark.parametrize(
    ("verb", "kind", "words"),
    [
        ("refuse", RoomtoneError, "garage"),
        ("misuse", UsageError, "not like this"),
        ("dance", UsageError, "no verb 'dance'.*break, count, echo"),
    ],
)
async def test_the_servers_refusal_reaches_the_caller_in_its_own_words(path, verb, kind, words):
    async with ControlPort(path, VERBS):
        with pytest.raises(kind, match=words):
            await answers(path, verb)


async def test_a_broken_verb_does_not_break_the_server(path, caplog):
    async with ControlPort(path, VERBS):
        with pytest.raises(RoomtoneError, match="log"):
            await answers(path, "break")
        assert "ZeroDivisionError" in caplog.text
        assert await answers(path, "echo") == [{"heard": {}}]


async def test_only_the_owner_can_open_it(path):
    async with ControlPort(path, VERBS):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_without_a_server_it_says_so(path):
    with pytest.raises(ServerNotRunning, match="roomtone server"):
        await answers(path, "echo")
    async with ControlPort(path, VERBS):
        pass
    assert not path.exists()
    with pytest.raises(ServerNotRunning):
        await answers(path, "echo")


async def test_the_socket_of_a_dead_server_is_replaced(path):
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with pytest.raises(ServerNotRunning):
        await answers(path, "echo")
    async with ControlPort(path, VERBS):
        assert await answers(path, "echo") == [{"heard": {}}]


async def test_a_second_server_is_refused_and_the_first_lives_on(path):
    async with ControlPort(path, VERBS):
        with pytest.raises(AlreadyRunning, match="ROOMTONE_STATE"):
            await ControlPort(path, VERBS).__aenter__()
        assert await answers(path, "echo") == [{"heard": {}}]


async def test_a_path_too_long_for_a_socket_is_told(path):
    long = path.parent / ("x" * 120) / "control.sock"
    with pytest.raises(PortUnusable, match="ROOMTONE_STATE"):
        await ControlPort(long, VERBS).__aenter__()
    with pytest.raises(PortUnusable, match="ROOMTONE_STATE"):
        await answers(long, "echo")


@pytest.mark.parametrize("request_", [b"\n", b"hello\n", b"[1]\n", b"\xff\n", b'{"verb":' + b"[" * 20_000 + b"\n"])
async def test_what_is_no_request_is_told_so(path, request_):
    async with ControlPort(path, VERBS):
        (answer,) = await raw(path, request_)
        assert "JSON" in answer["error"]
        assert answer["exit_code"] == 2


async def test_half_a_character_is_refused(path):
    """As of a command line in another encoding; nothing that keeps texts could keep it."""
    async with ControlPort(path, VERBS):
        with pytest.raises(UsageError, match="the text is not UTF-8"):
            await answers(path, "echo", text="sp\udce4t")


async def test_a_request_without_an_end_is_cut_off(path):
    async with ControlPort(path, VERBS):
        (answer,) = await raw(path, b"x" * (2 * MAX_REQUEST_BYTES))
        assert str(MAX_REQUEST_BYTES) in answer["error"]


async def test_who_asks_nothing_is_hung_up_on(path, monkeypatch):
    monkeypatch.setattr(control, "READ_DEADLINE_S", 0)
    async with ControlPort(path, VERBS):
        assert await raw(path, b"") == []


async def test_a_verb_ends_when_its_client_leaves(path):
    ended = asyncio.Event()

    async def watch(_):
        try:
            yield {"watching": True}
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with ControlPort(path, {"watch": watch}):
        async with contextlib.aclosing(call_async(path, "watch")) as watching:
            assert await anext(watching) == {"watching": True}
        await ended.wait()


async def test_a_client_that_does_not_read_is_hung_up_on(path, monkeypatch):
    monkeypatch.setattr(control, "WRITE_DEADLINE_S", 0.01)
    ended = asyncio.Event()

    async def flood(_):
        try:
            while True:
                yield {"flood": "x" * 10_000}
        finally:
            ended.set()

    async with ControlPort(path, {"flood": flood}):
        _, writer = await asyncio.open_unix_connection(path)
        writer.transport.pause_reading()
        writer.write(b'{"verb": "flood"}\n')
        await ended.wait()
        writer.close()


async def test_the_server_can_end_while_it_is_watched(path):
    async def watch(_):
        yield {"watching": True}
        await asyncio.Event().wait()

    watching = call_async(path, "watch", patience_s=None)
    async with ControlPort(path, {"watch": watch}):
        await anext(watching)
    with pytest.raises(PeerGone):
        await anext(watching)


async def test_the_callers_patience_has_an_end(path):
    async def think(_):
        await asyncio.Event().wait()
        yield {}

    async with ControlPort(path, {"think": think}):
        with pytest.raises(PeerGone, match="not answered"):
            await answers(path, "think", patience_s=0.01)


async def test_there_is_an_end_to_connections(path, caplog):
    async with ControlPort(path, VERBS), contextlib.AsyncExitStack() as stack:
        for _ in range(MAX_CONNECTIONS):
            _, writer = await asyncio.open_unix_connection(path)
            stack.callback(writer.close)
        with caplog.at_level(logging.WARNING), pytest.raises(PeerGone):
            await answers(path, "echo")
        assert str(MAX_CONNECTIONS) in caplog.text


async def test_an_error_in_the_body_leaves_nothing_behind(path):
    with pytest.raises(ZeroDivisionError):
        async with ControlPort(path, VERBS):
            raise ZeroDivisionError
    assert not path.exists()
    async with ControlPort(path, VERBS):
        pass


def test_it_lies_in_the_state_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ROOMTONE_STATE", str(tmp_path))
    assert control_path() == tmp_path / "server" / "control.sock"
