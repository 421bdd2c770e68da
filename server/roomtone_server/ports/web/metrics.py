"""`GET /metrics`: figures for Prometheus, in its text format."""

from collections.abc import Callable
from typing import Final

from aiohttp import web

CONTENT_TYPE: Final = "text/plain; version=1.0.0; charset=utf-8"


def metrics_route(exposition: Callable[[], bytes]) -> web.RouteDef:
    """`exposition` is asked at each request, must not block, and tells no secrets: the path is open."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=exposition(), headers={"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"})

    return web.get("/metrics", answer)
