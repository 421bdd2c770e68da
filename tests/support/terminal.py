"""A program at a terminal, and whoever sits there: reads what it says, and answers."""

import asyncio
import os
import pty
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

PATIENCE_S = 60.0


class Terminal:
    """What was said so far is in `said`; what was asked for already is not looked at again."""

    def __init__(self, process: asyncio.subprocess.Process, side: int, output: asyncio.StreamReader) -> None:
        self.said = ""
        self._process = process
        self._side = side
        self._output = output
        self._seen = 0

    async def asks(self, question: str, patience_s: float = PATIENCE_S) -> None:
        """Returns when the program has said it."""
        try:
            async with asyncio.timeout(patience_s):
                while (at := self.said.find(question, self._seen)) < 0:
                    assert await self._read(), f"it ended without {question!r}:\n{self.said}"
        except TimeoutError:
            raise AssertionError(f"no {question!r} within {patience_s:g} s:\n{self.said}") from None
        self._seen = at + len(question)

    def answer(self, text: str = "") -> None:
        os.write(self._side, f"{text}\n".encode())

    async def ends(self, patience_s: float = PATIENCE_S) -> int:
        """Its exit status."""
        async with asyncio.timeout(patience_s):
            while await self._read():
                pass
            return await self._process.wait()

    async def _read(self) -> bool:
        try:
            said = await self._output.read(4096)
        except OSError:  # Linux's way to say that nobody is left at the other side
            return False
        self.said += said.decode(errors="replace").replace("\r\n", "\n")
        return bool(said)


@asynccontextmanager
async def at_a_terminal(*command: str | Path, environment: Mapping[str, str] | None = None) -> AsyncIterator[Terminal]:
    """The program has the terminal for its own: it may open /dev/tty."""
    ours, its = pty.openpty()
    with os.fdopen(ours, "rb", buffering=0) as side:
        try:
            # `setsid --ctty` makes standard input the controlling terminal.
            process = await asyncio.create_subprocess_exec(
                *("setsid", "--ctty"),
                *command,
                stdin=its,
                stdout=its,
                stderr=its,
                env={**os.environ, **(environment or {})},
            )
        finally:
            os.close(its)
        output = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(output), side
        )
        try:
            yield Terminal(process, ours, output)
        finally:
            transport.close()
            if process.returncode is None:
                process.terminate()
            await process.wait()
