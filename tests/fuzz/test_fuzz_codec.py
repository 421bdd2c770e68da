"""A small run of the fuzzer, as `make fuzz` starts it."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize("seed", [1, 2])
def test_only_frame_errors_escape_and_memory_does_not_grow(seed):
    script = Path(__file__).with_name("fuzz_codec.py")
    run = subprocess.run(
        [sys.executable, script, "--n", "4000", "--seed", str(seed)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.startswith("4000 inputs: ")
    for outcome in ("whole", "header line", "data", "data or payload"):
        assert f" {outcome}" in run.stdout
