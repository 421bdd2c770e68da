"""A place on loopback that models come from, as a web server with ranges is, and what may be wrong with it."""

import asyncio
import contextlib
import hashlib
from dataclasses import dataclass, field

from aiohttp import web

PIECE_BYTES = 1000


@dataclass
class Source:
    """What a test puts there, and sees of it. A fault lasts until the test ends it."""

    content: dict[str, bytes] = field(default_factory=dict)  # by file name
    url: str = ""
    tag: str = '"v1"'  # empty: none
    knows_ranges: bool = True
    part_of_another: bool = False  # whatever part it is asked for, it sends one that begins elsewhere
    tells_length: bool = True
    cut_after: int | None = None  # bytes of each answer, then the connection breaks
    status: int = 200
    sends_round: bool = False  # to where it was asked
    sends_on: bool = False  # to /store, and states there what the file's hash is
    stated: str = ""  # instead of the true hash
    held: asyncio.Event | None = None  # the second piece of each answer waits for it
    asked: list[tuple[str, str]] = field(default_factory=list)  # file, and the range
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)

    def hold(self):
        """From now on, all but the first piece of each answer is kept back."""
        self.held = asyncio.Event()

    def release(self):
        if self.held is not None:
            self.held.set()
            self.held = None

    async def answer(self, request):
        name = request.match_info["name"]
        if self.sends_round:
            raise web.HTTPFound(request.path)
        if self.sends_on and request.path.startswith("/models/"):
            stated = self.stated or hashlib.sha256(self.content[name]).hexdigest()
            raise web.HTTPFound(f"/store/{name}", headers={"X-Linked-ETag": f'"{stated}"'})
        self.asked.append((name, request.headers.get("Range", "")))
        self.was_asked.set()
        if self.status != 200:
            return web.Response(status=self.status)
        content, first, status = self.content[name], 0, 200
        if self.knows_ranges and "Range" in request.headers and request.headers.get("If-Range") == self.tag:
            first, status = int(request.headers["Range"].removeprefix("bytes=").removesuffix("-")), 206
            if first >= len(content):
                return web.Response(status=416)
        return await self._send(request, content, first, status)

    async def _send(self, request, content, first, status):
        response, held = web.StreamResponse(status=status), self.held
        if self.tag:
            response.headers["ETag"] = self.tag
        if self.tells_length:
            response.content_length = len(content) - first
        if status == 206:
            response.headers["Content-Range"] = (
                f"bytes {first + self.part_of_another}-{len(content) - 1}/{len(content)}"
            )
        await response.prepare(request)
        rest = content[first:] if self.cut_after is None else content[first : first + self.cut_after]
        with contextlib.suppress(ConnectionError):  # whoever asked is gone
            for at in range(0, len(rest), PIECE_BYTES):
                if at and held is not None:
                    await held.wait()
                await response.write(rest[at : at + PIECE_BYTES])
        if self.cut_after is not None and len(rest) < len(content) - first:
            request.transport.close()
        return response


@contextlib.asynccontextmanager
async def source(**content):
    """Serves while it is entered."""
    served = Source({name.replace("__", "."): data for name, data in content.items()})
    app = web.Application()
    app.add_routes([web.get("/models/{name}", served.answer), web.get("/store/{name}", served.answer)])
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        served.url = f"http://127.0.0.1:{runner.addresses[0][1]}/models/"
        yield served
    finally:
        served.release()
        await runner.cleanup()
