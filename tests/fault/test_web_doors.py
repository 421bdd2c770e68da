"""Who comes in through the web port, and who does not: over real sockets, with the real keys, links and password."""

import asyncio

import aiohttp
import pytest
from support.web_doors import PASSWORD, ROUTES, opened
from yarl import URL

from roomtone_server.ports.web.auth.doors import PLAIN_COOKIE, SESSION_COOKIE
from roomtone_server.ports.web.auth.keys import IDLE_S, LIFE_S
from roomtone_server.ports.web.auth.limits import EACH_ADDRESS
from roomtone_server.ports.web.auth.links import VALID_S
from roomtone_server.ports.web.route import EVERY_SCOPE, FAMILY_SCOPES

# --- coming in


async def test_the_first_one_comes_in_by_a_link_which_is_good_once(tmp_path):
    async with opened(tmp_path, ROUTES) as house:
        async with house.visitor() as visitor:
            told = {"server": "attic", "least_characters": 8, "https_port": None}
            told |= {"kind": None, "name": None, "scopes": []}
            assert await visitor.ask("GET", "/api/session") == (200, {"state": "setup"} | told)
            link = house.links.make("owner", house.clock())
            assert await visitor.ask("POST", "/api/link", {"link": link}) == (
                200,
                {"purpose": "owner", "expires_s": VALID_S},
            )
            status, session = await visitor.ask("POST", "/api/setup", {"link": link, "password": PASSWORD})
            assert (status, session["state"], session["kind"]) == (200, "in", "owner")
            assert session["scopes"] == sorted(EVERY_SCOPE)
            assert await visitor.ask("GET", "/api/session") == (200, session)
            again = {"link": link, "password": "another one"}
            assert (await visitor.ask("POST", "/api/setup", again))[0] == 410
            assert (await visitor.ask("POST", "/api/link", {"link": link}))[0] == 410
        async with house.visitor() as visitor:
            assert (await visitor.ask("GET", "/api/session"))[1]["state"] == "login"
            assert (await visitor.ask("GET", "/api/who"))[0] == 401


@pytest.mark.parametrize("password", ["", "1234567", "x" * 257])
async def test_a_password_has_its_lengths_and_a_refused_one_costs_no_link(tmp_path, password):
    async with opened(tmp_path, ROUTES) as house:
        link = house.links.make("owner", house.clock())
        async with house.visitor() as visitor:
            status, problem = await visitor.ask("POST", "/api/setup", {"link": link, "password": password})
            assert (status, problem["faults"][0]["where"]) == (422, "body.password")
        assert house.links.find(link, house.clock()) is not None


async def test_a_link_of_yesterday_lets_nobody_in(tmp_path):
    async with opened(tmp_path, ROUTES) as house:
        link = house.links.make("owner", house.clock())
        house.clock.now += VALID_S
        async with house.visitor() as visitor:
            assert (await visitor.ask("POST", "/api/setup", {"link": link, "password": PASSWORD}))[0] == 410
        assert not house.passwords.is_set


async def test_the_owner_comes_back_by_the_password(tmp_path):
    async with opened(tmp_path, ROUTES) as house:
        async with house.owner():
            pass
        async with house.visitor() as visitor:
            assert (await visitor.ask("POST", "/api/session", {"password": "wrong horse"}))[0] == 403
            assert (await visitor.ask("GET", "/api/who"))[0] == 401
            assert (await visitor.ask("POST", "/api/session", {"password": PASSWORD}))[0] == 200
            assert (await visitor.ask("GET", "/api/who"))[1]["kind"] == "owner"


async def test_an_invitation_lets_one_device_of_the_family_in(tmp_path):
    async with (
        opened(tmp_path, ROUTES) as house,
        house.owner() as owner,
        house.visitor() as tablet,
        house.visitor() as another,
    ):
        status, invitation = await owner.ask("POST", "/api/invitations")
        assert status == 200
        assert [url.partition("/#/enter/")[2] for url in invitation["urls"]] == [invitation["link"]]
        link = {"link": invitation["link"]}
        assert (await tablet.ask("POST", "/api/link", link))[1]["purpose"] == "family"
        assert (await tablet.ask("POST", "/api/setup", link | {"password": PASSWORD}))[0] == 410, "not for that"
        status, session = await tablet.ask("POST", "/api/enter", link | {"name": "Kitchen tablet"})
        assert (status, session["name"], session["scopes"]) == (200, "Kitchen tablet", sorted(FAMILY_SCOPES))
        assert (await another.ask("POST", "/api/enter", link | {"name": "Another"}))[0] == 410
        assert (await tablet.ask("POST", "/api/change"))[0] == 200
        for method, path in (("POST", "/api/invitations"), ("GET", "/api/tokens"), ("PUT", "/api/server")):
            assert (await tablet.ask(method, path))[0] == 403


async def test_an_owners_link_takes_a_password(tmp_path):
    async with opened(tmp_path, ROUTES) as house:
        link = house.links.make("owner", house.clock())
        async with house.visitor() as visitor:
            assert (await visitor.ask("POST", "/api/enter", {"link": link, "name": "tablet"}))[0] == 410


# --- cookies


async def test_over_https_the_cookie_is_held_to_this_host(tmp_path):
    async with opened(tmp_path, ROUTES) as house:
        async with house.owner() as owner:
            link = house.links.make("family", house.clock())
            await owner.ask("POST", "/api/enter", {"link": link, "name": "tablet"})
            name, *rest = owner.cookie().split("; ")
        assert name.startswith(f"{SESSION_COOKIE}=")
        assert set(rest) == {"HttpOnly", "Secure", "SameSite=Strict", "Path=/", f"Max-Age={LIFE_S['family']:.0f}"}


async def test_without_https_it_is_as_careful_as_it_can_be(tmp_path):
    async with opened(tmp_path, ROUTES) as house:
        link = house.links.make("owner", house.clock())
        async with house.visitor(house.plain) as visitor:
            await visitor.ask("POST", "/api/setup", {"link": link, "password": PASSWORD})
            name, *rest = visitor.cookie().split("; ")
        assert name.startswith(f"{PLAIN_COOKIE}=")
        assert set(rest) == {"HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={LIFE_S['owner']:.0f}"}


async def test_leaving_ends_the_session_itself(tmp_path):
    async with opened(tmp_path, ROUTES) as house, house.owner() as owner:
        cookies = {name: value.value for name, value in owner.cookies.filter_cookies(URL(owner.address)).items()}
        assert (await owner.ask("DELETE", "/api/session"))[0] == 204
        assert "Max-Age=0" in owner.cookie()
        owner.cookies.update_cookies(cookies)
        assert (await owner.ask("GET", "/api/who"))[0] == 401, "a cookie that was copied is worth nothing"
        assert (await owner.ask("DELETE", "/api/session"))[0] == 204


async def test_a_browser_has_one_session(tmp_path):
    async with opened(tmp_path, ROUTES) as house, house.owner() as owner:
        [first] = house.keys.list("owner", "family")
        assert (await owner.ask("POST", "/api/session", {"password": PASSWORD}))[0] == 200
        [second] = house.keys.list("owner", "family")
        link = house.links.make("family", house.clock())
        assert (await owner.ask("POST", "/api/enter", {"link": link, "name": "tablet"}))[0] == 200
        [third] = house.keys.list("owner", "family")
    assert len({first.id, second.id, third.id}) == 3


async def test_a_session_that_nobody_used_is_over(tmp_path):
    async with opened(tmp_path, ROUTES) as house, house.owner() as owner:
        house.clock.now += IDLE_S["owner"] + 1
        assert (await owner.ask("GET", "/api/session"))[1]["state"] == "login"
        assert (await owner.ask("GET", "/api/who"))[0] == 401


async def test_what_belongs_in_a_cookie_is_no_token_and_the_other_way_round(tmp_path):
    async with opened(tmp_path, ROUTES) as house:
        _, secret = await house.keys.add_session("owner", "Firefox", "", house.clock())
        _, token = await house.keys.add_token("script", EVERY_SCOPE, house.clock())
        async with house.visitor() as visitor:
            assert (await visitor.ask("GET", "/api/who", Authorization=f"Bearer {secret}"))[0] == 401
            assert (await visitor.ask("GET", "/api/who", Cookie=f"{SESSION_COOKIE}={token}"))[0] == 401
            assert (await visitor.ask("GET", "/api/who", Cookie=f"{PLAIN_COOKIE}={secret}"))[0] == 401
            assert (await visitor.ask("GET", "/api/who", Cookie=f"{SESSION_COOKIE}={secret}"))[0] == 200
            assert (await visitor.ask("GET", "/api/who", Authorization=f"bearer {token}"))[0] == 200


# --- tries


async def test_guessing_is_slow(tmp_path):
    async with opened(tmp_path, ROUTES) as house, house.owner(), house.visitor() as guesser:
        for _ in range(EACH_ADDRESS.burst):
            assert (await guesser.ask("POST", "/api/session", {"password": "wrong horse"}))[0] == 403
        for path, body in (
            ("/api/session", {"password": PASSWORD}),
            ("/api/link", {"link": "x"}),
            ("/api/setup", {"link": "x", "password": PASSWORD}),
            ("/api/enter", {"link": "x", "name": "x"}),
        ):
            status, problem = await guesser.ask("POST", path, body)
            assert (status, problem["wait_s"]) == (429, EACH_ADDRESS.refill_s)
            assert guesser.last.headers["Retry-After"] == f"{EACH_ADDRESS.refill_s:.0f}"
        house.clock.now += EACH_ADDRESS.refill_s
        assert (await guesser.ask("POST", "/api/session", {"password": PASSWORD}))[0] == 200


async def test_links_are_not_guessed_either(tmp_path):
    async with opened(tmp_path, ROUTES) as house:
        async with house.visitor() as guesser:
            answers = [(await guesser.ask("POST", "/api/link", {"link": f"guess {number}"}))[0] for number in range(8)]
        assert answers == [410] * EACH_ADDRESS.burst + [429] * (8 - EACH_ADDRESS.burst)


# --- other origins


@pytest.mark.parametrize(
    ("origin", "more", "status"),
    [
        ("https://evil.example", {}, 403),
        ("null", {}, 403),
        (None, {}, 403),
        ("OWN", {"Sec_Fetch_Site": "cross-site"}, 403),
        ("OWN", {"Sec_Fetch_Site": "same-origin"}, 200),
        ("OWN", {}, 200),
    ],
)
async def test_a_change_in_somebodys_name_comes_from_our_own_page(tmp_path, origin, more, status):
    async with opened(tmp_path, ROUTES) as house, house.owner() as owner:
        says = owner.address if origin == "OWN" else origin
        assert (await owner.ask("POST", "/api/change", Origin=says, **more))[0] == status


async def test_nobody_is_logged_in_by_another_page(tmp_path):
    async with (
        opened(tmp_path, ROUTES) as house,
        house.owner(),
        house.visitor(Origin="https://evil.example") as visitor,
    ):
        assert (await visitor.ask("POST", "/api/session", {"password": PASSWORD}))[0] == 403
        assert "Set-Cookie" not in visitor.last.headers


@pytest.mark.parametrize(("origin", "status"), [("https://evil.example", 403), (None, 403)])
async def test_another_page_begins_no_conversation(tmp_path, origin, status):
    async with opened(tmp_path, ROUTES) as house, house.owner() as owner:
        headers = {"Origin": origin} if origin else {}
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await owner.session.ws_connect(f"{owner.address}/voice", headers=headers)
        assert refused.value.status == status
        async with owner.session.ws_connect(f"{owner.address}/voice", headers=owner.headers) as socket:
            await socket.send_str("hello")
            assert await socket.receive_str() == "hello"


async def test_a_program_with_a_token_has_no_page(tmp_path):
    async with opened(tmp_path, ROUTES) as house:
        _, token = await house.keys.add_token("script", frozenset({"control", "speak"}), house.clock())
        async with house.visitor() as script:
            bearer = f"Bearer {token}"
            assert (await script.ask("POST", "/api/change", Authorization=bearer, Origin=None))[0] == 200
            status, _ = await script.ask("POST", "/api/change", Authorization=bearer, Origin="https://evil.example")
            assert status == 403
            async with script.session.ws_connect(
                f"{script.address}/voice", headers={"Authorization": bearer}
            ) as socket:
                assert not socket.closed


async def test_another_host_is_not_ours(tmp_path):
    async with opened(tmp_path, ROUTES) as house, house.owner() as owner:
        for path in ("/api/session", "/api/who", "/nowhere"):
            assert (await owner.ask("GET", path, Host="evil.example"))[0] == 421


# --- Home Assistant


ADA = {"X_Remote_User_Id": "ada", "X_Remote_User_Display_Name": "Ada", "X_Ingress_Path": "/api/hassio_ingress/x"}


async def test_home_assistants_users_need_no_password(tmp_path):
    async with opened(tmp_path, ROUTES) as house, house.visitor(house.ingress) as ada:
        assert (await ada.ask("GET", "/api/who", **ADA))[1] == {
            "kind": "ingress",
            "name": "Ada",
            "id": "ingress-ada",
        }
        _, session = await ada.ask("GET", "/api/session", **ADA)
        assert (session["state"], session["kind"]) == ("in", "ingress")
        assert (await ada.ask("POST", "/api/change", **ADA))[0] == 200
        assert (await ada.ask("POST", "/api/change", **(ADA | {"Origin": "https://evil.example"})))[0] == 403
        assert (await ada.ask("POST", "/api/change", **(ADA | {"Origin": None})))[0] == 403
        assert "frame-ancestors 'self'" in ada.last.headers["Content-Security-Policy"]


async def test_whoever_does_not_administer_home_assistant_is_family(tmp_path):
    async with opened(tmp_path, ROUTES) as house, house.visitor(house.ingress) as someone:
        for says in ({"X_Remote_User_Id": "bob"}, {"X_Remote_User_Id": None}):
            who = ADA | says
            assert (await someone.ask("GET", "/api/session", **who))[1]["scopes"] == sorted(FAMILY_SCOPES)
            assert (await someone.ask("POST", "/api/change", **who))[0] == 200
            for method, path in (("PUT", "/api/server"), ("PUT", "/api/password"), ("POST", "/api/invitations")):
                assert (await someone.ask(method, path, **who))[0] == 403


async def test_they_may_choose_the_password_that_is_asked_for_elsewhere(tmp_path):
    async with opened(tmp_path, ROUTES) as house, house.visitor(house.ingress) as ada, house.visitor() as browser:
        assert (await ada.ask("PUT", "/api/password", {"password": "", "new": PASSWORD}, **ADA))[0] == 204
        assert (await browser.ask("POST", "/api/session", {"password": PASSWORD}))[0] == 200


async def test_elsewhere_nobody_becomes_somebody_by_saying_so(tmp_path):
    async with opened(tmp_path, ROUTES) as house, house.visitor() as visitor:
        assert (await visitor.ask("GET", "/api/who", **ADA))[0] == 401


# --- what every answer says


async def test_every_answer_tells_the_browser_to_be_careful(tmp_path):
    async with opened(tmp_path, ROUTES) as house, house.owner() as owner:
        for method, path in (
            ("GET", "/api/who"),
            ("GET", "/nowhere"),
            ("DELETE", "/api/who"),
            ("POST", "/api/link"),
        ):
            await owner.ask(method, path)
            assert_careful(owner.last.headers)
        async with owner.session.get(f"{owner.address}/api/stream") as answer:
            assert_careful(answer.headers)
        async with owner.session.ws_connect(f"{owner.address}/voice", headers=owner.headers) as socket:
            assert_careful(socket._response.headers)
        for key in house.keys.list("owner"):
            house.doors.present.turn_out(key.id)


def assert_careful(headers):
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "microphone=(self)" in headers["Permissions-Policy"]
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "aiohttp" not in headers["Server"]


@pytest.mark.parametrize("sent", [b"\x16\x03\x01", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b", b"GET / HTTP/9\r\nHost: a"])
async def test_what_is_no_http_is_told_to_whoever_sent_it_and_to_nobody_else(tmp_path, sent, caplog):
    caplog.set_level("INFO")
    async with opened(tmp_path, ROUTES) as house:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(house.plain.rpartition(":")[2]))
        writer.write(sent + b"\r\n\r\n")
        assert b" 400 " in await reader.readline()
        assert len(await reader.read()) < 1000
        writer.close()
    assert caplog.text == ""


async def test_only_so_many_are_connected(tmp_path, monkeypatch):
    async with opened(tmp_path, ROUTES) as house:
        monkeypatch.setattr("roomtone_server.ports.web.port.MAX_CONNECTIONS", 1)
        async with house.visitor() as first, house.visitor() as second:
            assert (await first.ask("GET", "/api/session"))[0] == 200
            with pytest.raises(aiohttp.ClientError):
                await second.ask("GET", "/api/session")
            assert (await first.ask("GET", "/api/session"))[0] == 200
