"""`GET /metrics`: figures for Prometheus, in its text format."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST


def metrics_route(exposition: Callable[[], bytes]) -> web.RouteDef:
    """`exposition` is asked at each request, must not block, and tells no secrets: the path is open."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(
            body=exposition(), headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"}
        )

    return web.get("/metrics", answer)
