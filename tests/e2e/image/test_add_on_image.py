"""The add-on's image, run by a real s6 on a Debian: its scripts as they are, and a Supervisor on its network.

The base of add-ons is published elsewhere. What stands in for it has Debian's s6, and what our scripts call of
s6-overlay.
"""

import json
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from support.supervisor import HOSTNAME, TOKEN

ROOT = Path(__file__).parents[3]
VERSION = yaml.safe_load((ROOT / "addon/roomtone/config.yaml").read_text())["version"]
S6_OVERLAY = {
    "command/with-contenv": 'exec "$@"',
    "command/halt": "s6-svscanctl -t /run/service",
    "init": """set -e
mkdir -p /run/service /run/s6/basedir/bin /run/s6-linux-init-container-results
ln -s /command/halt /run/s6/basedir/bin/halt
cp -r /etc/s6-overlay/s6-rc.d/roomtone /run/service/
PATH=/command:$PATH
s6-svscan /run/service
exit "$(cat /run/s6-linux-init-container-results/exitcode)\"""",
}


@pytest.fixture(scope="module")
def image(store, base, tmp_path_factory):
    files = tmp_path_factory.mktemp("s6-overlay")
    for name, does in S6_OVERLAY.items():
        script = files / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#!/bin/sh\n{does}\n")
        script.chmod(0o755)
    return store.build(
        "addon", BASE=base, ADDON_BASE=store.with_s6(base, files), BUILD_ARCH="amd64", BUILD_VERSION=VERSION
    )


@pytest.fixture
def container(store, image):
    with store.container(image) as container:
        yield container


@contextmanager
def supervised(container, **options):
    """The add-on as its Supervisor starts it; yields what it says, and what the Supervisor was told."""
    write = "cat > /data/options.json && chmod 600 /data/options.json"
    subprocess.run(container.inside("sh", "-c", write), input=json.dumps(options), text=True, check=True)
    fake = container.beside(sys.executable, str(ROOT / "tests/support/supervisor.py"), "80")
    with subprocess.Popen(fake, stdout=subprocess.PIPE, text=True, cwd=ROOT / "tests") as supervisor:
        try:
            assert supervisor.stdout.readline() == "up\n"
            with container.started(SUPERVISOR_TOKEN=TOKEN) as service:
                yield service, supervisor.stdout
        finally:
            supervisor.kill()


def until(words, service):
    said = []
    for line in service.stdout:
        said.append(line)
        if words in line:
            return said
    pytest.fail(f"it ended before it said {words!r}:\n{''.join(said)}")


def test_a_full_start(container):
    with supervised(container, name="Attic") as (service, told):
        until("ready: satellites connect to port 10760", service)
        assert json.loads(told.readline()) == {"service": "wyoming", "config": {"uri": f"tcp://{HOSTNAME}:10750"}}
        assert container.is_healthy()
        server = container.run("s6-svstat", "-o", "pid", "/run/service/roomtone").stdout.strip()
        assert container.run("stat", "-c", "%U", f"/proc/{server}").stdout == "roomtone\n"
        secret = container.run("stat", "-c", "%U %a", "/run/roomtone/server.yaml", "/data/state").stdout
        assert secret.split("\n")[:2] == ["roomtone 600", "roomtone 700"]
        container.run("s6-svc", "-k", "/run/service/roomtone")
        assert service.wait() == 137
    assert not container.is_healthy()


def test_an_option_that_cannot_be_ends_it(container):
    with supervised(container, patience="endless") as (service, _told):
        until('patience: found "endless", allowed: one of aggressive, default, relaxed', service)
        assert service.wait() == 2


def test_it_says_what_it_is(container):
    labels = container.config["Labels"]
    assert (labels["io.hass.type"], labels["io.hass.arch"], labels["io.hass.version"]) == ("app", "amd64", VERSION)
