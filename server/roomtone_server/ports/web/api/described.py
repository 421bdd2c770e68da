"""`GET /api/openapi.json`: what the API is, for programs that read that."""

import asyncio
import json
from collections.abc import Sequence

from aiohttp import web

from roomtone import __version__
from roomtone_server.ports.web.api.endpoint import JSON, NOT_KEPT, AnyEndpoint, Call, Endpoint, Media, any_of
from roomtone_server.ports.web.api.openapi import document


def described(endpoints: Sequence[AnyEndpoint], *, session_cookie: str) -> Sequence[AnyEndpoint]:
    """The endpoints, and the one that describes them, itself too."""
    text: bytes | None = None  # made when it is first asked for: a server starts without

    def describe() -> bytes:
        return json.dumps(document(every, version=__version__, session_cookie=session_cookie)).encode()

    async def answer(_call: Call) -> web.Response:
        nonlocal text
        if text is None:
            text = await asyncio.to_thread(describe)
        return web.Response(body=text, content_type=JSON, headers=NOT_KEPT)

    summary = "This document: the whole API, as OpenAPI 3.1"
    every = any_of(*endpoints, Endpoint("GET", "/api/openapi.json", "read", summary, answer, answer=Media((JSON,))))
    return every
