"""The server's image: what is in it, and that it runs a whole turn without root, on a file system that is read only."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BUILD_TOOLS = ("gcc", "cc", "ld", "as", "make", "pip", "pip3", "dpkg-buildpackage")


@pytest.fixture(scope="module")
def image(store, base):
    return store.build("server", BASE=base)


@pytest.fixture
def container(store, image):
    with store.container(image) as container:
        yield container


def test_it_needs_no_root_and_brings_no_build_tools(container):
    assert container.user != 0
    assert container.run("id", "--user").stdout.strip() == str(container.user)
    for folder in ("/", "/opt/roomtone", "/etc"):
        assert "Read-only file system" in container.run("touch", f"{folder}/x").stdout
    looked_for = "; ".join(f"command -v {tool}" for tool in BUILD_TOOLS)
    assert container.run("sh", "-c", looked_for).stdout == ""
    assert container.run("python", "-m", "pip").returncode != 0


def test_the_demo_runs_in_it(container):
    shown = container.run("roomtone", "demo", "--text", "turn on the kitchen light", "--json")
    assert shown.returncode == 0, shown.stdout
    turn = json.loads(shown.stdout[shown.stdout.index("{") :])
    assert turn["transcript"] == "turn on the kitchen light"
    assert turn["v2v_ms"] > 0


def test_its_health_check_follows_the_server(container):
    assert not container.is_healthy()
    with container.started() as server:
        for line in server.stdout:
            if "ready: satellites connect to port 10760" in line:
                break
        assert container.is_healthy()
        assert container.stop(server) == 0
    assert not container.is_healthy()


def test_every_engine_that_it_promises_can_work(container):
    found = json.loads(container.run("roomtone", "doctor", "--json").stdout)
    cannot = {finding["subject"]: finding["remedy"] for finding in found if finding["text"] == "cannot work here"}
    lacking = {subject for subject, remedy in cannot.items() if "pip install" in remedy}
    assert lacking <= {"stt engine deepgram", "wake engine openwakeword"}, cannot


def test_all_that_the_packages_hold_was_installed(container):
    """Data files too: the wheel is built from this tree."""
    (installed,) = container.root.glob("opt/roomtone/lib/python3.*/site-packages")
    for package in (ROOT / "core/roomtone", ROOT / "satellite/roomtone_satellite", ROOT / "server/roomtone_server"):
        assert files(installed / package.name) == files(package)


def files(folder):
    return {
        path.relative_to(folder) for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
    }
