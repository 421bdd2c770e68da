"""Announcements that somebody else speaks: their audio takes the voice's place. It is there already, as Home
Assistant's; or comes just now, from another room.
"""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final, Protocol, Self

from roomtone.ears.formats import FRAME_MS, RATE_HZ, SAMPLE_BYTES
from roomtone_server.engines.base import SpeechRequest

_CHUNKS_PER_S = 10
# Of live audio that cannot be sent yet: who hears it is to be no further behind.
MAX_WAITING_FRAMES: Final = 300 // FRAME_MS


class Voice(Protocol):
    """What makes audio of a reply's pieces."""

    @property
    def rate_hz(self) -> int: ...

    def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]: ...


class Recording(str):
    """The text of an announcement, empty where it is not known, with the audio of it (int16, mono). A turn passes texts
    along and never audio, so this travels as a text."""

    __slots__ = ("pcm", "rate_hz", "was_heard")

    pcm: bytes
    rate_hz: int
    was_heard: asyncio.Event

    def __new__(cls, pcm: bytes, rate_hz: int, text: str = "") -> Self:
        recording = super().__new__(cls, text)
        recording.pcm, recording.rate_hz, recording.was_heard = pcm, rate_hz, asyncio.Event()
        return recording

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:  # noqa: ARG002 - a `Voice`'s
        """All of it, whatever is asked for, in chunks of 100 ms."""
        size = self.rate_hz // _CHUNKS_PER_S * SAMPLE_BYTES
        for start in range(0, len(self.pcm), size):
            yield self.pcm[start : start + size]


class Live(str):
    """What somebody says into a satellite just now, as a text for the same reason; it is empty, and nobody keeps the
    audio. Of what waits to be sent the oldest is dropped."""

    __slots__ = ("_frames", "rate_hz")

    rate_hz: int
    _frames: asyncio.Queue[bytes | None]

    def __new__(cls) -> Self:
        live = super().__new__(cls)
        live.rate_hz, live._frames = RATE_HZ, asyncio.Queue(MAX_WAITING_FRAMES)
        return live

    def put(self, frame: bytes | None) -> None:
        """The next audio: 16 kHz, mono, int16; None: that was all."""
        if self._frames.full():
            self._frames.get_nowait()
        self._frames.put_nowait(frame)

    def cut(self) -> None:
        """That was all, and what waits is not sent."""
        while not self._frames.empty():
            self._frames.get_nowait()
        self.put(None)

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:  # noqa: ARG002 - a `Voice`'s
        """Frame by frame, until the end."""
        while (frame := await self._frames.get()) is not None:
            yield frame


Audible = Recording | Live


def voice_of(text: str, tts: Voice) -> Voice:
    """Who speaks a text."""
    return text if isinstance(text, Audible) else tts
