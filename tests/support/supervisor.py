"""A Supervisor on loopback, as its API documents it: what it answers, what it was told, and how it refuses."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator

import click
from aiohttp import web

from roomtone_server.add_on.supervisor import Supervisor

TOKEN = "a" * 64
HOSTNAME = "5f1c2d3e-roomtone"
# Of a host with a cable, a Wi-Fi that is off, and IPv6.
NETWORK = {
    "interfaces": [
        {
            "interface": "eth0",
            "type": "ethernet",
            "primary": True,
            "enabled": True,
            "connected": True,
            "ipv4": {"method": "auto", "address": ["192.0.2.7/24"], "gateway": "192.0.2.1", "nameservers": []},
            "ipv6": {"method": "auto", "address": ["fe80::1/64", "2001:db8::7/64"], "gateway": None, "nameservers": []},
            "wifi": None,
            "vlan": None,
        },
        {
            "interface": "wlan0",
            "type": "wireless",
            "primary": False,
            "enabled": False,
            "ipv4": {"address": ["192.0.2.99/24"]},
            "ipv6": None,
        },
    ],
    "docker": {"interface": "hassio", "address": "172.30.32.0/23", "gateway": "172.30.32.1", "dns": "172.30.32.3"},
    "host_internet": True,
    "supervisor_internet": True,
}


class FakeSupervisor:
    def __init__(self) -> None:
        self.url = ""
        self.ports: dict[str, int | None] = {"10760/tcp": 20760, "10750/tcp": None}
        self.not_ready = 0  # so many requests are refused, as while it starts
        self.garbage: str | None = None  # instead of any answer
        self.discovered: asyncio.Queue[dict] = asyncio.Queue()

    def client(self, token: str = TOKEN) -> Supervisor:
        return Supervisor(token, self.url)

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/addons/self/info", self._add_on),
                web.get("/network/info", self._network),
                web.post("/discovery", self._discovery),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request, handler):
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            raise web.HTTPForbidden
        if self.garbage is not None:
            return web.Response(text=self.garbage)
        if self.not_ready:
            self.not_ready -= 1
            return _refused("System is not ready with state: setup")
        return await handler(request)

    async def _add_on(self, _request):
        return _ok({"slug": "5f1c2d3e_roomtone", "hostname": HOSTNAME, "network": self.ports, "state": "started"})

    async def _network(self, _request):
        return _ok(NETWORK)

    async def _discovery(self, request):
        body = await request.json()
        if body["service"] != "wyoming":
            return _refused("Apps must list services they provide via discovery in their config!")
        self.discovered.put_nowait(body)
        return _ok({"uuid": "0" * 32})


def _ok(data):
    return web.json_response({"result": "ok", "data": data})


def _refused(message):
    return web.json_response({"result": "error", "message": message}, status=400)


@contextlib.asynccontextmanager
async def serving(port: int = 0) -> AsyncIterator[FakeSupervisor]:
    fake = FakeSupervisor()
    runner = web.AppRunner(fake.app(), access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield fake
    finally:
        await runner.cleanup()


async def _tell(port: int) -> None:
    """On that port of loopback, until it is ended; prints what it was told to let Home Assistant discover."""
    async with serving(port) as fake:
        click.echo("up")
        while True:
            click.echo(json.dumps(await fake.discovered.get()))


if __name__ == "__main__":
    asyncio.run(_tell(int(sys.argv[1])))
