"""PulseAudio on a machine without a sound card: its null sinks and their monitors are faithful to the sample."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from roomtone.errors import DeviceError, EngineMissing
from roomtone_server.bench.programs import until

DEADLINE_S: Final = 20.0

_PROGRAMS: Final = ("pulseaudio", "pactl", "paplay", "parec")
_ALSA_PLUGIN: Final = "alsa-lib/libasound_module_pcm_pulse.so"


@dataclass(frozen=True, slots=True)
class SoundServer:
    """`environment` leads whoever has it to this server, and to no other."""

    environment: Mapping[str, str]
    process: asyncio.subprocess.Process

    @asynccontextmanager
    async def running(
        self, *command: str, stdout: int = subprocess.DEVNULL
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        """A program that finds this server: `paplay` or `parec`, ended at the end."""
        async with _running(*command, environment=self.environment, stdout=stdout) as process:
            yield process

    async def control(self, *command: str) -> None:
        """A command of `pactl`. Raises DeviceError when it does not succeed."""
        async with self.running("pactl", *command) as process:
            if await process.wait():
                raise DeviceError(f"PulseAudio does not take this: pactl {' '.join(command)}")


@asynccontextmanager
async def sound_server(folder: Path, alsa: str, modules: Sequence[str]) -> AsyncIterator[SoundServer]:
    """A server with these modules, its socket in the folder (whose path must be short). `alsa` is ALSA's configuration,
    in place of the machine's own, whose real cards are neither looked for nor opened. Raises EngineMissing where it
    cannot be had, and DeviceError when it does not start."""
    if remedy := missing():
        raise EngineMissing(remedy)
    native, configuration = folder / "native", folder / "asound.conf"
    configuration.write_text(alsa, encoding="utf-8")
    private = dict.fromkeys(("HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "PULSE_RUNTIME_PATH"), str(folder))
    door = f"module-native-protocol-unix socket={native} auth-anonymous=1"
    loaded = (word for module in (door, *modules) for word in ("-L", module))
    command = ("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", *loaded)
    async with _running(*command, environment=private) as process:

        async def answers() -> bool | None:
            if process.returncode is not None:
                raise DeviceError("PulseAudio did not start")
            with suppress(FileNotFoundError, ConnectionRefusedError):
                _, writer = await asyncio.open_unix_connection(str(native))
                writer.close()
                return True
            return None

        await until("PulseAudio starts", answers, DEADLINE_S, [])
        environment = {
            "PULSE_SERVER": f"unix:{native}",
            "PULSE_COOKIE": str(folder / "cookie"),
            "ALSA_CONFIG_PATH": str(configuration),
        }
        yield SoundServer(environment, process)


def missing() -> str | None:
    """What is, and where it is to be had; None when nothing is."""
    if absent := [program for program in _PROGRAMS if shutil.which(program) is None]:
        return f"{', '.join(absent)} not installed; on Debian: apt install pulseaudio pulseaudio-utils"
    if not any(next(Path("/usr").glob(folder + _ALSA_PLUGIN), None) for folder in ("lib*/", "lib/*/")):
        return "ALSA does not know PulseAudio; on Debian: apt install libasound2-plugins"
    return None


@asynccontextmanager
async def _running(
    *command: str, environment: Mapping[str, str], stdout: int = subprocess.DEVNULL
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
