"""Satellites over HTTP: a real satellite process is paired, set, renamed and sent away; and what is refused."""

import asyncio
import json
import subprocess
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from support.command_line import ROOMTONE, roomtone
from support.scripted import ScriptedSatellite, ScriptedTts, parts
from support.web import FAMILY, OWNER, DoorsFor, serving

from roomtone.link.background import alongside
from roomtone.link.pairing import PairingWindow
from roomtone.link.security import make_certificate
from roomtone_server.ports.native import Doorkeeper, serve_native
from roomtone_server.ports.web.api.endpoint import routes_of
from roomtone_server.ports.web.api.satellite_control import SatelliteControl
from roomtone_server.ports.web.api.satellites import satellite_endpoints
from roomtone_server.runtime.house import House
from roomtone_server.store.database import Database
from roomtone_server.store.satellites import SqliteSatelliteStore
from roomtone_server.store.turns import SqliteTurnStore


@dataclass
class Served:
    """A server's satellites, as a program sees them."""

    house: House
    native_port: int
    _address: str
    _client: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body=None) -> tuple[int, dict | None]:
        async with self._client.request(method, f"{self._address}/api/{path}", json=body) as answer:
            return answer.status, await answer.json(content_type=None) if answer.content_length else None

    async def told(self, **expected) -> dict:
        """The one satellite, once it tells so."""
        async with aclosing(self.house.changes()) as changes:
            async for _ in changes:
                _, listed = await self.ask("GET", "satellites")
                for each in listed["satellites"]:
                    if all(each[key] == value for key, value in expected.items()):
                        return each
        raise AssertionError("the house has ended")


@asynccontextmanager
async def served(folder, who=OWNER):
    identity, window = make_certificate(folder), PairingWindow()
    house = House(parts(tts=ScriptedTts(seconds=0.3)))
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database.open(folder / "roomtone.db"))
        store = SqliteSatelliteStore(database)
        door = serve_native(house, Doorkeeper(store, window, "attic"), identity, "127.0.0.1", 0)
        port = await stack.enter_async_context(door)
        control = SatelliteControl(house, store, window, identity.fingerprint)
        endpoints = [*satellite_endpoints(house, store, SqliteTurnStore(database)), *control.endpoints()]
        address = await stack.enter_async_context(serving(routes_of(endpoints), DoorsFor(who)))
        client = await stack.enter_async_context(aiohttp.ClientSession())
        await stack.enter_async_context(alongside(house.intercoms.keep()))
        yield Served(house, port, address, client)


@asynccontextmanager
async def satellite_process(folder, port):
    config = folder / "satellite.yaml"
    address = {"host": "127.0.0.1", "port": port}
    config.write_text(json.dumps({"name": "Hob", "server": address, "microphone": "null", "speaker": "null"}))
    process = await asyncio.create_subprocess_exec(ROOMTONE, "satellite", "--config", config, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def test_a_satellite_is_paired_set_renamed_and_sent_away(tmp_path):
    async with served(tmp_path) as here:
        status, pairing = await here.ask("POST", "pairing")
        assert (status, pairing["expires_s"]) == (200, 600.0)
        where = ("--host", "127.0.0.1", "--port", str(here.native_port))
        status, _, complaint = await roomtone("satellite", "pair", pairing["code"], *where, "--name", "Hob")
        assert status == 0, complaint
        async with satellite_process(tmp_path, here.native_port):
            found = await here.told(connected=True, muted=False)
            one = f"satellites/{found['id']}"
            assert (found["name"], found["area"], found["kind"], found["volume"]) == ("Hob", None, "native", 1.0)
            assert {word["name"] for word in found["wake_words"]} == {"alexa", "hey_jarvis", "hey_mycroft", "okay_nabu"}
            assert all(found["can"].values())

            assert await here.ask("POST", f"{one}/mute", {"muted": True}) == (204, None)
            await here.told(muted=True, muted_there=False)
            assert (await here.ask("POST", f"{one}/listen"))[0] == 409, "it is muted"
            assert await here.ask("POST", f"{one}/mute", {"muted": False}) == (204, None)
            await here.told(muted=False)

            assert await here.ask("POST", f"{one}/volume", {"volume": 0.25}) == (204, None)
            await here.told(volume=0.25)

            change = {"name": "Stove", "area": "Kitchen", "thresholds": {"alexa": 0.75}}
            assert await here.ask("PATCH", one, change) == (204, None)
            tuned = await here.told(name="Stove", area="Kitchen")
            while {"name": "alexa", "phrase": "alexa", "threshold": 0.75} not in tuned["wake_words"]:
                tuned = await here.told(name="Stove")
            assert await here.ask("PATCH", one, {"area": None}) == (204, None)
            await here.told(name="Stove", area=None)

            with here.house.parts.trace.watch() as happened:
                said = await here.ask("POST", "satellites/all/announce", {"text": "Dinner is ready"})
                assert said == (200, {"satellites": [found["id"]]})
                while (event := await happened.get()).what != "ended":
                    if event.what == "reply":
                        assert event.data["text"] == "Dinner is ready"
                assert event.data["outcome"] == "answered"
                assert await here.ask("POST", f"{one}/listen") == (204, None)
                while (event := await happened.get()).what != "wake":
                    pass
                assert event.data["name"] == "", "it listens, without a wake word"

            assert await here.ask("DELETE", one) == (204, None)
            while (await here.ask("GET", "satellites"))[1]["satellites"]:
                pass
        assert (await here.ask("POST", f"{one}/announce", {"text": "Anybody?"}))[0] == 404


async def test_what_cannot_be_is_a_conflict_and_says_why(tmp_path):
    porch, hall = ScriptedSatellite("tcp://porch:10700", "Porch"), ScriptedSatellite("h", "Hall")
    async with served(tmp_path) as here, alongside(here.house.attend(porch)), alongside(here.house.attend(hall)):
        await here.told(name="Porch", connected=True)
        one = "satellites/tcp:%2F%2Fporch:10700"
        for method, path, body in (
            ("POST", f"{one}/mute", {"muted": True}),
            ("POST", f"{one}/volume", {"volume": 0.5}),
            ("PATCH", one, {"name": "Veranda"}),
            ("PATCH", one, {"thresholds": {"alexa": 0.5}}),
            ("POST", f"{one}/intercom", {"satellite": "tcp://porch:10700"}),
            ("DELETE", f"{one}/intercom", None),
        ):
            status, problem = await here.ask(method, path, body)
            assert status == 409, (method, path, problem)
            assert problem["detail"]
        assert (await here.ask("DELETE", one))[0] == 404, "nobody has paired it"


async def test_two_rooms_are_connected_and_told_so(tmp_path):
    porch, hall = ScriptedSatellite("p", "Porch"), ScriptedSatellite("h", "Hall")
    async with served(tmp_path) as here, alongside(here.house.attend(porch)), alongside(here.house.attend(hall)):
        await here.told(id="h", connected=True)
        assert await here.ask("POST", "satellites/p/intercom", {"satellite": "h"}) == (204, None)
        await here.told(id="h", intercom_with="p")
        await here.told(id="p", intercom_with="h")
        assert await here.ask("DELETE", "satellites/h/intercom") == (204, None)
        await here.told(id="p", intercom_with=None)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "satellites/x/announce", {"text": ""}),
        ("POST", "satellites/x/volume", {"volume": 1.5}),
        ("POST", "satellites/x/mute", {"muted": 1}),
        ("PATCH", "satellites/x", {"name": "a\nb"}),
        ("PATCH", "satellites/x", {"thresholds": {"alexa": 1}}),
        ("PATCH", "satellites/x", {"colour": "green"}),
    ],
)
async def test_what_is_malformed_is_refused(tmp_path, method, path, body):
    async with served(tmp_path) as here:
        status, problem = await here.ask(method, path, body)
        assert (status, problem["status"]) == (422, 422)


async def test_the_family_sets_what_is_there_and_lets_nobody_in_or_out(tmp_path):
    async with served(tmp_path, FAMILY) as here:
        assert (await here.ask("POST", "pairing"))[0] == 403
        assert (await here.ask("DELETE", "satellites/x"))[0] == 403
        assert (await here.ask("POST", "satellites/x/mute", {"muted": True}))[0] == 404
