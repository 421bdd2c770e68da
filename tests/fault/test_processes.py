"""Real processes that die at the worst moment: what is left says so once, and goes on."""

import asyncio
import os
import signal
import socket
import subprocess
from contextlib import aclosing, asynccontextmanager, contextmanager

import psutil
import pytest
from support.command_line import ROOMTONE, roomtone
from support.voice import user_says

from roomtone_server.bench.ends import both_ends
from roomtone_server.bench.scene import WAKE_WORD, compose
from roomtone_server.bench.sound import write_wav
from roomtone_server.ports.control import call_async

pytest.importorskip(
    "espeakng_loader", reason="these tests speak with the embedded voice: pip install 'roomtone[espeak]'"
)

TURN_S = 60.0


@asynccontextmanager
async def a_talkative_room(folder):
    """Both ends, and somebody who says the same command again and again."""
    scene = compose(user_says(WAKE_WORD), user_says("turn on the kitchen light"))
    microphone = folder / "microphone.wav"
    write_wav(microphone, scene.sound)
    satellite = {
        "name": "bench",
        "microphone": {"device": "wav", "file": str(microphone), "then": "repeat"},
        "speaker": {"device": "wav", "file": str(folder / "speaker.wav")},
    }
    async with both_ends(folder) as ends:
        await ends.start_server(None)
        await ends.pair(satellite)
        await ends.start_satellite(satellite)
        yield ends, satellite


async def until(ends, what, **data):
    """Watches until such an event; it."""
    async with asyncio.timeout(TURN_S):
        async with aclosing(call_async(ends.control, "watch", patience_s=TURN_S)) as events:
            async for event in events:
                if event.get("what") == what and data.items() <= event["data"].items():
                    return event
    raise AssertionError(f"no {what} came")


def kill(process_id):
    os.kill(process_id, signal.SIGKILL)


async def test_a_server_that_is_killed_in_mid_reply_is_found_again(tmp_path):
    async with a_talkative_room(tmp_path) as (ends, _):
        await until(ends, "first-audio")
        server = ends.programs.pop(0)
        kill(server.process.pid)
        await server.process.wait()
        await ends.start_server(None)  # with its old certificate, at another port
        assert await until(ends, "ended", outcome="answered")
    assert "Traceback" not in ends.programs[0].log.read_text()


async def test_a_satellite_that_is_killed_in_mid_sentence_is_missed_and_let_in_again(tmp_path):
    async with a_talkative_room(tmp_path) as (ends, satellite):
        lost = asyncio.ensure_future(until(ends, "ended", outcome="lost"))
        await until(ends, "speech-started")
        killed = ends.programs.pop()
        kill(killed.process.pid)
        await lost
        await ends.start_satellite(satellite)
        await until(ends, "ended", outcome="answered")


async def test_a_recogniser_that_is_killed_costs_a_turn_and_no_more(tmp_path):
    async with a_talkative_room(tmp_path) as (ends, _):
        await until(ends, "wake")
        server = psutil.Process(ends.programs[0].process.pid)
        workers = [child for child in server.children(recursive=True) if "sphinx" in " ".join(child.cmdline())]
        assert workers, "the recogniser has a process of its own"
        for worker in workers:
            kill(worker.pid)
        await until(ends, "ended", outcome="answered")


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@contextmanager
def running(*arguments, until):
    """A command that goes on until it is told to end, once it has said such a line; the lines until then."""
    command = [ROOMTONE, *arguments]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            said = []
            for line in process.stderr:
                said.append(line)
                if until in line:
                    break
            yield said
        finally:
            process.terminate()
            process.communicate(timeout=20)
    assert process.returncode == 0


async def test_a_port_in_use(tmp_path, taken_port):
    (tmp_path / "server.yaml").write_text(
        f"web: {{enabled: false}}\nhome_assistant: {{port: 0}}\nlisten: {{host: 127.0.0.1, port: {taken_port}}}"
    )
    status, _, said = await roomtone("server", "--config", str(tmp_path / "server.yaml"))
    assert status == 2
    assert str(taken_port) in said
    assert "Traceback" not in said


async def test_a_web_port_in_use(tmp_path, taken_port):
    (tmp_path / "server.yaml").write_text(
        f"web: {{host: 127.0.0.1, port: {taken_port}}}\nhome_assistant: {{port: 0}}\nlisten: {{port: 0}}"
    )
    status, _, said = await roomtone("server", "--config", str(tmp_path / "server.yaml"))
    assert status == 2
    assert f"port {taken_port}: another program listens there" in said
    assert "Traceback" not in said


async def test_a_home_with_an_entity_in_an_unknown_area(tmp_path):
    (tmp_path / "home.yaml").write_text(
        'areas: [{name: Kitchen}]\nentities:\n  - {id: light.a, name: Lamp, area: Kichen, state: "off"}\n'
    )
    (tmp_path / "server.yaml").write_text(
        f"web: {{enabled: false}}\nhome_assistant: {{port: 0}}\nhome: {{engine: virtual, file: {tmp_path}/home.yaml}}"
    )
    status, _, said = await roomtone("server", "--config", str(tmp_path / "server.yaml"))
    assert status == 1
    assert "Kichen" in said
    assert "home.yaml" in said
    assert "Traceback" not in said


async def test_a_settings_error_names_its_line(tmp_path):
    (tmp_path / "server.yaml").write_text("name: attic\nlisten: {port: many}\n")
    status, _, said = await roomtone("server", "--config", str(tmp_path / "server.yaml"))
    assert status == 2
    assert "server.yaml:2: listen.port" in said


def test_a_satellite_that_was_never_paired_says_what_to_do(tmp_path):
    (tmp_path / "satellite.yaml").write_text('microphone: {device: "null"}\nspeaker: {device: "null"}\n')
    with running("satellite", "--config", str(tmp_path / "satellite.yaml"), until="not paired") as said:
        assert "`roomtone pair` on the server" in said[-1]
    assert "Traceback" not in "".join(said)


async def test_a_microphone_that_is_no_wav_file(tmp_path):
    (tmp_path / "noise.wav").write_bytes(b"this is no sound")
    status, _, said = await roomtone("demo", "--wav", str(tmp_path / "noise.wav"), "--out", str(tmp_path / "reply.wav"))
    assert status == 2
    assert "noise.wav" in said
    assert "Traceback" not in said


async def test_a_second_server_in_the_same_folder(tmp_path):
    (tmp_path / "server.yaml").write_text(
        "web: {enabled: false}\nhome_assistant: {port: 0}\nlisten: {host: 127.0.0.1, port: 0}\ndiscovery: false\n"
    )
    arguments = ("server", "--config", str(tmp_path / "server.yaml"))
    with running(*arguments, until="ready"):
        status, _, said = await roomtone(*arguments)
    assert status == 1
    assert "already running" in said
