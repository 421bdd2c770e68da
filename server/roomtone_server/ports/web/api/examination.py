"""What `roomtone doctor` finds here, asked in a process of its own: it starts a second home and agent to look
at them, which would take the event loop's time here.
"""

import asyncio
import contextlib
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from pydantic import TypeAdapter, ValidationError

from roomtone import doctor

FRESH_S: Final = 60.0  # so long findings stand: who looks often need not have it examined each time
PATIENCE_S: Final = 60.0
_NICENESS: Final = 10  # whoever speaks meanwhile comes first
_EXITS: Final = (0, 1)  # nothing is broken, something is

_FINDINGS: Final = TypeAdapter(list[doctor.Finding])


@dataclass(frozen=True, slots=True)
class Examined:
    findings: Sequence[doctor.Finding]
    at: float  # UNIX time


class Examination:
    """One at a time; who asks meanwhile waits for the same."""

    def __init__(self) -> None:
        self._last: Examined | None = None
        self._examining = asyncio.Lock()

    async def findings(self) -> Examined:
        """At most FRESH_S old."""
        async with self._examining:
            if self._last is None or time.time() - self._last.at > FRESH_S:
                self._last = Examined(await _examine(), time.time())
            return self._last

    def forget(self) -> None:
        """Something was done about what was found."""
        self._last = None


async def _examine() -> Sequence[doctor.Finding]:
    try:
        async with asyncio.timeout(PATIENCE_S), _doctor() as process:
            said, _ = await process.communicate()
        if process.returncode in _EXITS:
            return _FINDINGS.validate_json(said)
        why = f"it ended with status {process.returncode}"
    except TimeoutError:
        why = f"it took longer than {PATIENCE_S:g} s"
    except (OSError, ValidationError):
        why = "it did not answer as it should"
    return [doctor.Finding("doctor", "broken", why, "ask it on the server's machine: roomtone doctor")]


@contextlib.asynccontextmanager
async def _doctor() -> AsyncIterator[Process]:
    """Ends with the block. Raises OSError."""
    arguments = (sys.executable, "-m", "roomtone", "doctor", "--json")
    process = await asyncio.create_subprocess_exec(*arguments, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)
    try:
        with contextlib.suppress(ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
