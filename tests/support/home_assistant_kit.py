"""The real Home Assistant as a process, alone in a network namespace: started, restarted and stopped by its kit.

The kit is a folder with `home_assistant.sh`, which installs one, starts it with a fresh home, and stops it.
"""

import os
import select
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

BESIDE_THE_CHECKOUT = Path(__file__).parents[3] / "shared" / "home_assistant"
PATIENCE_S = 180  # for a start: four seconds, on a machine that does nothing else
STOP_S = 30


@dataclass(frozen=True)
class Running:
    """A Home Assistant that answers."""

    url: str
    token_file: Path

    @property
    def token(self) -> str:
        return self.token_file.read_text().strip()

    @property
    def host(self) -> str:
        """Its address."""
        host = urlsplit(self.url).hostname
        assert host
        return host

    @property
    def here(self) -> str:
        """The address of this machine that it reaches."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((self.host, 9))  # which sends nothing
            return str(probe.getsockname()[0])

    @property
    def log(self) -> str:
        return self._log_file.read_text(errors="replace")

    @property
    def _log_file(self) -> Path:
        return self.token_file.with_name("ha.log")

    @property
    def _pid_file(self) -> Path:
        return self.token_file.with_name("ha.pid")

    def restart(self) -> None:
        """Ended in order, and started with the home that it has. Returns long before it answers again."""
        process = _Process.of(int(self._pid_file.read_text()))
        process.end()
        # The kit knows it by its process, which must be nobody's child here: whoever stops it does not wait for it.
        script = 'setsid "$@" >>"$LOG" 2>&1 </dev/null & echo $! >"$PID_FILE"'
        files = {"LOG": str(self._log_file), "PID_FILE": str(self._pid_file)}
        subprocess.run(["sh", "-c", script, "sh", *process.command], env=os.environ | files, check=True)


@dataclass(frozen=True)
class _Process:
    """A running process, and the command that would start its like where it runs."""

    pid: int
    command: list[str]

    @classmethod
    def of(cls, pid: int) -> "_Process":
        folder = Path("/proc") / str(pid)
        identified = subprocess.run(["ip", "netns", "identify", str(pid)], capture_output=True, text=True, check=True)
        arguments, environment = (
            (folder / part).read_bytes().rstrip(b"\0").decode().split("\0") for part in ("cmdline", "environ")
        )
        where = ["ip", "netns", "exec", identified.stdout.strip()]
        return cls(pid, [*where, "env", "-i", *environment, "chroot", str((folder / "root").readlink()), *arguments])

    def end(self) -> None:
        process = os.pidfd_open(self.pid)
        try:
            signal.pidfd_send_signal(process, signal.SIGTERM)
            ended, _, _ = select.select([process], [], [], STOP_S)
            assert ended, f"Home Assistant, process {self.pid}, does not end"
        finally:
            os.close(process)


@dataclass(frozen=True)
class Kit:
    folder: Path

    @classmethod
    def chosen(cls) -> "Kit":
        """The one that ROOMTONE_TEST_HOME_ASSISTANT names, else that beside the checkout."""
        named = os.environ.get("ROOMTONE_TEST_HOME_ASSISTANT")
        return cls(Path(named) if named else BESIDE_THE_CHECKOUT)

    @property
    def script(self) -> Path:
        return self.folder / "home_assistant.sh"

    def missing(self) -> str | None:
        """Why no Home Assistant can be started here, and what to do about it."""
        if os.geteuid() != 0:
            return "only root may make network namespaces"
        if not self.script.is_file():
            return f"no {self.script}; ROOMTONE_TEST_HOME_ASSISTANT names the folder of another kit"
        if not shutil.which("ip"):
            return "no `ip`; on Debian: apt install iproute2"
        if subprocess.run(["unshare", "--net", "true"], capture_output=True, check=False).returncode:
            return "this machine does not let anybody make network namespaces"
        home = Path(os.environ.get("HA_HOME") or Path.home() / ".cache/roomtone/home-assistant")
        if not (home / "root/venv/bin/hass").is_file():
            return f"none is installed in {home}; `{self.script} install` does it, as `make test-home-assistant` does"
        return None

    def start(self) -> Running:
        """One with a fresh home, instead of that which runs, if one does."""
        said = self._run("start")
        told = dict(pair.split(": ") for pair in said.splitlines()[-1].split("  "))
        return Running(told["url"], Path(told["token"]))

    def stop(self) -> None:
        self._run("stop")

    def _run(self, what: str) -> str:
        ended = subprocess.run(
            [str(self.script), what], capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
        assert ended.returncode == 0, f"{self.script} {what}: {ended.stdout}{ended.stderr}"
        return ended.stdout
