"""Images built by buildah from the real Dockerfile, on a base that debootstrap made; and containers of them.

A container has namespaces of its own, its loopback among them, and a root file system that it cannot write to; what it
runs, as whom, and with which environment is what its image says.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.debian import base

ROOT = Path(__file__).parents[2]
SUITE = "trixie"  # as the Dockerfile's own bases
PATIENCE_S = 900  # with one step of a build: it fetches some 300 MB
_PROGRAMS = {
    "buildah": "buildah",
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "unshare": "util-linux",
}
_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"

# What an engine mounts; the rest stays as it was built. Then it waits, for its processes to be ended with it.
_CONTAINER = r"""
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do touch dev/$device; mount --bind /dev/$device dev/$device; done
mkdir dev/shm
ln -s /proc/self/fd dev/fd
mount -t tmpfs tmpfs dev/shm
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o "mode=700,uid=$2,gid=$2" tmpfs data
mount -o remount,bind,ro .
ip link set lo up
ip route add 224.0.0.0/4 dev lo
exec chroot . /bin/sh -c "echo up; exec sleep infinity"
"""


def missing() -> str | None:
    """Why no image can be built here, and what to do about it."""
    if os.geteuid() != 0:
        return "only root may build on a base of its own"
    if absent := sorted({package for program, package in _PROGRAMS.items() if shutil.which(program) is None}):
        return f"not installed; on Debian: apt install {' '.join(absent)}"
    if subprocess.run(["unshare", "--mount", "--net", "true"], capture_output=True, check=False).returncode:
        return "this machine does not let anybody make namespaces"
    return None


class Store:
    """Where buildah keeps images: some gigabytes, gone when it is closed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pip = _pip_settings(folder)
        self._program = ["buildah", "--root", str(folder / "images"), "--runroot", str(folder / "run")]
        overlaid = [*self._program, "--storage-driver=overlay"]
        if subprocess.run([*overlaid, "images"], capture_output=True, check=False).returncode == 0:
            self._program = overlaid
        else:
            self._program.append("--storage-driver=vfs")  # copies whole images, and works everywhere

    def base(self) -> str:
        """A Debian, as its own project publishes one."""
        container = self._buildah("from", "scratch")
        self._buildah("add", container, str(base(SUITE)), "/")
        return self._committed(container, f"localhost/debian:{SUITE}")

    def with_s6(self, image: str, files: Path) -> str:
        """What stands in for the base of add-ons: s6 as Debian has it, and files for what s6-overlay adds."""
        container = self._buildah("from", image)
        self._buildah(
            "run", container, "--", "sh", "-c", "apt-get update && apt-get install -y --no-install-recommends s6"
        )
        self._buildah("copy", container, str(files), "/")
        self._buildah("config", '--entrypoint=["/init"]', container)
        return self._committed(container, "localhost/s6")

    def build(self, target: str, **arguments: str) -> str:
        """The image of one target of the Dockerfile, with this machine's package index."""
        told = [f"--build-arg={name}={value}" for name, value in arguments.items()]
        mounted = [f"--volume={path}:{at}:ro" for path, at in self._pip.items()]
        name = f"localhost/roomtone-{target}"
        # Docker's format: OCI's has no health check. In layers, so that targets share what they have in common.
        self._buildah(
            "build", "--format=docker", "--layers", f"--target={target}", f"--tag={name}", *told, *mounted, str(ROOT)
        )
        return name

    @contextmanager
    def container(self, image: str) -> Iterator["Container"]:
        name = self._buildah("from", image)
        root = Path(self._buildah("mount", name))
        config = json.loads(self._buildah("inspect", "--type=image", image))["Docker"]["config"]
        users = dict(line.split(":")[0:3:2] for line in (root / "etc/passwd").read_text().splitlines())
        user = int(users[config["User"] or "root"])
        command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", _CONTAINER, "sh"]
        # As an engine does when it makes a container.
        (root / "data").mkdir(exist_ok=True)
        (root / "etc/hosts").write_text("127.0.0.1 localhost supervisor\n")
        with subprocess.Popen([*command, str(root), str(user)], stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == "up\n"
                yield Container(root, _child(process), user, config)
            finally:
                process.kill()
        self._buildah("rm", name)

    def close(self) -> None:
        self._buildah("rm", "--all")
        # It mounts its own folder on itself, and leaves that.
        subprocess.run(["umount", str(self._folder / "images/overlay")], capture_output=True, check=False)
        shutil.rmtree(self._folder)

    def _committed(self, container: str, image: str) -> str:
        self._buildah("commit", "--rm", container, image)
        return image

    def _buildah(self, *arguments: str) -> str:
        """What it prints."""
        done = subprocess.run(
            [*self._program, *arguments],
            env={**os.environ, "BUILDAH_ISOLATION": "chroot"},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, f"buildah {' '.join(arguments)}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return done.stdout.strip()


@dataclass(frozen=True)
class Container:
    root: Path
    init: int  # its first process, as this machine counts
    user: int
    config: Mapping[str, Any]  # as Docker has it: Env, User, Entrypoint, Cmd, Healthcheck, Labels

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """As the image's user; what both streams said is in `stdout`."""
        return subprocess.run(
            self.inside(*command, **environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    @contextmanager
    def started(self, **environment: str) -> Iterator[subprocess.Popen[str]]:
        """What the image starts of itself."""
        command = self.inside(*(self.config["Entrypoint"] or ()), *(self.config["Cmd"] or ()), **environment)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    def stop(self, started: subprocess.Popen[str]) -> int:
        """As an engine does; how it ended."""
        os.kill(_child(started), signal.SIGTERM)
        return started.wait(PATIENCE_S)

    def is_healthy(self) -> bool:
        kind, *command = self.config["Healthcheck"]["Test"]
        assert kind == "CMD"
        return self.run(*command).returncode == 0

    def beside(self, *command: str) -> Sequence[str]:
        """A command of this machine on the container's network."""
        return ["nsenter", f"--target={self.init}", "--net", *command]

    def inside(self, *command: str, **environment: str) -> Sequence[str]:
        variables = [*self.config["Env"], *(f"{name}={value}" for name, value in environment.items())]
        entered = [f"--target={self.init}", "--mount", "--net", "--pid", "--root"]
        as_whom = [f"--setuid={self.user}", f"--setgid={self.user}", f"--wdns={self.config['WorkingDir'] or '/'}"]
        return ["nsenter", *entered, *as_whom, "env", "-i", *variables, *command]


def _child(process: subprocess.Popen[str]) -> int:
    """What `unshare` and `nsenter` started."""
    return int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])


def _pip_settings(folder: Path) -> dict[Path, Path]:
    """This machine's pip settings, and the folders that they name: what to mount where."""
    asked = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True)
    lines = sorted(asked.stdout.splitlines(), key=lambda line: line.startswith(":env:"))  # whose word is the last
    found = (line.partition("=") for line in lines)
    settings = {name.rpartition(".")[2]: value.strip("'") for name, _, value in found}
    conf = folder / "pip.conf"
    conf.write_text("[global]\n" + "".join(f"{name} = {value}\n" for name, value in settings.items()))
    named = [Path(word.removeprefix("file://")) for value in settings.values() for word in value.split()]
    folders = [path.parent if path.name == "simple" else path for path in named if path.is_absolute() and path.exists()]
    return {conf: Path("/etc/pip.conf"), **{path: path for path in (*folders, Path(_CERTIFICATES))}}
