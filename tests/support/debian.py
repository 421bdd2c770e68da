"""A fresh Debian, booted: its own systemd, processes and files, in namespaces; the network is this machine's.

The root file system is made once by debootstrap, in ~/.cache/roomtone/debian, and copied for each use.
"""

import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.terminal import Terminal, at_a_terminal

PATIENCE_S = 600  # with one command: what it installs is compiled
BOOT_S = 60
_PROGRAMS = {"debootstrap": "debootstrap", "unshare": "util-linux", "nsenter": "util-linux", "findmnt": "util-linux"}
_INCLUDED = "ca-certificates,systemd,dbus"
_MIRROR = "http://deb.debian.org/debian"
_CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
_ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG": "C.UTF-8",
    "TERM": "dumb",
}

# Mounts what an init wants, and becomes it. Nothing of this machine can be changed from in there but its network.
_BOOT = r"""
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
for device in null zero full random urandom tty; do touch dev/$device; mount --bind /dev/$device dev/$device; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx
mount -t tmpfs tmpfs dev/shm
exec env -i container=test PATH="$PATH" chroot . /lib/systemd/systemd
"""


@dataclass(frozen=True)
class Debian:
    root: Path
    init: int  # its process, as this machine counts

    def run(self, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
        """As root in there; what both streams said is in `stdout`."""
        return subprocess.run(
            self._inside(*command, **environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def says(self, *command: str | Path) -> str:
        """What a command that succeeds says."""
        ended = self.run(*command)
        assert ended.returncode == 0, ended.stdout
        return ended.stdout.strip()

    @asynccontextmanager
    async def terminal(self, *command: str | Path) -> AsyncIterator[Terminal]:
        async with at_a_terminal(*self._inside(*command)) as terminal:
            yield terminal

    def _inside(self, *command: str | Path, **environment: str) -> list[str | Path]:
        variables = [f"{name}={value}" for name, value in (_ENVIRONMENT | environment).items()]
        return ["nsenter", f"--target={self.init}", "--all", "--root", "env", "--chdir=/", "-i", *variables, *command]


def missing() -> str | None:
    """Why there can be no such Debian here, and what to do about it."""
    if os.geteuid() != 0:
        return "only root may boot another system in namespaces"
    if absent := [package for program, package in _PROGRAMS.items() if shutil.which(program) is None]:
        return f"not installed; on Debian: apt install {' '.join(sorted(set(absent)))}"
    if not _cgroups():
        return "this machine has no cgroup2 file system, which systemd needs"
    if subprocess.run(["unshare", "--pid", "--fork", "--cgroup", "true"], capture_output=True, check=False).returncode:
        return "this machine does not let anybody make namespaces"
    return None


@contextmanager
def booted(suite: str, folder: Path) -> Iterator[Debian]:
    """A fresh one of that release (`bookworm`), in a folder that is removed at the end."""
    root = folder / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", str(base(suite)), str(root)], check=True)
    _connect(root)
    group = Path(_cgroups()) / f"roomtone-test-{os.getpid()}"
    group.mkdir()
    command = ["unshare", "--pid", "--fork", "--kill-child", "--mount", "--ipc", "--uts", "--cgroup"]
    into_group = ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', str(group)]
    process = subprocess.Popen([*into_group, *command, "sh", "-c", _BOOT, "sh", str(root)], stdin=subprocess.DEVNULL)
    try:
        debian = Debian(root, _init(process))
        _until(lambda: _is_up(debian), process)
        yield debian
    finally:
        process.kill()  # and with it its child, and so all that its child is the init of
        process.wait()
        _remove(group)
        shutil.rmtree(root)


def base(suite: str) -> Path:
    """Its files, made once; whoever uses them copies them."""
    files = Path.home() / ".cache" / "roomtone" / "debian" / suite
    if not files.is_dir():
        unfinished = files.with_name(f"{suite}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        log = unfinished.with_suffix(".log")
        with log.open("wb") as output:
            command = ["debootstrap", "--variant=minbase", f"--include={_INCLUDED}", suite, str(unfinished), _MIRROR]
            made = subprocess.run(command, stdout=output, stderr=output, check=False)
        assert made.returncode == 0, f"debootstrap failed: see {log}"
        unfinished.rename(files)
    return files


def _connect(root: Path) -> None:
    """It resolves names and trusts certificates as this machine does, whose clock may be ahead of a mirror's."""
    for file in ("etc/resolv.conf", "etc/hosts", _CERTIFICATES):
        shutil.copy(Path("/") / file, root / file)
    (root / "etc/pip.conf").write_text(f"[global]\ncert = /{_CERTIFICATES}\n")
    (root / "etc/apt/apt.conf.d/99-any-time").write_text(
        'Acquire::Check-Valid-Until "false";\nAcquire::Check-Date "false";\n'
    )


def _cgroups() -> str:
    found = subprocess.run(["findmnt", "-nt", "cgroup2", "-o", "TARGET"], capture_output=True, text=True, check=False)
    return found.stdout.partition("\n")[0]


def _init(process: subprocess.Popen[bytes]) -> int:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return int(_until(lambda: children.read_text().split()[:1], process)[0])


def _is_up(debian: Debian) -> bool:
    return debian.run("systemctl", "is-system-running", "--wait").stdout.strip() in ("running", "degraded")


def _until(condition, process=None):
    """Its first answer that says something, while the process lives."""
    deadline = time.monotonic() + BOOT_S
    while not (answer := condition()):
        assert process is None or process.poll() is None, "it did not boot: see above"
        assert time.monotonic() < deadline, f"it has not within {BOOT_S} s"
        time.sleep(0.05)
    return answer


def _remove(group: Path) -> None:
    """A control group whose processes are on their way out, and those below it, the deepest first."""
    _until(lambda: "populated 0" in (group / "cgroup.events").read_text())
    for folder in sorted((each for each in group.rglob("*") if each.is_dir()), reverse=True):
        folder.rmdir()
    group.rmdir()
