"""Programs of ours as child processes, started by their command lines and ended with whoever started them."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from roomtone.errors import RoomtoneError

T = TypeVar("T")

STOP_S: Final = 5.0  # from SIGTERM to SIGKILL
POLL_S: Final = 0.05
LAST_LINES: Final = 8  # of its log, when a program fails
_LAST_BYTES: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Program:
    """A running `roomtone ...`."""

    name: str  # for people: "server"
    process: asyncio.subprocess.Process
    log: Path

    @property
    def last_lines(self) -> str:
        with self.log.open("rb") as file:
            file.seek(max(0, self.log.stat().st_size - _LAST_BYTES))
            lines = file.read().decode(errors="replace").splitlines()[-LAST_LINES:]
        return "\n".join(f"  {self.name}: {line}" for line in lines or ["(it said nothing)"])

    def check(self) -> None:
        """Raises RoomtoneError, with its last words, when it has ended."""
        if (status := self.process.returncode) is not None:
            raise RoomtoneError(f"the {self.name} ended {_status(status)}; its last words:\n{self.last_lines}")

    async def finish(self, deadline_s: float) -> None:
        """Waits until it ends by itself. Raises RoomtoneError when it fails or does not end."""
        try:
            async with asyncio.timeout(deadline_s):
                await self.process.wait()
        except TimeoutError:
            raise RoomtoneError(
                f"the {self.name} did not end within {deadline_s:g} s; its last words:\n{self.last_lines}"
            ) from None
        if self.process.returncode:
            self.check()


@contextlib.asynccontextmanager
async def program(
    name: str, arguments: Sequence[str], log: Path, environment: Mapping[str, str]
) -> AsyncIterator[Program]:
    """Runs `roomtone ARGUMENTS`, its output in `log`; ended at the end, and with it whatever it started."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "roomtone", *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,  # Ctrl-C is for whoever started it, who then ends it in order
        )
    try:
        yield Program(name, process, log)
    finally:
        await _end(process)


async def until(
    what: str, condition: Callable[[], Awaitable[T | None]], deadline_s: float, programs: Sequence[Program]
) -> T:
    """The first answer of `condition` that is not None. Raises RoomtoneError when a program ends, or the time is up."""
    try:
        async with asyncio.timeout(deadline_s):
            while (answer := await condition()) is None:
                for each in programs:
                    each.check()
                await asyncio.sleep(POLL_S)
            return answer
    except TimeoutError:
        last = "\n".join(each.last_lines for each in programs)
        raise RoomtoneError(f"{what}: not within {deadline_s:g} s; the last words were:\n{last}") from None


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await process.wait()
    with contextlib.suppress(ProcessLookupError):  # the usual case: nobody of its session is left
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def _status(status: int) -> str:
    return f"by {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
