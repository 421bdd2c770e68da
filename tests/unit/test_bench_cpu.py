"""What counts as an engine's CPU time: its processes, its threads, its calls; not the loop that feeds it."""

import os
import subprocess
import sys
import threading
import time

import pytest

from roomtone_server.bench import cpu

WORK_S = 0.1
UNCOUNTED_S = 2.5 / os.sysconf("SC_CLK_TCK")  # of a process: not yet whole ticks of its user's and its system's time
# The child's own child works too; both then wait for the end of stdin.
PROCESS = f"""
import subprocess, sys, time
if len(sys.argv) < 2:
    child = subprocess.Popen([sys.executable, __file__, "again"], stdout=subprocess.PIPE)
    child.stdout.readline()
while time.process_time() < {WORK_S}:
    pass
print("done", flush=True)
sys.stdin.read()
if len(sys.argv) < 2:
    child.wait()
"""


def work():
    until_s = time.thread_time() + WORK_S
    while time.thread_time() < until_s:
        pass


@pytest.fixture
def taken():
    """The CPU time from the beginning of the test to its call."""
    meter = cpu.EngineMeter()
    before_s = meter.taken_s()
    return meter, lambda: meter.taken_s() - before_s


def test_processes_and_theirs_are_counted_while_they_live_and_when_they_have_ended(tmp_path, taken):
    _, taken_s = taken
    script = tmp_path / "work.py"
    script.write_text(PROCESS)
    with subprocess.Popen([sys.executable, script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        living_s = taken_s()
    assert living_s >= 2 * (WORK_S - UNCOUNTED_S)
    assert taken_s() >= living_s - 2 * UNCOUNTED_S


def test_threads_and_calls_are_counted_and_the_rest_of_the_loop_is_not(taken):
    meter, taken_s = taken
    work()
    assert taken_s() < WORK_S / 2
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    with meter.call():
        work()
    assert 2 * WORK_S <= taken_s() < 2.5 * WORK_S


def test_where_the_system_does_not_tell_nothing_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(cpu, "_PROC", tmp_path)
    assert cpu.descendants_s() is None
    assert cpu.EngineMeter().taken_s() is None
