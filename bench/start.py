"""How soon a server is there: from its process's start to the first answer of /health, and to "ready for commands".

    python bench/start.py [--runs 5] [--config server.yaml]

Each run is a process of its own, with a state of its own; the cache is kept from run to run, and the first run, which
fills it, is not counted. With --config, the settings of that file, but for the ports. On a machine that does other
things too the wall clock says little: beside it stands the CPU time that the server and its workers had taken by then.
Targets: 0.5 s to /health, 2.5 s to ready.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_server
from typing import Any

import psutil
import yaml

from table import Table

POLL_S = 0.005
PATIENCE_S = 120.0
TARGETS_MS = {"health": 500, "ready": 2500}


def settings(config: Path | None, port: int) -> dict[str, Any]:
    own = yaml.safe_load(config.read_text("utf-8")) or {} if config else {}
    return own | {
        "listen": {"host": "127.0.0.1", "port": 0},
        "web": {"host": "127.0.0.1", "port": port, "https_port": None},
        "home_assistant": {"port": 0},
        "discovery": False,
        "log_level": "error",
    }


def free_port() -> int:
    with create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def server(config: Path, folder: Path) -> Iterator[psutil.Popen]:
    command = [str(Path(sys.executable).with_name("roomtone")), "server", "--config", str(config)]
    environment = {
        **os.environ,
        "ROOMTONE_STATE": str(folder / "state"),
        "ROOMTONE_CACHE": str(folder.parent / "cache"),
    }
    running = psutil.Popen(command, env=environment, stdin=subprocess.DEVNULL)
    try:
        yield running
    finally:
        if running.poll() is None:
            running.terminate()
        running.wait(PATIENCE_S)


def health(port: int) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=PATIENCE_S) as answer:
            told: dict[str, Any] = json.load(answer)
            return told
    except urllib.error.URLError:
        return None


def cpu_s(process: psutil.Popen) -> float:
    """Of it and its children, to the ns, where Linux tells: clock ticks are too coarse."""
    ours = [process, *process.children(recursive=True)]
    schedstats = (file for each in ours for file in Path(f"/proc/{each.pid}/task").glob("*/schedstat"))
    return sum(int(file.read_text().split()[0]) for file in schedstats) / 1e9


def start(config: Path | None, cache: Path) -> dict[str, float]:
    """Milliseconds, on the wall and of the CPU, by what was reached."""
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory(dir=cache.parent) as name:
        port, written = free_port(), Path(name) / "server.yaml"
        written.write_text(yaml.safe_dump(settings(config, port)))
        began = time.monotonic()
        with server(written, Path(name)) as process:
            while "ready ms" not in found:
                told = health(port)
                took_ms = 1000 * (time.monotonic() - began)
                reached = {"health": told is not None, "ready": bool(told and told["status"] != "starting")}
                for what in (what for what, is_so in reached.items() if is_so and f"{what} ms" not in found):
                    found |= {f"{what} ms": took_ms, f"{what} cpu ms": 1000 * cpu_s(process)}
                if process.poll() is not None or took_ms > 1000 * PATIENCE_S:
                    sys.exit("the server did not start; its log, above, says why")
                time.sleep(POLL_S)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--config", type=Path)
    options = parser.parse_args()
    table = Table(names=8, figures=14)
    with tempfile.TemporaryDirectory(prefix="roomtone-start-") as folder:
        cache = Path(folder) / "cache"
        table.row("cold", start(options.config, cache))
        runs = [start(options.config, cache) for _ in range(options.runs)]
    for number, run in enumerate(runs, 1):
        table.row(f"run {number}", run)
    medians = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
    table.row("median", medians)
    return int(any(medians[f"{name} ms"] > limit for name, limit in TARGETS_MS.items()))


if __name__ == "__main__":
    sys.exit(main())
