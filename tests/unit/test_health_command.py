"""`roomtone health`: what a container's health check learns of a server."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from roomtone import cli
from roomtone_server.ports.control import ControlPort, control_path


async def asked(report, *arguments):
    async def status(_arguments):
        yield report

    async with ControlPort(control_path(), {"status": status}):
        return await asyncio.to_thread(CliRunner().invoke, cli.roomtone, ["health", *arguments])


@pytest.mark.parametrize(("status", "exit_code"), [("ok", 0), ("degraded", 0), ("starting", 1)])
async def test_it_is_well_once_satellites_are_let_in(status, exit_code):
    answer = await asked({"status": status, "faults": {}})
    assert (answer.exit_code, answer.stdout) == (exit_code, f"{status}\n")


async def test_faults_are_told():
    report = {"status": "degraded", "faults": {"discovery": "no multicast here"}}
    assert (await asked(report)).stdout == "degraded; discovery: no multicast here\n"
    assert json.loads((await asked(report, "--json")).stdout) == report


def test_a_server_that_does_not_run_is_not_well():
    answer = CliRunner().invoke(cli.roomtone, ["health"])
    assert answer.exit_code == 1
    assert "no server is running here" in answer.stderr
