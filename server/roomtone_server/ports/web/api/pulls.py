"""Models on their way here: one download per model, whoever asked for it, and for as many as want to see it fare.

Who asked may go away; the download goes on. A second one who asks for the same model joins.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from roomtone.errors import RoomtoneError
from roomtone_server.models.manifest import Model
from roomtone_server.ports.web.api.shapes import Pull
from roomtone_server.ports.web.problems import Problem

if TYPE_CHECKING:  # for the server's start: see `roomtone_server.server`
    from roomtone_server.models.fetching import Progress

MAX_AT_ONCE: Final = 2  # guards the line, which satellites use too
TOLD_EVERY_S: Final = 0.25  # how often one that moves is told, at most

_LOGGER: Final = logging.getLogger(__name__)

# Fetches one model, telling how it fares. Raises ModelError, EngineError.
Fetch = Callable[[Model, "Progress"], Awaitable[None]]


class _Download:
    """A `Progress`, as those see it who follow."""

    def __init__(self, title: str) -> None:
        self.now = Pull(model=title, state="pulling")
        self._moved = asyncio.Event()  # a new one each time

    def begins(self, file: str, done_bytes: int, total_bytes: int | None) -> None:
        self._move(file=file, done_bytes=done_bytes, total_bytes=total_bytes, note="")

    def came(self, count_bytes: int) -> None:
        self._move(done_bytes=self.now.done_bytes + count_bytes)

    def ended(self, file: str) -> None:
        self._move(file=file)

    def note(self, words: str) -> None:
        self._move(note=words)

    def done(self) -> None:
        self._move(state="done")

    def failed(self, why: str) -> None:
        self._move(state="failed", note=why)

    def _move(self, **changes: object) -> None:
        self.now = self.now.model_copy(update=changes)
        self._moved.set()
        self._moved = asyncio.Event()

    async def follow(self) -> AsyncGenerator[Pull, None]:
        """How it fares now, and as it goes on, to its end."""
        while True:
            told, moved = self.now, self._moved
            yield told
            if told.state != "pulling":
                return
            if self.now is told:
                await moved.wait()
            if self.now.state == "pulling":
                await asyncio.sleep(TOLD_EVERY_S)


@contextlib.asynccontextmanager
async def pulling(fetch: Fetch) -> AsyncIterator["Pulls"]:
    """Downloads that still go on when the block is left break off; what came of them is kept for the next time."""
    async with asyncio.TaskGroup() as tasks:
        pulls = Pulls(fetch, tasks)
        try:
            yield pulls
        finally:
            pulls.break_off()


class Pulls:
    """One event loop. Use `pulling`."""

    def __init__(self, fetch: Fetch, tasks: asyncio.TaskGroup) -> None:
        self._fetch = fetch
        self._tasks = tasks
        self._downloads: dict[str, tuple[_Download, asyncio.Task[None]]] = {}  # by title

    def now(self, title: str) -> Pull | None:
        """How a download fares that goes on."""
        found = self._downloads.get(title)
        return found[0].now if found else None

    def pull(self, model: Model) -> AsyncGenerator[Pull, None]:
        """Begins, or joins; then how it fares, to its end. Raises Problem when others have to be waited for."""
        return self._download(model).follow()

    def _download(self, model: Model) -> _Download:
        if model.title in self._downloads:
            return self._downloads[model.title][0]
        if len(self._downloads) >= MAX_AT_ONCE:
            detail = f"{MAX_AT_ONCE} models are on their way; wait for one of them"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many at once", detail, headers={"Retry-After": "60"})
        download = _Download(model.title)
        task = self._tasks.create_task(self._run(model, download), name=f"pull: {model.title}")
        self._downloads[model.title] = download, task
        return download

    async def _run(self, model: Model, download: _Download) -> None:
        _LOGGER.info("fetching %s", model.title)
        try:
            await self._fetch(model, download)
            download.done()
        except RoomtoneError as problem:
            _LOGGER.warning("%s was not fetched: %s", model.title, problem)
            download.failed(str(problem))
        except Exception:
            _LOGGER.exception("%s was not fetched", model.title)
            download.failed("the server failed at this; its log says how")
        finally:
            if self._downloads.get(model.title, (None,))[0] is download:
                del self._downloads[model.title]

    def call_off(self, title: str) -> bool:
        """What came of it is kept for the next time. Whether there was such a download."""
        if title not in self._downloads:
            return False
        download, task = self._downloads.pop(title)
        task.cancel()
        download.failed("called off; what came of it is kept for the next time")
        return True

    def break_off(self) -> None:
        for _, task in self._downloads.values():
            task.cancel()
