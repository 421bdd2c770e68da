"""The recogniser's worker processes never outlive their server, however that dies."""

import signal
import subprocess
import sys

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


def test_ctrl_c_does_not_reach_the_workers(tmp_path):
    with subprocess.Popen([sys.executable, "-c", SERVER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline() == "started\n"
        workers = psutil.Process(server.pid).children()
        for worker in workers:
            worker.send_signal(signal.SIGINT)
        server.kill()
        _, alive = psutil.wait_procs(workers, timeout=30)
        assert alive == []
