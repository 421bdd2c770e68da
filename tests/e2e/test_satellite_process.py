"""`roomtone satellite` as a process of its own: what it imports, where it listens, how it ends."""

import asyncio
import json
import signal
import subprocess
import sys
import wave
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from support.command_line import ROOMTONE, Ended, roomtone
from support.server_end import ServerEnd, say, serving, speak

from roomtone.link.events import Heard, Played, Released, Reply, Wake
from roomtone_satellite.connection import credentials_path

HEAVY = ["roomtone_server", "cryptography", "aiohttp", "hassil", "jinja2", "pocketsphinx", "soxr", "rich"]


def settings(tmp_path: Path, **values) -> Path:
    path = tmp_path / "satellite.yaml"
    path.write_text(json.dumps({"microphone": "null", "speaker": "null", **values}))
    return path


@asynccontextmanager
async def running(*arguments: object):
    """The process, and its standard error line by line; ended with SIGTERM, which it must take with status 0."""
    process = await asyncio.create_subprocess_exec(ROOMTONE, "satellite", *arguments, stderr=subprocess.PIPE)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        await process.communicate()
    assert process.returncode == 0


async def line_with(process: asyncio.subprocess.Process, text: str) -> str:
    while text not in (line := (await process.stderr.readline()).decode()):
        assert line, f"it ended without a word of {text!r}"
    return line


async def pair(server: ServerEnd, *options: str, code: str = "") -> Ended:
    """With the code that the server shows, unless with another."""
    address = ("--host", "127.0.0.1", "--port", str(server.port))
    return await roomtone("satellite", "pair", code or str(server.code()), *address, *options)


async def test_paired_and_connected_it_listens_on_nothing_and_ends_on_a_signal(tmp_path):
    async with serving(tmp_path / "server") as server:
        status, said, _ = await pair(server, "--name", "den")
        assert (status, said.split(";")[0]) == (0, "Paired with test server at 127.0.0.1")
        assert credentials_path().stat().st_mode & 0o777 == 0o600
        config = settings(tmp_path, server={"host": "127.0.0.1", "port": server.port})
        async with running("--config", config) as process:
            await server.links.get()
            await line_with(process, "connected to test server")
            family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
            sockets = [socket for one in family for socket in one.net_connections(kind="inet")]
            assert [socket.status for socket in sockets] == [psutil.CONN_ESTABLISHED]
            assert [socket.raddr.port for socket in sockets] == [server.port]


async def test_a_wrong_code_is_refused_and_nothing_is_kept(tmp_path):
    async with serving(tmp_path / "server") as server:
        server.window.open(asyncio.get_running_loop().time())
        code = str(server.code())
        server.window.open(asyncio.get_running_loop().time())
        status, _, said = await pair(server, code=code)
    assert status == 1
    assert said.count("\n") == 1
    assert "roomtone pair" in said
    assert not credentials_path().exists()


async def test_unpaired_it_says_what_to_do(tmp_path):
    async with running("--config", settings(tmp_path)) as process:
        said = await line_with(process, "not paired")
        assert "run `roomtone pair` on the server, then `roomtone satellite pair CODE` here" in said


@pytest.mark.parametrize(
    ("device", "says"),
    [
        ({"device": "wav", "file": "/no/such.wav"}, "the microphone's file /no/such.wav cannot be read"),
        ({"device": "command", "command": "/no/such/program"}, "the microphone's program '/no/such/program'"),
    ],
)
async def test_a_device_that_is_missing_ends_it_with_one_line(tmp_path, device, says):
    config = settings(tmp_path, microphone=device, log_level="error")
    status, _, err = await roomtone("satellite", "--config", config)
    assert status == 1
    said = [line for line in err.splitlines() if "not paired" not in line]
    assert len(said) == 1
    assert says in said[0]


@pytest.mark.parametrize("code", ["nonsense!", "ABC", ""])
async def test_a_mistyped_code_is_one_line(code):
    status, _, said = await roomtone("satellite", "pair", code)
    assert status == 1
    assert said.count("\n") == 1


async def test_its_button_and_its_mute_are_signals(tmp_path):
    async with serving(tmp_path / "server") as server:
        await pair(server)
        config = settings(tmp_path, server={"host": "127.0.0.1", "port": server.port}, button="hold")
        async with running("--config", config) as process:
            await server.links.get()
            await line_with(process, "connected to")
            process.send_signal(signal.SIGUSR2)
            wake = await server.next(Wake)
            assert (wake.name, wake.held) == ("", True)
            process.send_signal(signal.SIGRTMIN)
            assert await server.next(Released) == Released(wake.turn)
            process.send_signal(signal.SIGUSR1)
            await line_with(process, "muted")


def test_it_imports_nothing_of_the_server_s():
    program = (
        "import sys, roomtone_satellite.service, roomtone_satellite.checks, roomtone_satellite.commands;"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


async def test_its_help_and_its_settings_in_effect(tmp_path):
    for arguments in (["--help"], ["pair", "--help"]):
        status, out, _ = await roomtone("satellite", *arguments)
        assert status == 0
        assert "Exit status:" in out
    config = settings(tmp_path, preroll_ms=300)
    status, out, _ = await roomtone("satellite", "--config", config, "--area", "Den", "--print-config")
    assert status == 0
    assert "preroll_ms: 300" in out
    assert "area: Den" in out


async def test_a_recorded_wake_word_is_answered_into_a_file_whose_times_are_known(tmp_path, recordings):
    files = {name: tmp_path / name for name in ("reply.wav", "spoken.jsonl", "heard.json")}
    microphone = {
        "device": "wav",
        "file": str(recordings / "wake" / "okay_nabu_2.wav"),
        "wait_for_server": True,
        "timeline": str(files["heard.json"]),
    }
    speaker = {"device": "wav", "file": str(files["reply.wav"]), "timeline": str(files["spoken.jsonl"])}
    async with serving(tmp_path / "server") as server:
        await pair(server)
        address = {"host": "127.0.0.1", "port": server.port}
        config = settings(tmp_path, server=address, microphone=microphone, speaker=speaker, chimes={"awake": False})
        async with running("--config", config):
            link = await server.links.get()
            wake = await server.next(Wake)
            say(link, Heard(wake.turn), Reply(wake.turn, "yes"))
            speak(link, b"\x07\x00" * 22_050, 22_050)
            while not (played := await server.next(Played)).done:
                pass
    assert wake.name == "okay_nabu"
    assert played.samples == 22_050
    with wave.open(str(files["reply.wav"])) as file:
        assert (file.getframerate(), file.getnframes()) == (22_050, 22_050)
    heard = json.loads(files["heard.json"].read_text())
    spoken = [json.loads(line) for line in files["spoken.jsonl"].read_text().splitlines()]
    assert {line["turn"] for line in spoken} == {wake.turn}
    assert [line["sample"] for line in spoken] == list(range(0, 22_050, 441))
    assert heard["sample"] < wake.sample
    assert heard["at_ns"] < spoken[0]["at_ns"] < spoken[-1]["at_ns"]
