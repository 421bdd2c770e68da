"""The recogniser's worker processes never outlive their server, however that dies."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil

SERVER = """
import asyncio, sys
from pathlib import Path
from roomtone.engines import Surroundings
from roomtone_server.engines.stt.pocketsphinx import ENGINE, PocketSphinxSettings

async def main():
    folder = Path(sys.argv[1])
    engine = ENGINE.make(PocketSphinxSettings(), Surroundings(folder, folder))
    await engine.start()
    print("started", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def test_the_workers_end_when_their_server_is_killed(tmp_path):
    with subprocess.Popen([sys.executable, "-c", SERVER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline() == "started\n"
        workers = psutil.Process(server.pid).children()
        assert len(workers) == 2
        server.send_signal(signal.SIGKILL)
        _, alive = psutil.wait_procs(workers, timeout=30)
        assert alive == []


def test_neither_ctrl_c_nor_the_end_of_a_service_stops_the_workers_before_their_server(tmp_path):
    with subprocess.Popen([sys.executable, "-c", SERVER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline() == "started\n"
        workers = psutil.Process(server.pid).children()
        assert [ignored(worker.pid) for worker in workers] == [{signal.SIGINT, signal.SIGTERM}] * 2
        server.kill()
        _, alive = psutil.wait_procs(workers, timeout=30)
        assert alive == []


def ignored(pid):
    """Of the two signals that a whole group of processes gets, those that one of them ignores."""
    status = Path(f"/proc/{pid}/status").read_text()
    mask = int(re.search(r"^SigIgn:\s*(\w+)$", status, re.MULTILINE)[1], 16)
    return {number for number in (signal.SIGINT, signal.SIGTERM) if mask >> (number - 1) & 1}
