"""A satellite's devices as a test plays them: frames when the test says so, words where it says so."""

import asyncio
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.server_end import ServerEnd

from roomtone.ears.base import WakeDetection
from roomtone.ears.formats import FRAME_BYTES, FRAME_SAMPLES
from roomtone.link.stream import Link
from roomtone_satellite.connection import Connection
from roomtone_satellite.devices.null import NullSpeaker, NullSpeakerSettings
from roomtone_satellite.runtime import Parts, Satellite
from roomtone_satellite.settings import SatelliteSettings, ServerSettings

WORD = b"\x39\x30" * FRAME_SAMPLES  # the frame that the scripted wake engine knows


def frame(value: int) -> bytes:
    """A frame that can be told from others."""
    return array("h", [value] * FRAME_SAMPLES).tobytes()


class HandMicrophone:
    """Hears what the test puts in."""

    def __init__(self) -> None:
        self._frames: asyncio.Queue[bytes | Exception] = asyncio.Queue()
        self.opened = 0
        self.eager = False

    def hear(self, *frames: bytes | Exception) -> None:
        for one in frames:
            self._frames.put_nowait(one)

    async def frames(self):
        self.opened += 1
        while True:
            heard = await self._frames.get()
            try:
                if isinstance(heard, Exception):
                    raise heard
                assert len(heard) == FRAME_BYTES
                yield heard
            finally:
                self._frames.task_done()

    async def has_heard_all(self) -> None:
        await self._frames.join()


class ScriptedWake:
    words = ("okay_nabu",)

    def __init__(self) -> None:
        self.processed = 0
        self.resets = 0

    def process(self, frame: bytes) -> WakeDetection | None:
        self.processed += 1
        return WakeDetection("okay_nabu", "okay nabu", 0.9) if frame == WORD else None

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        pass


class Bench:
    """A satellite on a test's bench, and what it is made of."""

    def __init__(self, server: ServerEnd, speaker=None, wake=None, vad=None, **settings) -> None:
        self.microphone = HandMicrophone()
        self.speaker = speaker or NullSpeaker(NullSpeakerSettings(rate_hz=8_000))
        self.wake = wake or ScriptedWake()
        self.settings = SatelliteSettings(
            name="bench", server=ServerSettings(host="127.0.0.1", port=server.port), **settings
        )
        self.connected = asyncio.Event()
        connection = Connection(self.settings.server, name="bench", area=None)
        parts = Parts(self.microphone, self.speaker, self.wake, connection, self.connected, vad=vad)
        self.satellite = Satellite(self.settings, parts)

    async def meet(self, server: ServerEnd) -> Link:
        """The server's link to this satellite, once the satellite knows that it is welcome."""
        link = await server.links.get()
        await self.connected.wait()
        return link

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Bench"]:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.satellite.run(), name="satellite")
            try:
                yield self
            finally:
                task.cancel()
