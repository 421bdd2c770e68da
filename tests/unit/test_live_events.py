"""Live events: told once for all who listen; who does not read them is dropped, and nobody else notices."""

import asyncio
import json
import re
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import date
from urllib.parse import urlsplit

import aiohttp
from support.scripted import ScriptedSatellite, parts
from support.web import OWNER, DoorsFor, serving

from roomtone.link.background import alongside
from roomtone_server.ports.web.api.endpoint import routes_of
from roomtone_server.ports.web.api.happenings import event_endpoints
from roomtone_server.ports.web.api.levels import ASKED_S, tell_levels
from roomtone_server.ports.web.api.live import MAX_UNREAD, Live, event_bytes
from roomtone_server.ports.web.api.shapes import HealthChanged, TurnEvent
from roomtone_server.runtime.house import House
from roomtone_server.runtime.remote import LevelWanted, Remote

LISTENERS = 200
AT_ONCE = 64  # events
LONG = "so much that no socket's buffer holds many of them " * 80


def partial(number, text=""):
    return TurnEvent(satellite="k1", turn=1, at_ms=number, what="partial", data={"text": text})


@asynccontextmanager
async def listening(url, topics="turns"):
    """What one listener reads, from the moment on when he is heard of."""
    async with aiohttp.ClientSession() as session, session.get(f"{url}/api/events?topics={topics}") as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        assert await answer.content.readuntil(b"\n\n") == b":\n\n"
        yield answer


async def read(answer):
    event, data, end = (await answer.content.readuntil(b"\n\n")).decode().split("\n", 2)
    assert end == "\n"
    return event.removeprefix("event: "), json.loads(data.removeprefix("data: "))


async def test_a_listener_hears_the_topics_that_it_asked_for():
    live = Live()
    async with serving(routes_of(event_endpoints(live)), DoorsFor(OWNER)) as url, listening(url, "health") as answer:
        live.tell("turns", "turn", partial(1))
        live.tell("health", "health", HealthChanged(status="degraded", faults={"turns": "the disk is full"}))
        assert await read(answer) == ("health", {"status": "degraded", "faults": {"turns": "the disk is full"}})
        live.let_go()


async def test_levels_are_asked_for_and_told_while_somebody_looks():
    asked = asyncio.Queue()
    remote, live, house = Remote(["level"], asked.put_nowait), Live(), House(parts())
    kitchen = house.attend(ScriptedSatellite("k1", "Kitchen"), remote)
    async with (
        serving(routes_of(event_endpoints(live)), DoorsFor(OWNER)) as url,
        alongside(kitchen),
        alongside(tell_levels(live, house)),
    ):
        async with listening(url, "health"):
            assert asked.empty()
        async with listening(url, "levels") as answer:
            assert await asked.get() == LevelWanted(ASKED_S)
            remote.heard(-42.0)
            while (told := await read(answer)) == ("levels", {"levels": {}}):
                pass
            assert told == ("levels", {"levels": {"k1": -42.0}})
            live.let_go()


@asynccontextmanager
async def silent(url):
    """One who asks, and reads no more of the answer than how it begins."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.setblocking(False)
        loop, address = asyncio.get_running_loop(), urlsplit(url)
        await loop.sock_connect(connection, (address.hostname, address.port))
        await loop.sock_sendall(connection, b"GET /api/events?topics=turns HTTP/1.1\r\nHost: here\r\n\r\n")
        assert (await loop.sock_recv(connection, 12)) == b"HTTP/1.1 200"
        yield


async def read_some(answer, count):
    """The numbers of so many events."""
    text = b""
    while text.count(b"\n\n") < count:
        text += await answer.content.readany()
    assert text.endswith(b"\n\n")
    return [int(number) for number in re.findall(rb'"at_ms":(-?\d+)', text)]


def test_whatever_a_turn_says_is_told():
    odd = {"text": "half a pair: \ud83d", "slots": {"at": date(2026, 3, 1)}, "level": float("nan"), "name": "Küche"}
    [_, data, *_] = event_bytes("turn", TurnEvent(satellite="k1", turn=1, at_ms=1, what="intent", data=odd)).split(
        b"\n"
    )
    told = json.loads(data.removeprefix(b"data: "))["data"]
    assert (told["text"], told["name"]) == ("half a pair: \ud83d", "Küche")
    assert told["slots"] == {"at": "2026-03-01"}


async def test_of_200_listeners_one_that_does_not_read_is_dropped_and_no_other_notices():
    live, number = Live(), 0
    async with serving(routes_of(event_endpoints(live)), DoorsFor(OWNER)) as url, AsyncExitStack() as stack:
        answers = [await stack.enter_async_context(listening(url)) for _ in range(LISTENERS)]
        await stack.enter_async_context(silent(url))
        while live.listeners > LISTENERS:
            numbers = list(range(number + 1, number + 1 + AT_ONCE))
            for number in numbers:
                live.tell("turns", "turn", partial(number, LONG))
            for answer in answers:
                assert await read_some(answer, AT_ONCE) == numbers
        assert number > MAX_UNREAD, "it had as much time as its queue is long"
        live.tell("turns", "turn", partial(-1))
        assert [await read_some(answer, 1) for answer in answers] == [[-1]] * LISTENERS
        live.let_go()
