"""An announcement that somebody else has spoken already, such as Home Assistant: its audio takes the voice's place."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Protocol, Self

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone_server.engines.base import SpeechRequest

_CHUNKS_PER_S = 10


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


def voice_of(text: str, tts: Voice) -> Voice:
    """Who speaks a text."""
    return text if isinstance(text, Recording) else tts
