"""`roomtone` as its user runs it: a process of its own, its exit status, and what it said."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import NamedTuple

ROOMTONE = Path(sys.executable).with_name("roomtone")
PATIENCE_S = 300  # with what should end of itself


class Ended(NamedTuple):
    status: int
    out: str
    err: str


async def start(*arguments, folder=None):
    """It runs in the folder; what it says is read from its pipes."""
    return await asyncio.create_subprocess_exec(
        ROOMTONE, *arguments, cwd=folder, stdout=PIPE, stderr=PIPE, start_new_session=True
    )


async def roomtone(*arguments, folder=None):
    """Runs it to its end."""
    process = await start(*arguments, folder=folder)
    try:
        async with asyncio.timeout(PATIENCE_S):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(process.returncode, out.decode(), err.decode())


async def refuses(*arguments, folder, words):
    """Options that are wrong: it says what is, does nothing, and is not surprised."""
    ended = await roomtone(*arguments, folder=folder)
    assert ended.status == 2, ended.err
    assert words in ended.err
    assert "Traceback" not in ended.err
    assert not ended.out
