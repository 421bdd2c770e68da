"""wyoming-satellite from PyPI, in an environment of its own: it pins a wyoming that is too old for ours.

Its microphone, its speaker and its wake word are programs that it starts.
"""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.server_end import free_port

RELEASE = "1.0.0"
PATIENCE_S = 60

# Plays each file that it finds, in the order of their names, and silence in between: 64 ms at a time, as a sound card.
_MICROPHONE = """
import sys, time
from pathlib import Path
folder, chunk = Path(sys.argv[1]), 2048
heard, pcm, due = set(), b"", time.monotonic()
while True:
    if not pcm:
        found = sorted(path for path in folder.glob("*.raw") if path not in heard)
        pcm = found[0].read_bytes() if found else bytes(chunk)
        heard.update(found[:1])
    sys.stdout.buffer.write(pcm[:chunk].ljust(chunk, bytes(1)))
    sys.stdout.buffer.flush()
    pcm, due = pcm[chunk:], due + 0.064
    time.sleep(max(0.0, due - time.monotonic()))
"""

# Writes down what it plays, at once.
_SPEAKER = """
import sys
with open(sys.argv[1], "ab", buffering=0) as file:
    while pcm := sys.stdin.buffer.read1(65536):
        file.write(pcm)
"""

# Says the name of each wake word in what it reads.
_WAKE_WORD = """
import sys
from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
wake = engines.choose("wake", EngineChoice("microwakeword")).make(Surroundings(None, None))
while len(frame := sys.stdin.buffer.read(640)) == 640:
    if found := wake.process(frame):
        print(found.name, flush=True)
"""


def environment() -> Path:
    """Its interpreter, made once; skips where it cannot be installed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = cache / "roomtone-tests" / f"wyoming-satellite-{RELEASE}"
    python, whole = folder / "bin" / "python", folder / "whole"
    if not whole.exists():
        made = subprocess.run([sys.executable, "-m", "venv", "--clear", folder], capture_output=True, check=False)
        wanted = f"wyoming-satellite[silerovad]=={RELEASE}"
        if made.returncode == 0:
            made = subprocess.run([python, "-m", "pip", "install", "-q", wanted], capture_output=True, check=False)
        if made.returncode:
            pytest.skip(f"wyoming-satellite cannot be installed: {made.stderr.decode()[-300:]}")
        whole.touch()
    return python


@dataclass
class WyomingSatellite:
    name: str
    uri: str
    folder: Path

    def hear(self, pcm: bytes) -> None:
        """The next that its microphone hears."""
        number = len(list(self.folder.glob("*.raw")))
        unfinished = self.folder / "unfinished"
        unfinished.write_bytes(pcm)
        unfinished.rename(self.folder / f"{number:03}.raw")

    async def has_said(self, text: str, count: int) -> None:
        """Returns when its log has the text so often."""
        async with asyncio.timeout(PATIENCE_S):
            while (self.folder / "log").read_text().count(text) < count:  # noqa: ASYNC110 - a file has no event
                await asyncio.sleep(0.05)

    @property
    def played(self) -> bytes:
        """At 22.05 kHz."""
        path = self.folder / "played"
        return path.read_bytes() if path.exists() else b""


@asynccontextmanager
async def wyoming_satellite(python: Path, folder: Path, name: str, *options: str) -> AsyncIterator[WyomingSatellite]:
    """Running, and listening for its server. `options` are its own; "--wake" makes it find its wake word itself."""
    _write_programs(folder)
    port = free_port()
    arguments = [
        *("--uri", f"tcp://127.0.0.1:{port}", "--name", name, "--area", "Kitchen", "--no-zeroconf"),
        *("--mic-command", f"{sys.executable} {folder}/microphone.py {folder}"),
        *("--snd-command", f"{sys.executable} {folder}/speaker.py {folder}/played"),
    ]
    if "--wake" in options:
        options = ("--wake-command", f"{sys.executable} {folder}/wake.py")
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            python, "-m", "wyoming_satellite", *arguments, *options, stdout=log, stderr=log, start_new_session=True
        )
    try:
        await _listens(port)
        yield WyomingSatellite(name, f"tcp://127.0.0.1:{port}", folder)
    finally:
        os.killpg(process.pid, 9)  # it and its programs, which a signal to it alone leaves behind
        await process.wait()


def _write_programs(folder: Path) -> None:
    folder.mkdir()
    for program, source in (("microphone", _MICROPHONE), ("speaker", _SPEAKER), ("wake", _WAKE_WORD)):
        (folder / f"{program}.py").write_text(source)


async def _listens(port: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                await writer.wait_closed()
                return
