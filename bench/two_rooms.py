"""Two rooms without hardware, each with a microphone, a speaker, and air between whoever speaks there and the
microphone; and one tape that records all of it by one clock.

All four are channels of one null sink: the tape is its monitor, so that a sample of one and a sample of another, at the
same position, sounded at the same time.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from roomtone.ears.formats import RATE_HZ
from roomtone.ears.level import louder
from roomtone_server.bench.programs import until
from roomtone_server.bench.sound import AUDIBLE_DBFS, Samples, write_wav
from roomtone_server.bench.sound_server import SoundServer, sound_server

TAPE_HZ: Final = 48_000
TAPE_MS: Final = 10  # how late the tape is at most
ECHO_MS: Final = 40  # from the speaker through the room to the microphone, with what the sound server holds back

NATIVE, BROWSER = "native", "browser"
_CHANNELS: Final[Mapping[str, tuple[str, str]]] = {
    NATIVE: ("front-left", "front-right"),
    BROWSER: ("rear-left", "rear-right"),
}
_NAMES: Final = [channel for both in _CHANNELS.values() for channel in both]
_GROWS_S: Final = 20.0

# Whoever asks ALSA for its default device is in the one room, and whoever asks PulseAudio in the other.
_ALSA: Final = f"""
pcm.!default {{ type asym playback.pcm room_speaker capture.pcm room_microphone }}
pcm.room_speaker {{ type pulse device {NATIVE}_speaker }}
pcm.room_microphone {{ type pulse device {NATIVE}_microphone }}
ctl.!default.type pulse
"""


@dataclass(frozen=True, slots=True)
class Take:
    """Something that was said in a room; the tape held so many samples before, and so many when all was over."""

    room: str
    begin: int
    end: int


@dataclass(frozen=True, slots=True)
class Rooms:
    server: SoundServer
    _folder: Path

    @property
    def samples(self) -> int:
        """Of the tape, so far."""
        return self._tape.stat().st_size // (2 * len(_NAMES)) if self._tape.exists() else 0

    async def say(self, room: str, sound: Samples) -> None:
        """Returns when it was said. Raises OSError."""
        wav = self._folder / "said.wav"
        write_wav(wav, sound)
        async with self.server.running("paplay", f"--device={room}_air", str(wav)) as playing:
            await playing.wait()

    async def go_on(self, seconds: float) -> None:
        """Returns when so much more is on the tape. Raises RoomtoneError when nothing comes."""
        enough = self.samples + round(seconds * TAPE_HZ)

        async def recorded() -> bool | None:
            return self.samples > enough or None

        await until("the tape runs", recorded, _GROWS_S, [])

    async def is_heard(self, room: str) -> None:
        """Returns when somebody has opened the room's microphone. Raises RoomtoneError when nobody does."""

        async def running() -> bool | None:
            states = {columns[1]: columns[-1] for columns in await self._list("sources")}
            return states[f"{room}_microphone"] == "RUNNING" or None

        await until(f"somebody listens in the room of the {room} satellite", running, _GROWS_S, [])

    async def let_hear_itself(self, room: str, gain_db: float) -> None:
        """From now on the room's microphone also hears its speaker, by so much louder. Raises DeviceError."""
        ends = f"source={room}_speaker.monitor sink={room}_air"
        await self.server.control("load-module", "module-loopback", f"{ends} latency_msec={ECHO_MS}")
        inputs = await self._list("sink-inputs")
        await self.server.control("set-sink-input-volume", inputs[-1][0], f"{gain_db:+g}dB")

    def speaker_since(self, take: Take, sample: int) -> Samples:
        """What the room's speaker played from when that sample of what was said sounded, at TAPE_HZ; nothing, where it
        was not heard."""
        air, speaker = (self._channel(channel)[take.begin : take.end] for channel in _CHANNELS[take.room])
        said = np.flatnonzero(air)
        return speaker[int(said[0]) + sample * TAPE_HZ // RATE_HZ :] if said.size else speaker[:0]

    async def _list(self, kind: str) -> list[list[str]]:
        """What the sound server has of a kind, in the order in which it came there: its columns, its number first."""
        listing = self.server.running("pactl", "list", "short", kind, stdout=asyncio.subprocess.PIPE)
        async with listing as pactl:
            told, _ = await pactl.communicate()
        return [line.split() for line in told.decode().splitlines()]

    def _channel(self, name: str) -> Samples:
        tape: npt.NDArray[np.int16] = np.memmap(self._tape, np.int16, "r", shape=(self.samples, len(_NAMES)))
        return tape[:, _NAMES.index(name)]

    @property
    def _tape(self) -> Path:
        return self._folder / "tape.raw"


def audible(sound: Samples) -> npt.NDArray[np.intp]:
    """The positions of all samples that can be heard."""
    return np.flatnonzero(louder(sound, AUDIBLE_DBFS))


@asynccontextmanager
async def two_rooms(folder: Path) -> AsyncIterator[Rooms]:
    """The tape runs while they are there. Raises EngineMissing where there is no PulseAudio."""
    layout = ",".join(_NAMES)
    modules = [f"module-null-sink sink_name=house rate={TAPE_HZ} channels={len(_NAMES)} channel_map={layout}"]
    for room, (air, speaker) in _CHANNELS.items():
        one = "channels=1 channel_map=mono remix=no master_channel_map"
        modules += [
            f"module-remap-sink sink_name={room}_air master=house {one}={air}",
            f"module-remap-sink sink_name={room}_speaker master=house {one}={speaker}",
            f"module-remap-source source_name={room}_microphone master=house.monitor {one}={air}",
        ]
    async with sound_server(folder, _ALSA, modules) as server:
        await server.control("set-default-sink", f"{BROWSER}_speaker")
        await server.control("set-default-source", f"{BROWSER}_microphone")
        rooms = Rooms(server, folder)
        audio = ("--raw", "--format=s16le", f"--rate={TAPE_HZ}", f"--channels={len(_NAMES)}", f"--channel-map={layout}")
        tape = ("parec", "--device=house.monitor", f"--latency-msec={TAPE_MS}", *audio, str(folder / "tape.raw"))
        async with server.running(*tape):
            await rooms.go_on(0)
            yield rooms
