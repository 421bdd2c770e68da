"""The add-on's page: who may see it, what it shows, what its buttons do."""

import contextlib
import re

import aiohttp
import pytest

from roomtone.errors import PortUnusable, UsageError
from roomtone_server.ports.web.panel import Panel, serve_panel

HOST = "127.0.0.1"
KITCHEN = {"id": "k1", "name": "<Kitchen>", "area": "Kitchen", "connected": True, "seen_at": None}
HEALTH = {"status": "degraded", "name": "Attic", "version": "1.2", "faults": {"discovery": "no multicast"}}


class Verbs:
    def __init__(self):
        self.paired = [KITCHEN]

    async def satellites(self, _arguments):
        for each in self.paired:
            yield each

    async def pair(self, _arguments):
        yield {"code": "208H4-4RM2M", "expires_s": 600}

    async def revoke(self, arguments):
        if arguments["satellite"] != "k1":
            raise UsageError("no satellite is called that")
        self.paired.clear()
        yield {"revoked": "k1", "name": "<Kitchen>"}


@contextlib.asynccontextmanager
async def shown():
    """Asks for a path of the page; all but the first are buttons."""
    verbs = Verbs()
    by_name = {"satellites": verbs.satellites, "pair": verbs.pair, "revoke": verbs.revoke}
    panel = Panel(lambda: HEALTH, by_name, asked_from=HOST)
    async with serve_panel(panel, HOST, 0) as port, aiohttp.ClientSession() as session:

        async def ask(path, *, language="", **sent):
            session.headers["Accept-Language"] = language
            url = f"http://{HOST}:{port}{path}"
            async with session.get(url) if path == "/" else session.post(url, data=sent) as answer:
                return answer.status, await answer.text(), answer.headers

        yield ask


async def test_it_shows_who_is_let_in_and_what_fails():
    async with shown() as page:
        status, text, headers = await page("/")
        assert status == 200
        assert "Attic, version 1.2: degraded" in text
        assert "discovery: no multicast" in text
        assert "&lt;Kitchen&gt;" in text
        assert "connected" in text
        assert "pair 208H4" not in text
        assert "script" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"


async def test_a_button_gives_a_code():
    async with shown() as page:
        status, text, _ = await page("/pair")
        assert status == 200
        assert "roomtone satellite pair 208H4-4RM2M" in text
        assert "within 10 minutes" in text


async def test_a_button_turns_a_satellite_away():
    async with shown() as page:
        _, text, _ = await page("/revoke", satellite="k1")
        assert "&lt;Kitchen&gt; is no longer let in." in text
        assert "None has been let in yet." in text


@pytest.mark.parametrize("sent", [{"satellite": "nobody"}, {"other": "k1"}])
async def test_a_satellite_that_is_not_there(sent):
    async with shown() as page:
        status, text, _ = await page("/revoke", **sent)
        assert status == 200
        assert "no satellite is called that" in text


@pytest.mark.parametrize(
    ("language", "button"),
    [
        ("de-AT,de;q=0.9,en;q=0.8", "Einen Satelliten einlassen"),
        ("xx,hi;q=0.5", "एक सैटेलाइट जोड़ें"),
        (";;,,", "Let a satellite in"),
    ],
)
async def test_it_is_in_the_browsers_language(language, button):
    async with shown() as page:
        _, text, _ = await page("/", language=language)
    assert button in text


def test_it_says_as_much_in_every_language():
    texts = Panel(lambda: HEALTH, {})._texts
    assert {frozenset(told) for told in texts.values()} == {frozenset(texts["en"])}


async def test_its_forms_stay_below_the_address_that_home_assistant_gives_it():
    async with shown() as page:
        _, text, _ = await page("/")
        assert re.findall(r'(?:action|href|src)="([^"]*)"', text) == ["revoke", "pair"]


async def test_nobody_but_home_assistant_sees_it():
    async with serve_panel(Panel(lambda: HEALTH, {}), HOST, 0) as port, aiohttp.ClientSession() as session:
        for method, path in (("GET", "/"), ("POST", "/pair"), ("POST", "/revoke"), ("GET", "/none")):
            async with session.request(method, f"http://{HOST}:{port}{path}") as answer:
                assert answer.status == 403


async def test_a_port_that_is_taken():
    panel = Panel(lambda: HEALTH, {})
    async with serve_panel(panel, HOST, 0) as port:
        with pytest.raises(PortUnusable, match=str(port)):
            async with serve_panel(panel, HOST, port):
                pass
