"""The web port: `/health` tells what it is told, and a port that cannot be had is said in a sentence."""

import socket

import aiohttp
import pytest
from support.scripted import parts

from roomtone.errors import PortUnusable
from roomtone_server.health import Health
from roomtone_server.ports.web.health import serve_web
from roomtone_server.runtime.house import House

HOST = "127.0.0.1"


async def get(port, path):
    async with aiohttp.ClientSession() as session, session.get(f"http://{HOST}:{port}{path}") as response:
        return response.status, await response.text()


async def test_health_is_asked_anew_at_each_request():
    told = {"status": "ok"}
    async with serve_web(HOST, 0, lambda: told) as port:
        assert await get(port, "/health") == (200, '{"status": "ok"}')
        told["status"] = "degraded"
        assert await get(port, "/health") == (200, '{"status": "degraded"}')


async def test_nothing_else_is_served():
    async with serve_web(HOST, 0, dict) as port:
        status, _ = await get(port, "/")
        assert status == 404


async def test_no_request_is_logged(caplog):
    with caplog.at_level("DEBUG"):
        async with serve_web(HOST, 0, dict) as port:
            await get(port, "/health?secret")
    assert "secret" not in caplog.text


async def test_a_port_in_use_is_told():
    async with serve_web(HOST, 0, dict) as port:
        with pytest.raises(PortUnusable, match=f"port {port}: another program"):
            async with serve_web(HOST, port, dict):
                pass


async def test_an_address_that_is_not_ours_is_told():
    with pytest.raises(PortUnusable, match="this machine does not have"):
        async with serve_web("192.0.2.1", 0, dict):
            pass


async def test_the_port_is_free_again_afterwards():
    async with serve_web(HOST, 0, dict) as port:
        pass
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind((HOST, port))


async def test_it_is_starting_then_ok_and_degraded_while_something_fails():
    health = Health("attic", {})
    assert (health.report()["status"], health.report()["satellites"]) == ("starting", [])
    health.house = House(parts())
    assert health.report()["status"] == "starting"
    health.ready = True
    assert health.report()["status"] == "ok"
    health.house.parts.faults["answering"] = "the voice broke"
    report = health.report()
    assert (report["status"], report["faults"]) == ("degraded", {"answering": "the voice broke"})
