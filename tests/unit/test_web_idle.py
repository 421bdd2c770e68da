"""Connections that ask nothing are closed, on virtual time; those that are being answered never are."""

import asyncio

import aiohttp
from aiohttp import web
from support.web import HOST, serving

from roomtone_server.ports.web import idle
from roomtone_server.ports.web.idle import IDLE_S, Idlers
from roomtone_server.ports.web.route import Route


class Asked:
    def __init__(self, protocol):
        self.protocol = protocol


async def test_who_asks_nothing_is_overdue_after_a_while():
    idlers = Idlers()
    assert idlers.overdue(["one"], 0.0) == []
    assert idlers.overdue(["one", "two"], IDLE_S - 1) == []
    assert idlers.overdue(["one", "two"], IDLE_S) == ["one"]
    assert idlers.overdue(["two"], 2 * IDLE_S) == ["two"]
    assert idlers.overdue(["one"], 2 * IDLE_S) == [], "another one, which came later"


async def test_an_answer_may_take_as_long_as_it_likes_and_what_follows_counts_anew():
    idlers, done = Idlers(), asyncio.Event()

    async def handler(_request):
        await done.wait()

    async with asyncio.TaskGroup() as tasks:
        answering = tasks.create_task(idlers.middleware(Asked("one"), handler))
        await asyncio.sleep(0)
        assert idlers.overdue(["one"], 0.0) == []
        assert idlers.overdue(["one"], 10 * IDLE_S) == []
        done.set()
        await answering
    assert idlers.overdue(["one"], 11 * IDLE_S) == []
    assert idlers.overdue(["one"], 12 * IDLE_S) == ["one"]


async def test_a_request_that_never_ends_is_hung_up_on_and_a_stream_is_not(monkeypatch):
    monkeypatch.setattr(idle, "LOOKED_AFTER_EVERY_S", 0.01)
    monkeypatch.setattr(idle, "IDLE_S", 0.01)
    gone = asyncio.Event()

    async def stream(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await gone.wait()
        await response.write(b"still here")
        return response

    async with (
        serving([Route("GET", "/", stream, None)]) as url,
        aiohttp.ClientSession() as session,
        session.get(url) as answer,
    ):
        reader, writer = await asyncio.open_connection(HOST, int(url.rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\nHost: at")
        assert await reader.read() == b""
        writer.close()
        gone.set()
        assert await answer.read() == b"still here"
