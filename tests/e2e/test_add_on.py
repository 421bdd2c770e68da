"""The add-on's service scripts from start to end, on loopback, with a Supervisor that is none.

What s6-overlay brings stands here as shims, and the container's folders are in a folder of the test; nothing else of
the scripts is changed. The image's test runs them as they are.
"""

import asyncio
import contextlib
import json
import os
import shutil
import socket
import stat
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import aiohttp
import click
import pytest
from support.supervisor import HOSTNAME, TOKEN, serving
from wyoming.event import async_read_event, async_write_event
from wyoming.info import Describe, Info

from roomtone.link.discovery import find_servers
from roomtone_server.ports.web.auth.visit import INGRESS_PORT

SERVICE = Path(__file__).parents[2] / "addon/roomtone/rootfs/etc/s6-overlay/s6-rc.d/roomtone"
SHIMS = {
    "with-contenv": 'exec "$@"',
    "s6-setuidgid": 'shift; exec "$@"',
    "install": 'for each in "$@"; do case $each in --*) ;; *) mkdir -p -m 700 "$each" ;; esac; done',
    "chown": ":",
}
PATIENCE_S = 60.0
NAME = f"Add-on {os.getpid()}"  # nobody else's on this network


class Container:
    """The folders of a container, and its one service."""

    def __init__(self, folder: Path, supervisor_url: str = "http://127.0.0.1:9") -> None:
        self.data, self._run, self._command = folder / "data", folder / "run", folder / "command"
        for each in (
            self.data,
            self._run / "s6-linux-init-container-results",
            self._run / "s6/basedir/bin",
            self._command,
        ):
            each.mkdir(parents=True)
        self._shim(self._run / "s6/basedir/bin/halt", "echo halted")
        for name, does in SHIMS.items():
            self._shim(self._command / name, does)
        self.settings = self._run / "roomtone/server.yaml"
        self.environment = {
            "PATH": f"{self._command}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONUNBUFFERED": "1",
            "ROOMTONE_STATE": str(self.data / "state"),
            "ROOMTONE_CACHE": str(self.data / "cache"),
            "ROOMTONE_SERVER_CONFIG": str(self.settings),
            "SUPERVISOR_TOKEN": TOKEN,
            "SUPERVISOR_API": supervisor_url,
        }
        self._scripts = folder / "service"
        shutil.copytree(SERVICE, self._scripts)
        for name in ("run", "finish"):
            script = self._scripts / name
            text = script.read_text().replace("/data", str(self.data)).replace("/run/", f"{self._run}/")
            script.write_text(text.replace("#!/command/", f"#!{self._command}/"))

    def options(self, **options: object) -> None:
        (self.data / "options.json").write_text(json.dumps(options))

    @property
    def exit_code(self) -> str:
        return (self._run / "s6-linux-init-container-results/exitcode").read_text().strip()

    async def start(self, program: str, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            program, *arguments, env=self.environment, stdout=PIPE, stderr=STDOUT, start_new_session=True
        )

    async def script(self, name: str, *arguments: str) -> asyncio.subprocess.Process:
        return await self.start(str(self._scripts / name), *arguments)

    async def ended(self, name: str, *arguments: str) -> tuple[int, str]:
        """Of a script that ends of itself: its exit status, and what it said."""
        process = await self.script(name, *arguments)
        async with asyncio.timeout(PATIENCE_S):
            said, _ = await process.communicate()
        return process.returncode, said.decode()

    @staticmethod
    def _shim(path: Path, does: str) -> None:
        path.write_text(f"#!/bin/sh\n{does}\n")
        path.chmod(0o755)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def is_free(port: int) -> bool:
    try:
        socket.create_server(("0.0.0.0", port)).close()
    except OSError:
        return False
    return True


@contextlib.asynccontextmanager
async def started(container: Container):
    """The service, ready; yields what it has said, and in the end all that it said."""
    service = await container.script("run")
    said = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            async for line in service.stdout:
                said.append(line.decode())
                if "ready: satellites connect" in said[-1]:
                    break
        yield said
    finally:
        if service.returncode is None:
            service.terminate()
        said += [line.decode() async for line in service.stdout]
        click.echo("".join(said))  # shown where the test fails
        assert await service.wait() == 0


async def test_a_full_start(folder):
    if not is_free(INGRESS_PORT):
        pytest.skip(f"port {INGRESS_PORT}, where the Supervisor looks for the page, is another program's here")
    async with serving() as supervisor:
        container = Container(folder, supervisor.url)
        native, services = free_port(), free_port()
        further = f"{{listen: {{port: {native}}}, web: {{enabled: false}}, home_assistant: {{port: {services}}}}}"
        container.options(name=NAME, settings=further)
        supervisor.ports = {f"{native}/tcp": 20760, f"{services}/tcp": None}
        async with started(container) as said:
            async with asyncio.timeout(PATIENCE_S):
                told = await supervisor.discovered.get()
            assert told == {"service": "wyoming", "config": {"uri": f"tcp://{HOSTNAME}:{services}"}}
            assert (await described(services)).handle
            await assert_announced(NAME, ("192.0.2.7", "2001:db8::7"), 20760)
            await assert_page_is_closed_to(others="127.0.0.1")
            assert await is_healthy(container)
        assert not await is_healthy(container)
        assert stat.S_IMODE(container.settings.stat().st_mode) == 0o600
        assert "Traceback" not in "".join(said)


async def test_a_wrong_option_ends_the_add_on_with_its_name(folder):
    container = Container(folder)
    container.options(language="klingon")
    status, said = await container.ended("run")
    assert status == 2
    assert 'language: found "klingon", allowed: one of auto' in said
    assert not container.settings.exists()


async def test_a_wrong_setting_among_the_further_ones_does_too(folder):
    container = Container(folder)
    container.options(settings="{listen: {port: 99999}}")
    status, said = await container.ended("run")
    assert status == 2
    assert "listen.port: found 99999, allowed:" in said


@pytest.mark.parametrize(("arguments", "status"), [(("0", "0"), "0"), (("2", "0"), "2"), (("256", "9"), "137")])
async def test_a_server_that_ends_takes_the_container_with_it(folder, arguments, status):
    container = Container(folder)
    assert await container.ended("finish", *arguments) == (0, "halted\n")
    assert container.exit_code == status


async def is_healthy(container):
    asked = await container.start("roomtone", "health")
    await asked.communicate()
    return asked.returncode == 0


async def described(port: int) -> Info:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        await async_write_event(Describe().event(), writer)
        async with asyncio.timeout(PATIENCE_S):
            return Info.from_event(await async_read_event(reader))
    finally:
        writer.close()
        await writer.wait_closed()


async def assert_announced(name, addresses, port):
    async with asyncio.timeout(PATIENCE_S):
        while not (found := [each for each in await find_servers(1.0) if each.name == name]):
            pass
    assert [(each.hosts, each.port) for each in found] == [(addresses, port)]


async def assert_page_is_closed_to(others):
    async with aiohttp.ClientSession() as session, session.get(f"http://{others}:{INGRESS_PORT}/") as answer:
        assert answer.status == 403
