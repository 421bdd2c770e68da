"""What the owner decides about others: who is in, which programs have tokens, and what a new password ends."""

import contextlib

import aiohttp
import pytest
from support.web_doors import PASSWORD, ROUTES, opened

from roomtone.link.pairing import PairingWindow
from roomtone_server.ports.web.api.endpoint import routes_of
from roomtone_server.ports.web.api.satellite_control import SatelliteControl
from roomtone_server.ports.web.auth.keys import MAX_SESSIONS
from roomtone_server.ports.web.auth.limits import EACH_ADDRESS


async def test_the_owner_sees_who_is_in_and_turns_them_out(tmp_path):
    async with opened(tmp_path, ROUTES) as house, house.owner() as owner, house.visitor() as tablet:
        link = house.links.make("family", house.clock())
        await tablet.ask("POST", "/api/enter", {"link": link, "name": "Kitchen tablet"})
        _, told = await owner.ask("GET", "/api/sessions")
        found = {each["name"]: each for each in told["sessions"]}
        assert {name: each["is_yours"] for name, each in found.items()} == {"a test": True, "Kitchen tablet": False}
        assert found["Kitchen tablet"]["address"] == "127.0.0.1"
        stranger = found["Kitchen tablet"]["id"]
        assert (await owner.ask("DELETE", f"/api/sessions/{stranger}"))[0] == 204
        assert (await owner.ask("DELETE", f"/api/sessions/{stranger}"))[0] == 404
        assert (await tablet.ask("GET", "/api/who"))[0] == 401


@pytest.mark.parametrize("path", ["/api/stream", "/voice"])
async def test_who_is_turned_out_hears_no_more(tmp_path, path):
    async with opened(tmp_path, ROUTES) as house, house.owner() as owner, house.visitor() as tablet:
        link = house.links.make("family", house.clock())
        _, session = await tablet.ask("POST", "/api/enter", {"link": link, "name": "tablet"})
        key = next(key for key in house.keys.list("family"))
        if path == "/voice":
            async with tablet.session.ws_connect(f"{tablet.address}{path}", headers=tablet.headers) as socket:
                await owner.ask("DELETE", f"/api/sessions/{key.id}")
                assert (await socket.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE)
        else:
            async with tablet.session.get(f"{tablet.address}{path}") as answer:
                assert await answer.content.readline() == b"here\n"
                await owner.ask("DELETE", f"/api/sessions/{key.id}")
                with contextlib.suppress(aiohttp.ClientPayloadError):
                    assert await answer.content.read() == b""
        assert session["state"] == "in"


async def test_who_gives_way_to_one_more_hears_no_more(tmp_path):
    async with opened(tmp_path, ROUTES) as house, house.owner() as owner:
        async with owner.session.get(f"{owner.address}/api/stream") as answer:
            assert await answer.content.readline() == b"here\n"
            for number in range(MAX_SESSIONS):
                await house.keys.add_session("family", str(number), "127.0.0.1", house.clock() + 1)
            with contextlib.suppress(aiohttp.ClientPayloadError):
                assert await answer.content.read() == b""
        assert (await owner.ask("GET", "/api/who"))[0] == 401


async def test_tokens_are_told_once_used_and_revoked(tmp_path):
    async with opened(tmp_path, ROUTES) as house, house.owner() as owner, house.visitor() as script:
        _, told = await owner.ask("POST", "/api/tokens", {"name": "script", "scopes": ["read", "control"]})
        token = told.pop("token")
        assert (await owner.ask("GET", "/api/tokens"))[1] == {"tokens": [told]}
        assert (told["scopes"], told["used_at"]) == (["control", "read"], None)
        bearer = {"Authorization": f"Bearer {token}"}
        assert (await script.ask("GET", "/api/who", **bearer))[1]["name"] == "script"
        assert [(await script.ask(*asked, **bearer))[0] for asked in (("GET", "/metrics"), ("PUT", "/api/server"))] == [
            403,
            403,
        ]
        assert (await owner.ask("GET", "/api/tokens"))[1]["tokens"][0]["used_at"] == house.clock()
        assert (await owner.ask("DELETE", f"/api/sessions/{told['id']}"))[0] == 404, "it is no session"
        assert (await owner.ask("DELETE", f"/api/tokens/{told['id']}"))[0] == 204
        assert (await script.ask("GET", "/api/who", **bearer))[0] == 401


async def test_a_new_password_turns_the_owners_other_browsers_out(tmp_path):
    async with (
        opened(tmp_path, ROUTES) as house,
        house.owner() as owner,
        house.visitor() as phone,
        house.visitor() as tablet,
    ):
        await phone.ask("POST", "/api/session", {"password": PASSWORD})
        link = house.links.make("family", house.clock())
        await tablet.ask("POST", "/api/enter", {"link": link, "name": "tablet"})
        change = {"password": "wrong horse", "new": "a better horse"}
        assert (await owner.ask("PUT", "/api/password", change))[0] == 403
        assert (await owner.ask("PUT", "/api/password", change | {"password": PASSWORD}))[0] == 204
        assert [(await each.ask("GET", "/api/who"))[0] for each in (owner, phone, tablet)] == [200, 401, 200]
        assert (await phone.ask("POST", "/api/session", {"password": PASSWORD}))[0] == 403
        assert (await phone.ask("POST", "/api/session", {"password": "a better horse"}))[0] == 200


async def test_a_forgotten_password_is_chosen_anew_by_a_link(tmp_path):
    async with opened(tmp_path, ROUTES) as house, house.owner() as thief, house.visitor() as owner:
        link = house.links.make("owner", house.clock())
        assert (await owner.ask("POST", "/api/setup", {"link": link, "password": "a better horse"}))[0] == 200
        assert (await owner.ask("GET", "/api/who"))[0] == 200
        assert (await thief.ask("GET", "/api/who"))[0] == 401


async def test_codes_for_satellites_are_not_made_without_end(tmp_path):
    control = SatelliteControl(None, None, PairingWindow(), bytes(32))
    routes = [route for route in routes_of(control.endpoints()) if route.path == "/api/pairing"]
    async with opened(tmp_path, routes) as house, house.owner() as owner:
        answers = [(await owner.ask("POST", "/api/pairing"))[0] for _ in range(EACH_ADDRESS.burst + 1)]
    assert answers == [200] * EACH_ADDRESS.burst + [429]
