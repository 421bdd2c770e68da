"""Child processes: their last words when they fail, and none of them left behind."""

import os
import signal
import sys

import psutil
import pytest

from roomtone.errors import RoomtoneError
from roomtone_server.bench import programs
from roomtone_server.bench.programs import program, until


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Runs Python code in the place of `python -m roomtone ARGUMENTS`."""
    executable = tmp_path / "python"
    executable.write_text(f'#!/bin/sh\nexec {sys.executable} -u -c "$3"\n')
    executable.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(executable))

    def run(code, **environment):
        return program("server", (code,), tmp_path / "log", environment)

    return run


async def never():
    return None


async def test_a_program_is_roomtone_itself(tmp_path):
    async with program("version", ("--version",), tmp_path / "log", {}) as running:
        await running.finish(60)
    assert "roomtone" in (tmp_path / "log").read_text()


async def test_it_gets_its_environment(run, tmp_path):
    async with run("import os; print(os.environ['ROOMTONE_STATE'])", ROOMTONE_STATE="/somewhere") as running:
        await running.finish(60)
    assert (tmp_path / "log").read_text() == "/somewhere\n"


async def test_a_program_that_fails_is_told_with_its_last_words(run):
    code = "import sys; [print('line', n) for n in range(100)]; sys.exit('port 10760 is taken')"
    async with run(code) as running:
        with pytest.raises(RoomtoneError, match="the server ended with status 1") as failed:
            await running.finish(60)
        with pytest.raises(RoomtoneError, match="ended"):
            running.check()
    lines = str(failed.value).splitlines()
    assert lines[-1] == "  server: port 10760 is taken"
    assert len(lines) == 1 + programs.LAST_LINES


async def test_a_program_that_is_killed_is_told_so(run):
    async with run("import os; os.kill(os.getpid(), 9)") as running:
        with pytest.raises(RoomtoneError, match=r"ended by SIGKILL(.|\n)*said nothing"):
            await running.finish(60)


async def test_waiting_ends_when_a_program_does(run):
    async with run("print('no home')") as running:
        with pytest.raises(RoomtoneError, match="no home"):
            await until("the server starts", never, 60, [running])


async def test_waiting_has_an_end(run):
    async with run("import signal; signal.pause()") as running:
        with pytest.raises(RoomtoneError, match="the server starts: not within"):
            await until("the server starts", never, 0.1, [running])
        with pytest.raises(RoomtoneError, match="did not end within"):
            await running.finish(0.1)


async def test_waiting_gives_the_answer():
    answers = iter([None, None, "ready"])

    async def ask():
        return next(answers)

    assert await until("it", ask, 60, []) == "ready"


async def _pid_of_child(path):
    async def written():
        return path.read_text() if path.exists() and path.read_text().endswith("\n") else None

    return int(await until("the child starts", written, 60, []))


@pytest.mark.parametrize("ending", ["in order", "stubborn", "already dead"])
async def test_nobody_is_left_behind(run, tmp_path, monkeypatch, ending):
    """Neither the program, nor what it started."""
    monkeypatch.setattr(programs, "STOP_S", 0.2)
    parent = {
        "in order": "signal.pause()",
        "stubborn": "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: signal.pause()",
        "already dead": "os.kill(os.getpid(), signal.SIGKILL)",
    }[ending]
    code = f"""
import os, signal, subprocess, sys
child = subprocess.Popen(['sleep', '600'])
open('{tmp_path}/pid', 'w').write(f'{{child.pid}}\\n')
{parent}
"""
    async with run(code) as running:
        child = psutil.Process(await _pid_of_child(tmp_path / "pid"))
    assert running.process.returncode is not None
    _, alive = psutil.wait_procs([child], timeout=60)  # killed, and gone when whoever inherited it has seen it
    assert not alive


async def test_ctrl_c_is_not_for_the_children(run):
    async with run("import signal; signal.pause()") as running:
        assert os.getpgid(running.process.pid) != os.getpgid(0)
    assert running.process.returncode == -signal.SIGTERM
