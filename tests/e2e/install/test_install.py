"""`satellite/install.sh` on a fresh Debian: its satellite hears a command, and may do little else."""

import json
import shutil
import subprocess
import sys
import wave
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from roomtone_server.bench import scene
from roomtone_server.bench.ends import both_ends
from roomtone_server.bench.sound import write_wav
from roomtone_server.bench.turn import Turn
from roomtone_server.ports.control import call_async

CHECKOUT = Path(__file__).parents[3]
UNIT = "roomtone-satellite.service"
TURN_S = 60.0
INSTALL_S = 600.0
MOST_EXPOSED = 25  # tenths, as `systemd-analyze security` counts; a unit that confines nothing has 96
SETTINGS = {
    # The service finds its server first, and only then is there something to hear.
    "microphone": {"device": "wav", "file": "/srv/said.wav", "wait_for_server": True},
    "speaker": {"device": "wav", "file": "/var/lib/roomtone/reply.wav"},
}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(CHECKOUT)]
    subprocess.run(build, check=True, capture_output=True)
    return next(folder.iterdir())


@pytest.fixture
def installer(machine, wheel, recordings):
    """The command, for a machine on which nothing of ours is installed; what it needs lies in /srv."""
    srv = machine.root / "srv"
    shutil.copy(CHECKOUT / "satellite" / "install.sh", srv)
    shutil.copy(wheel, srv)
    said = scene.compose(
        scene.recorded(recordings / "wake" / "hey_mycroft_1.wav"),
        scene.recorded(recordings / "commands" / "en" / "1309fe628b.wav"),
    )
    write_wav(srv / "said.wav", said.sound)
    (srv / "satellite.yaml").write_text(json.dumps(SETTINGS))
    yield ("/srv/install.sh", "--from", f"/srv/{wheel.name}")
    machine.says("/srv/install.sh", "--uninstall", "--purge")


@pytest.fixture
async def server(recordings, folder):
    """A real one, of which the machine knows nothing but what it hears of it in the network."""
    async with both_ends(folder) as ends:
        await ends.start_server(recordings / "home.yaml")
        yield ends


async def code_of(server):
    (answer,) = [answer async for answer in call_async(server.control, "pair")]
    return answer["code"]


async def completes_a_turn(machine, server):
    """The service, started anew, hears a command; it is done, and its answer sounds."""
    async with aclosing(call_async(server.control, "watch", patience_s=TURN_S)) as events:
        assert await anext(events) == {"watching": True}
        machine.says("systemctl", "restart", UNIT)
        turn = Turn()
        while not turn.outcome:
            turn.take(await anext(events))
    assert (turn.transcript, turn.outcome) == ("turn on lights in the kitchen", "answered")
    machine.says("systemctl", "stop", UNIT)
    with wave.open(str(machine.root / "var/lib/roomtone/reply.wav")) as reply:
        assert np.abs(np.frombuffer(reply.readframes(reply.getnframes()), np.int16)).max() > 1000
    machine.says("systemctl", "start", UNIT)


def confined(machine):
    """systemd finds no fault with the unit, and has given it an account of its own and no more than it needs."""
    assert machine.says("systemd-analyze", "verify", f"/etc/systemd/system/{UNIT}") == ""
    machine.says("systemd-analyze", "security", f"--threshold={MOST_EXPOSED}", UNIT)
    process = machine.says("systemctl", "show", "--property=MainPID", "--value", UNIT)
    status = dict(line.split(":\t", 1) for line in machine.says("cat", f"/proc/{process}/status").splitlines())
    ids = {name: machine.says("getent", "group", name).split(":")[2] for name in ("roomtone", "audio")}
    assert machine.says("stat", "--format=%U", f"/proc/{process}") == "roomtone"
    assert set(status["Groups"].split()) == set(ids.values())
    assert (status["NoNewPrivs"], status["Seccomp"], int(status["CapEff"], 16)) == ("1", "2", 0)


@pytest.mark.parametrize("machine", ["bookworm", "trixie"], indirect=True)
async def test_unattended_and_again_and_away(machine, installer, server):
    options = ("--unattended", "--settings", "/srv/satellite.yaml", "--name", "den", "--area", "Kitchen")
    installed = machine.run(*installer, *options, ROOMTONE_CODE=await code_of(server))
    assert installed.returncode == 0, installed.stdout
    await completes_a_turn(machine, server)
    confined(machine)

    kept = ("etc/roomtone/satellite.yaml", "var/lib/roomtone/satellite/credentials.json")
    before = [(machine.root / each).read_text() for each in kept]
    upgraded = machine.run(*installer, "--unattended")
    assert upgraded.returncode == 0, upgraded.stdout
    assert [(machine.root / each).read_text() for each in kept] == before
    assert machine.says("systemctl", "is-active", UNIT) == "active"
    assert "how well it was heard" in machine.says("roomtone-satellite", "try-wake", "--help")

    assert "stay" in machine.says("/srv/install.sh", "--uninstall")
    assert not [path for path in ("opt/roomtone", f"etc/systemd/system/{UNIT}") if (machine.root / path).exists()]
    assert [(machine.root / each).read_text() for each in kept] == before
    assert machine.run("getent", "passwd", "roomtone").returncode == 2


@pytest.mark.parametrize("machine", ["bookworm"], indirect=True)
async def test_at_its_prompts(machine, installer, server):
    async with machine.terminal(*installer, "--settings", "/srv/satellite.yaml") as terminal:
        await terminal.asks("What do people call this satellite?", INSTALL_S)
        terminal.answer("den")
        await terminal.asks("In which area")
        terminal.answer("Kitchen")
        await terminal.asks("1) as now: the file /srv/said.wav")
        terminal.answer()
        await terminal.asks("#")
        await terminal.asks("Take this one?")
        terminal.answer("y")
        await terminal.asks("only hey_mycroft")
        terminal.answer("4")
        await terminal.asks('Heard: "hey mycroft"')
        await terminal.asks("Keep it?")
        terminal.answer()
        await terminal.asks("Who drives it?")
        terminal.answer()
        await terminal.asks("enter the code that it prints")
        terminal.answer("NONSENSE")
        await terminal.asks("enter the code that it prints")
        terminal.answer(await code_of(server))
        await terminal.asks("Paired with")
        assert await terminal.ends(INSTALL_S) == 0, terminal.said
    await completes_a_turn(machine, server)


@pytest.mark.parametrize("machine", ["bookworm"], indirect=True)
@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (("--help",), 0, "--uninstall"),
        (("--juggle",), 2, "there is no option --juggle"),
        (("--name",), 2, "--name needs a value"),
        (("--purge",), 2, "--purge goes with --uninstall"),
        (("--unattended", "--from", "/nowhere"), 2, "there is nothing at /nowhere"),
        ((), 2, "there is no terminal to ask at"),
    ],
)
def test_what_it_is_not_asked_well(machine, installer, options, status, words):
    ended = machine.run("setsid", "--wait", installer[0], *options)
    assert (ended.returncode, words in ended.stdout) == (status, True), ended.stdout
    assert not (machine.root / "opt/roomtone").exists()
