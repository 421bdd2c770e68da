"""The page's files. Which there are is known before the first request, so no path from outside ever names a file."""

import gzip
import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from aiohttp import ETag, hdrs, web

from roomtone_server.ports.web.route import Route

MAX_PAGE_BYTES: Final = (
    250_000  # uncompressed, of all that a browser loads in one language: a test holds the page to it
)

_KINDS: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
}

# What stands on lines of its own for whoever reads our modules; browsers need not. Lit's licence stays where it is.
_COMMENTS: Final = re.compile(rb"^[ \t]*(?:/\*\*.*?\*/|//[^\n]*)[ \t]*$", re.MULTILINE | re.DOTALL)


class PageFile:
    """One file. Its bytes, and their hash, are read at the first request and kept."""

    def __init__(self, path: str, source: Traversable) -> None:
        self.path = path  # relative to the page
        self.kind = _KINDS[path.rpartition(".")[2]]
        self._source = source

    @cached_property
    def plain(self) -> bytes:
        """What is sent: of our modules, all but the comments; each line keeps its number."""
        source = self._source.read_bytes()
        if not self.path.endswith(".js") or self.path.startswith("vendor/"):
            return source
        return _COMMENTS.sub(lambda comment: b"\n" * comment[0].count(b"\n"), source)

    @cached_property
    def _packed(self) -> bytes:
        return gzip.compress(self.plain, mtime=0)

    @cached_property
    def _hash(self) -> str:
        return hashlib.sha256(self.plain).hexdigest()[:32]

    async def answer(self, request: web.Request) -> web.Response:
        """The browser asks again each time, and is told in a few bytes that it has the file already."""
        packs = "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "")
        tag = ETag(f"{self._hash}-gzip" if packs else self._hash)
        headers = {hdrs.CACHE_CONTROL: "no-cache", hdrs.VARY: hdrs.ACCEPT_ENCODING}
        known = request.if_none_match or ()
        if any(each.value in (tag.value, "*") for each in known):
            response = web.Response(status=304, headers=headers)
        else:
            headers[hdrs.CONTENT_TYPE] = self.kind
            if packs:
                headers[hdrs.CONTENT_ENCODING] = "gzip"
            response = web.Response(body=self._packed if packs else self.plain, headers=headers)
        response.etag = tag
        return response


def page_files() -> list[PageFile]:
    """All that the page consists of, but for the licence of what it builds on."""
    static = files("roomtone_server.ports.web.page").joinpath("static")
    return [PageFile(path, each) for path, each in _walk(static, "") if path.rpartition(".")[2] in _KINDS]


def page_routes() -> Sequence[Route]:
    """Open to everybody: the page is the same for all, and without a session it shows how to get one."""
    routes = [Route("GET", f"/{each.path}", each.answer, None) for each in page_files()]
    index = next(each for each in routes if each.path == "/index.html")
    return [Route("GET", "/", index.handler, None), *routes]


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    for each in sorted(folder.iterdir(), key=lambda each: each.name):
        if each.is_dir():
            yield from _walk(each, f"{prefix}{each.name}/")
        else:
            yield f"{prefix}{each.name}", each
