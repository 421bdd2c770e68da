"""The add-on's page in Home Assistant: who is let in, and a code for one more.

Home Assistant shows it to its administrators and passes their requests on; what comes from anywhere else is turned
away. There is no script in it: each button is a form.
"""

import contextlib
from collections.abc import AsyncIterator, Mapping
from importlib.resources import files
from typing import Any, Final

import jinja2
import yaml
from aiohttp import web

from roomtone.errors import PortUnusable, UsageError
from roomtone_server.languages.codes import best_code
from roomtone_server.ports.control import Answer, Verb
from roomtone_server.ports.web.early import Health

INGRESS: Final = "172.30.32.2"  # from where the Supervisor passes requests on
PANEL_PORT: Final = 8099  # where it looks for the page
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
    ),
}


class Panel:
    """`verbs` are those of the local command line: "satellites", "pair" and "revoke" are asked."""

    def __init__(self, health: Health, verbs: Mapping[str, Verb], asked_from: str = INGRESS) -> None:
        self._health = health
        self._verbs = verbs
        self._asked_from = asked_from
        beside = files("roomtone_server.ports.web")
        page = beside.joinpath("panel.html").read_text(encoding="utf-8")
        self._page = jinja2.Environment(autoescape=True).from_string(page)
        self._texts = yaml.safe_load(beside.joinpath("panel.yaml").read_text(encoding="utf-8"))

    def app(self) -> web.Application:
        app = web.Application(middlewares=[self._only_home_assistant], client_max_size=4096)
        app.add_routes([web.get("/", self._show), web.post("/pair", self._pair), web.post("/revoke", self._revoke)])
        return app

    @web.middleware
    async def _only_home_assistant(self, request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401 - aiohttp's own
        if request.remote != self._asked_from:
            raise web.HTTPForbidden(text="only Home Assistant may ask for this page\n")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _show(self, request: web.Request) -> web.Response:
        return await self._answer(request)

    async def _pair(self, request: web.Request) -> web.Response:
        (code,) = await self._ask("pair")
        return await self._answer(request, **code)

    async def _revoke(self, request: web.Request) -> web.Response:
        satellite = (await request.post()).get("satellite")
        try:
            (revoked,) = await self._ask("revoke", satellite=satellite)
        except UsageError as problem:
            return await self._answer(request, problem=str(problem))
        return await self._answer(request, gone=revoked["name"])

    async def _ask(self, verb: str, **arguments: object) -> list[Answer]:
        return [answer async for answer in self._verbs[verb](arguments)]

    async def _answer(self, request: web.Request, **shown: object) -> web.Response:
        language = self._language(request.headers.get("Accept-Language", ""))
        satellites = await self._ask("satellites")
        told = {
            "language": language,
            "texts": self._texts[language],
            "health": self._health(),
            "satellites": satellites,
        }
        return web.Response(text=self._page.render(told | shown), content_type="text/html", headers=_HEADERS)

    def _language(self, accepted: str) -> str:
        """The first of the browser's that we speak; it lists its favourite first."""
        wanted = (each.partition(";")[0].strip() for each in accepted.split(","))
        return next((code for each in wanted if (code := best_code(self._texts, each))), "en")


@contextlib.asynccontextmanager
async def serve_panel(panel: Panel, host: str = "0.0.0.0", port: int = PANEL_PORT) -> AsyncIterator[int]:  # noqa: S104 - a container's own
    """Serves the page while it is entered; yields the port. Raises PortUnusable."""
    runner = web.AppRunner(panel.app(), access_log=None, handle_signals=False, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as problem:
            raise PortUnusable(f"the page cannot listen on {host}, port {port}: {problem.strerror}") from problem
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
