"""A server and a satellite as real processes on loopback, in a folder of their own."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Final, Literal

import yaml

from roomtone.errors import PeerGone, ServerNotRunning
from roomtone_server.bench.programs import Program, program, until
from roomtone_server.ports.control import call_async, control_path

# The first start compiles the grammar: 2 s on a PC, and much longer on a small or busy machine.
READY_S: Final = 150.0
PAIRED_S: Final = 30.0
CONNECTED_S: Final = 30.0

LOOPBACK: Final = "127.0.0.1"
LAST_TRACEBACK: Final = "last-traceback.txt"  # see roomtone.cli

End = Literal["server", "satellite"]


class Ends:
    """Both ends, as far as they have been started; use `both_ends`.

    Every method raises RoomtoneError, with the last words of the program that failed or dawdled.
    """

    def __init__(self, folder: Path, running: AsyncExitStack) -> None:
        self._folder = folder
        self._running = running
        self.programs: list[Program] = []

    @property
    def control(self) -> Path:
        return control_path(self._folder / "server")

    @property
    def home_state(self) -> Path:
        """Where the server keeps what becomes of the home."""
        return self.control.parent

    @property
    def last_words(self) -> str:
        return "\n".join(each.last_lines for each in self.programs)

    def check(self) -> None:
        """Raises RoomtoneError when one of them has ended."""
        for each in self.programs:
            each.check()

    async def start_server(self, home: Path | None, more: Mapping[str, Any] | None = None) -> None:
        """Returns when satellites are let in. `home` is an absolute path; `more` are settings beside the usual."""
        settings: dict[str, Any] = {
            "name": f"bench {os.getpid()}",
            "listen": {"host": LOOPBACK, "port": 0},
            "web": {"host": LOOPBACK, "port": 0, "https_port": None},
            "home_assistant": {"port": 0},
            **(more or {}),
        }
        if home:
            settings["home"] = {"engine": "virtual", "file": str(home)}
        await self._start("server", settings)
        await until("the server starts", self._started, READY_S, self.programs)

    async def link(self, purpose: Literal["owner", "family"] = "owner") -> str:
        """A one-time link to the page: what stands before its # is the page's address."""
        (answer,) = [answer async for answer in call_async(self.control, "web-link", purpose=purpose)]
        link: str = answer["urls"][0]
        return link

    async def pair(self, satellite: Mapping[str, Any], code: str | None = None) -> None:
        """As its owner would: a code from the server, typed in at the satellite, which finds the server by itself. Of
        None, the server is asked here."""
        if code is None:
            (answer,) = [answer async for answer in call_async(self.control, "pair")]
            code = answer["code"]
        config = self._write_settings("satellite", satellite)
        arguments = ("satellite", "--config", str(config), "pair", code)
        log = self._folder / "pair.log"
        async with program("pairing satellite", arguments, log, self._environment("satellite")) as pairing:
            await pairing.finish(PAIRED_S)

    async def start_satellite(self, settings: Mapping[str, Any]) -> None:
        """Returns when it is connected."""
        await self._start("satellite", settings)
        await until("the satellite connects", self._satellite, CONNECTED_S, self.programs)

    async def _start(self, end: End, settings: Mapping[str, Any]) -> None:
        arguments = (end, "--config", str(self._write_settings(end, settings)))
        log = self._folder / f"{end}.log"
        started = await self._running.enter_async_context(program(end, arguments, log, self._environment(end)))
        self.programs.append(started)

    def _write_settings(self, end: End, settings: Mapping[str, Any]) -> Path:
        path = self._folder / f"{end}.yaml"
        path.write_text(yaml.safe_dump(dict(settings), sort_keys=False, allow_unicode=True), encoding="utf-8")
        return path

    def _environment(self, end: End) -> dict[str, str]:
        """Each end has a state of its own; the cache is the user's, so that the next one starts sooner."""
        return {"ROOMTONE_STATE": str(self._folder / end)}

    async def _started(self) -> Mapping[str, Any] | None:
        status = await self._status()
        return status if status and status["status"] != "starting" else None

    async def _satellite(self) -> object | None:
        status = await self._status()
        return status["satellites"] or None if status else None

    async def _status(self) -> Mapping[str, Any] | None:
        try:
            (status,) = [answer async for answer in call_async(self.control, "status")]
        except (ServerNotRunning, PeerGone):
            return None  # not yet; if it never will, its process has ended, and `until` says so
        return status


@asynccontextmanager
async def both_ends(folder: Path) -> AsyncIterator[Ends]:
    """Starts nothing yet; ends everything that was started in it, the last first."""
    async with AsyncExitStack() as running:
        yield Ends(folder, running)


@asynccontextmanager
async def watching(ends: Ends, take: Callable[[Mapping[str, Any]], None]) -> AsyncIterator[None]:
    """Within it, each event of the running server's trace is taken."""
    begun = asyncio.Event()

    async def watch() -> None:
        async for event in call_async(ends.control, "watch", patience_s=None):
            if "watching" in event:
                begun.set()
            else:
                take(event)

    async with asyncio.TaskGroup() as tasks:
        watcher = tasks.create_task(watch(), name="bench: watch")
        await begun.wait()
        yield
        watcher.cancel()


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Gone afterwards, unless one of the programs has left the traceback there that its last words point to."""
    folder = Path(mkdtemp(prefix="roomtone-bench-"))
    try:
        yield folder
    finally:
        if not any(folder.rglob(LAST_TRACEBACK)):
            shutil.rmtree(folder, ignore_errors=True)
