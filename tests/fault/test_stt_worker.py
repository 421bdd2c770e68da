"""The recogniser's worker process never outlives its server, however that dies."""

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


def test_the_worker_ends_when_its_server_is_killed(tmp_path):
    with subprocess.Popen([sys.executable, "-c", SERVER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline() == "started\n"
        (worker,) = psutil.Process(server.pid).children()
        server.send_signal(signal.SIGKILL)
        gone, _ = psutil.wait_procs([worker], timeout=30)
        assert gone == [worker]


def test_ctrl_c_does_not_reach_the_worker(tmp_path):
    with subprocess.Popen([sys.executable, "-c", SERVER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline() == "started\n"
        (worker,) = psutil.Process(server.pid).children()
        worker.send_signal(signal.SIGINT)
        server.kill()
        gone, _ = psutil.wait_procs([worker], timeout=30)
        assert gone == [worker]
