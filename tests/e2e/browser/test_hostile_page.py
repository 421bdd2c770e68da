"""A page of another origin, in the browser of somebody who is logged in: it learns nothing, and nothing changes."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from support import browser as browsers
from support.web_house import WebHouse, ask, web_house

from roomtone_server.bench.ends import LOOPBACK, watching

SCRIPT = Path(browsers.__file__).with_name("hostile.js")
NAMES = "--host-resolver-rules=MAP *.test 127.0.0.1"

# Other ports of a host are other origins, and the same site: whoever asks from there brings the user's cookies along.
SAME_SITE, OTHER_SITE = LOOPBACK, "hostile.test"

NOTHING = "nothing"
REFUSED = {401, 403}
COMMAND = {"text": "turn on the kitchen light"}  # it is off


class Answer(NamedTuple):
    method: str
    path: str
    status: int


@dataclass
class Prey:
    """Somebody's browser, logged in, and what the server answered it."""

    house: WebHouse
    person: browsers.Browser
    page: Any
    told: list[Mapping[str, Any]]  # the server's trace
    answers: list["Answer"] = field(default_factory=list)

    async def lure(self, url: str) -> Any:
        """The user follows a link to that page, whose requests are noted: what is kept from the page itself too."""
        page = await self.person.context.new_page()
        await page.add_init_script(path=SCRIPT)
        page.context.on("response", lambda each: self._note(each.request.method, each.url, each.status))
        network = await page.context.new_cdp_session(page)
        asked: dict[str, tuple[str, str]] = {}
        network.on(
            "Network.requestWillBeSent",
            lambda told: asked.update({told["requestId"]: (told["request"]["method"], told["request"]["url"])}),
        )
        network.on(
            "Network.responseReceivedExtraInfo",
            lambda told: self._note(*asked.get(told["requestId"], ("", "")), told["statusCode"]),
        )
        await network.send("Network.enable")
        await page.goto(url)
        return page

    def _note(self, method: str, url: str, status: int) -> None:
        if url.startswith(self.house.url):
            self.answers.append(Answer(method, url.removeprefix(self.house.url).partition("?")[0], status))

    async def belongings(self) -> dict[str, Any]:
        """What would be other if something had happened."""
        paths = ("home", "satellites", "turns", "tokens", "sessions", "settings")
        return {path: await ask(self.page, "GET", path) for path in paths}

    async def operations(self) -> list[tuple[str, str]]:
        """Each method and path of the API, as its own document tells them."""
        document = await ask(self.page, "GET", "openapi.json")
        return [
            (method.upper(), path.strip("/").replace("{id}", "all").replace("{number}", "1").replace("{name}", "base"))
            for path, methods in document["paths"].items()
            for method in methods
            if method in ("get", "post", "put", "patch", "delete")
        ]


@pytest.fixture
async def prey(folder) -> AsyncIterator[Prey]:
    told: list[Mapping[str, Any]] = []
    async with web_house(folder) as house, browsers.browsing(None, NAMES) as person, watching(house.ends, told.append):
        yield Prey(house, person, await house.enter(person), told)


@asynccontextmanager
async def hostile_site() -> AsyncIterator[int]:
    """The port of a server that has one page, with nothing in it."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>Win a prize</title><body>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def attempt(page: Any, name: str, *arguments: str) -> Any:
    return await page.evaluate("([name, given]) => hostile[name](...given)", [name, list(arguments)])


async def tries_everything(prey: Prey, page: Any) -> None:
    """With each method of each path: what can be read is nothing."""
    body = json.dumps(COMMAND)
    for method, path in await prey.operations():
        url = prey.house.url + path
        if method == "GET":
            assert await attempt(page, "read", url) == NOTHING, path
            assert await attempt(page, "run", url) == NOTHING, path
            continue
        assert await attempt(page, "change", method, url, body) == NOTHING, path
        if method == "POST":
            for name in ("post", "form", "beacon"):
                await attempt(page, name, url, body)
    assert await attempt(page, "listen", f"{prey.house.url}api/events") == NOTHING
    assert await attempt(page, "talk", prey.house.url.replace("http", "ws") + "voice") == NOTHING


async def lies_over_the_page(prey: Prey, page: Any) -> None:
    await attempt(page, "frame", prey.house.url)
    [_, framed] = page.frames
    assert framed.url.startswith("chrome-error:")
    assert await attempt(page, "open", prey.house.url) == NOTHING


async def takes_the_server_s_place(prey: Prey) -> None:
    """A page may have its own host's name lead to the server from one moment to the next: then it is of one origin with
    it, by that name. Under that name nobody has logged in, nor can."""
    server = prey.house.url.replace(LOOPBACK, "rebound.test")
    page = await prey.lure(f"{server}health")
    for method, path in await prey.operations():
        got = (
            attempt(page, "read", server + path)
            if method == "GET"
            else attempt(page, "change", method, server + path, "{}")
        )
        assert (await got)[:3] == "421", (method, path)


async def test_another_origin_s_page_learns_nothing_and_changes_nothing(prey):
    before = await prey.belongings()
    with prey.person.complaints.expected(""):
        async with hostile_site() as port:
            for host in (SAME_SITE, OTHER_SITE):
                await tries_everything(prey, await prey.lure(f"http://{host}:{port}/"))
                await lies_over_the_page(prey, await prey.lure(f"http://{host}:{port}/"))
        await takes_the_server_s_place(prey)
    posted = [answer for answer in prey.answers if answer.method == "POST"]
    assert len(posted) >= 3 * len({answer.path for answer in posted})
    assert [answer for answer in posted if answer.status not in REFUSED] == []
    assert await prey.belongings() == before
    assert prey.told == []
    # The same, by the page itself: so the user was logged in all the while, and the command one that changes something.
    assert (await ask(prey.page, "POST", "ask", COMMAND))["actions"]
    assert await prey.belongings() != before
