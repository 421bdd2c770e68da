"""A whole server, and each of its routes: without a session nothing answers but what may, and a token opens only what
its scopes say. And the commands that let people and programs in."""

import asyncio
import re
import stat
from dataclasses import replace
from typing import get_args

from aiohttp import web
from click.testing import CliRunner
from support.server_end import free_port
from support.web_doors import Visitor

from roomtone import cli
from roomtone.paths import state_dir
from roomtone_server.ports.web.early import answering
from roomtone_server.ports.web.port import serve_web
from roomtone_server.ports.web.problems import PROBLEM_TYPE
from roomtone_server.ports.web.route import FAMILY_SCOPES, Scope
from roomtone_server.server import running
from roomtone_server.settings import HomeAssistantSettings, ListenSettings, ServerSettings, WebSettings

HOST = "127.0.0.1"

# What one needs to come in, and what tells no secret. The page's files are the same for everybody.
OPEN = {
    ("GET", "/health"),
    ("HEAD", "/health"),
    ("GET", "/"),
    ("GET", "/api/session"),
    ("POST", "/api/session"),
    ("DELETE", "/api/session"),
    ("POST", "/api/link"),
    ("POST", "/api/setup"),
    ("POST", "/api/enter"),
}


async def do_nothing(_request):
    return web.Response(status=204)


async def roomtone(*arguments):
    """A command, as another process would run it beside the server."""
    return await asyncio.to_thread(CliRunner().invoke, cli.roomtone, arguments)


async def test_each_route_is_for_those_who_have_its_scope(monkeypatch, caplog):
    served = {}

    def serve(sockets, routes, doors, *, secure):
        served.update(routes=list(routes), doors=doors)
        return serve_web(sockets, served["routes"], doors, secure=secure)

    monkeypatch.setattr("roomtone_server.web.serve_web", serve)
    web_settings = WebSettings(host=HOST, port=free_port(), https_port=free_port())
    settings = ServerSettings(
        name="attic",
        listen=ListenSettings(host=HOST, port=0),
        web=web_settings,
        home_assistant=HomeAssistantSettings(port=0),
        discovery=False,
    )
    caplog.set_level("DEBUG")
    async with running(settings):
        addresses = f"http://{HOST}:{web_settings.port}", f"https://{HOST}:{web_settings.https_port}"
        assert "`roomtone web link` prints a link" in caplog.text
        for address in addresses:
            await nothing_answers_to_nobody(address, served["routes"])
        await each_scope_opens_its_routes(served["routes"], served["doors"])
        await people_come_in_by_the_command(addresses)
        await tokens_are_added_listed_and_revoked(addresses[1])
    assert not re.search(r"#/enter/|roomtone_[\w-]{40}", caplog.text), "no secret is logged"
    assert stat.S_IMODE((state_dir() / "server" / "web.pem").stat().st_mode) == 0o600


async def nothing_answers_to_nobody(address, routes):
    assert {(each.method, each.path) for each in routes if not is_open(each)} >= {
        ("GET", "/metrics"),
        ("GET", "/voice"),
        ("GET", "/api/events"),
        ("GET", "/api/openapi.json"),
    }
    async with Visitor(address, {}) as nobody:
        for route in routes:
            await nobody.ask(route.method, example_of(route.path))
            if is_open(route):
                assert nobody.last.status not in (401, 403), (route.method, route.path)
            else:
                assert nobody.last.status == 401, (route.method, route.path)
                assert nobody.last.headers["Content-Type"].startswith(PROBLEM_TYPE)


def is_open(route):
    is_of_the_page = route.method == "GET" and not route.path.startswith("/api/") and "." in route.path
    assert (route.scope is None) == ((route.method, route.path) in OPEN or is_of_the_page), (route.method, route.path)
    return route.scope is None


async def each_scope_opens_its_routes(routes, doors):
    """The doors and routes of the server, on a port of their own where nothing that is asked is done."""
    harmless = [replace(route, handler=do_nothing) for route in routes]
    async with answering(HOST, 0, dict) as early:
        address = f"http://{HOST}:{early.port}"
        async with serve_web(await early.hand_over(), harmless, doors):
            for scope in get_args(Scope):
                done = await roomtone("web", "tokens", "add", scope, "--scope", scope)
                bearer = {"Authorization": f"Bearer {done.stdout.strip()}", "Origin": None}
                async with Visitor(address, {}) as program:
                    for route in harmless:
                        status, _ = await program.ask(route.method, example_of(route.path), **bearer)
                        expected = 204 if route.scope in (None, scope) else 403
                        assert status == expected, (scope, route.method, route.path)


async def people_come_in_by_the_command(addresses):
    done = await roomtone("web", "link")
    assert done.exit_code == 0
    [url] = done.stdout.split()
    address, secret = url.split("/#/enter/")
    assert address == addresses[0]
    async with Visitor(addresses[1], {}) as owner:
        assert (await owner.ask("POST", "/api/setup", {"link": secret, "password": "correct horse"}))[0] == 200
        assert (await owner.ask("GET", "/api/settings"))[0] == 200
        [url] = (await roomtone("web", "link", "--family")).stdout.split()
        status, session = await owner.ask("POST", "/api/enter", {"link": url.split("/")[-1], "name": "tablet"})
        assert (status, session["scopes"]) == (200, sorted(FAMILY_SCOPES))


async def tokens_are_added_listed_and_revoked(address):
    done = await roomtone("web", "tokens", "add", "script", "--scope", "read", "--scope", "speak")
    bearer = {"Authorization": f"Bearer {done.stdout.strip()}"}
    async with Visitor(address, {}) as script:
        assert (await script.ask("GET", "/api/turns", **bearer))[0] == 200
        listed = (await roomtone("web", "tokens")).stdout
        assert re.search(r"^script +read speak +20\d\d-", listed, re.MULTILINE)
        assert done.stdout.strip() not in listed
        assert "script is no longer let in." in (await roomtone("web", "tokens", "revoke", "script")).stdout
        assert (await script.ask("GET", "/api/turns", **bearer))[0] == 401
    refused = await roomtone("web", "tokens", "revoke", "script")
    assert refused.exit_code == 2
    assert "no tokens are called 'script'" in refused.output


def example_of(path):
    """A path that a route takes."""
    return re.sub(r"\{(\w+)(:[^}]*)?\}", "1", path)
