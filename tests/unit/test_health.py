"""The web port: `/health` tells what it is told, and a port that cannot be had is said in a sentence."""

import asyncio
import contextlib
import json
import socket

import aiohttp
import pytest
from support.scripted import parts
from support.web import DoorsFor

from roomtone.errors import PortUnusable
from roomtone_server.health import Health
from roomtone_server.ports.web.early import PATIENCE_S, answering
from roomtone_server.ports.web.port import serve_web, watching_routes
from roomtone_server.runtime.house import House

HOST = "127.0.0.1"


def whole(sockets, health):
    return serve_web(sockets, watching_routes(health, lambda: b""), DoorsFor(None))


@contextlib.asynccontextmanager
async def serving(host, port, health):
    """As a server does: first the early answer, then the whole."""
    async with answering(host, port, health) as early:
        port = early.port
        async with whole(await early.hand_over(), health):
            yield port


async def get(port, path):
    async with aiohttp.ClientSession() as session, session.get(f"http://{HOST}:{port}{path}") as response:
        return response.status, await response.text()


async def test_health_is_asked_anew_at_each_request():
    told = {"status": "ok"}
    async with serving(HOST, 0, lambda: told) as port:
        assert await get(port, "/health") == (200, '{"status": "ok"}')
        told["status"] = "degraded"
        assert await get(port, "/health") == (200, '{"status": "degraded"}')


async def test_nothing_else_is_served():
    async with serving(HOST, 0, dict) as port:
        status, _ = await get(port, "/")
        assert status == 404


async def test_no_request_is_logged(caplog):
    with caplog.at_level("DEBUG"):
        async with serving(HOST, 0, dict) as port:
            await get(port, "/health?secret")
    assert "secret" not in caplog.text


async def test_a_port_in_use_is_told():
    async with serving(HOST, 0, dict) as port:
        with pytest.raises(PortUnusable, match=f"port {port}: another program"):
            async with serving(HOST, port, dict):
                pass


async def test_an_address_that_is_not_ours_is_told():
    with pytest.raises(PortUnusable, match="this machine does not have"):
        async with serving("192.0.2.1", 0, dict):
            pass


async def test_the_port_is_free_again_afterwards():
    async with serving(HOST, 0, dict) as port:
        pass
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((HOST, port))


async def test_it_is_starting_then_ok_and_degraded_while_something_fails():
    health = Health("attic")
    assert (health.report()["status"], health.report()["satellites"]) == ("starting", [])
    health.house = House(parts())
    assert health.report()["status"] == "starting"
    health.ready = True
    assert health.report()["status"] == "ok"
    health.house.parts.faults["answering"] = "the voice broke"
    report = health.report()
    assert (report["status"], report["faults"]) == ("degraded", {"answering": "the voice broke"})


async def asked(port, request):
    """What comes back, to the end."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


async def test_health_is_told_before_all_that_serves_it_is_there():
    health = Health("attic")
    async with answering(HOST, 0, health.report) as early:
        status, text = await get(early.port, "/health")
        assert (status, json.loads(text)["status"], json.loads(text)["engines"]) == (200, "starting", {})
        assert await get(early.port, "/metrics") == (503, "the server is starting\n")
        head, _, body = (await asked(early.port, b"HEAD /health?x HTTP/1.1\r\n\r\n")).partition(b"\r\n\r\n")
        assert (head.startswith(b"HTTP/1.1 200 OK"), body) == (True, b"")


async def test_the_port_changes_hands_without_turning_anybody_away():
    async with answering(HOST, 0, lambda: {"who": "early"}) as early:
        sockets = await early.hand_over()
        port = sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection(HOST, port)
        writer.write(b"GET /health HTTP/1.0\r\n\r\n")
        async with whole(sockets, lambda: {"who": "whole"}):
            assert (await reader.read()).endswith(b'{"who": "whole"}')
        writer.close()


async def test_who_was_let_in_as_the_port_changed_hands_is_answered():
    async with answering(HOST, 0, lambda: {"who": "early"}) as early:
        with socket.create_connection((HOST, early.port)) as client:
            client.sendall(b"GET /health HTTP/1.1\r\nHost: here\r\n\r\n")
            await asyncio.sleep(0)  # the loop accepts
            async with whole(await early.hand_over(), lambda: {"who": "whole"}):
                answer = await asyncio.to_thread(client.recv, 1000)
    assert b'{"who": "' in answer


@pytest.mark.parametrize(
    "request_", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"x" * 9000, b"POST /health \r\n\r\n"]
)
async def test_whatever_else_is_asked_early_has_to_come_back(request_):
    async with answering(HOST, 0, dict) as early:
        answer = await asked(early.port, request_)
    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable")
    assert b"Retry-After: 1" in answer


async def test_who_asks_nothing_is_hung_up_on_and_nobody_is_left_at_the_end(monkeypatch):
    monkeypatch.setattr("roomtone_server.ports.web.early.PATIENCE_S", 0.01)
    async with answering(HOST, 0, dict) as early:
        reader, writer = await asyncio.open_connection(HOST, early.port)
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()
        monkeypatch.setattr("roomtone_server.ports.web.early.PATIENCE_S", PATIENCE_S)
        reader, writer = await asyncio.open_connection(HOST, early.port)
        await asyncio.sleep(0)
    with contextlib.suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()
