"""Other programs, as devices and as event commands: started without a shell, ended with all that they started."""

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

_EXIT_S: Final = 2.0  # one that was asked to end and has not by then is killed


async def start(
    argv: Sequence[str], *, stdin: int, stdout: int, environment: Mapping[str, str] | None = None
) -> Process:
    """Starts a program in a group of its own: a terminal's Ctrl-C is for us, and we end it ourselves. Its errors go
    where ours go. Raises OSError."""
    return await asyncio.create_subprocess_exec(*argv, stdin=stdin, stdout=stdout, env=environment, process_group=0)


async def end(process: Process) -> None:
    """Ends a program and its whole group, with SIGTERM, then with SIGKILL, and frees its pipes."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        await _signal(process, signal.SIGTERM)
    finally:  # also when the satellite itself is ended meanwhile
        await _signal(process, signal.SIGKILL)


async def _signal(process: Process, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
    with suppress(TimeoutError):
        async with asyncio.timeout(_EXIT_S):
            await process.communicate()  # a pipe that nobody reads to its end stays open
