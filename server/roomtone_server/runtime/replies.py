"""What is said again and again is spoken once: "Turned on the light" waits as audio for the next time.

Speculation makes use of the same: a reply that is spoken ahead is found here when it is due, as far as it has come.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

from roomtone.errors import EngineError
from roomtone_server.engines.base import SpeechRequest, TextToSpeech

MAX_KEPT_BYTES: Final = 8 * 1024 * 1024  # a minute and a half of speech at 44.1 kHz
# What is longer is not said again.
MAX_CHARACTERS: Final = 200

_Key = tuple[int, SpeechRequest]


class _Recording:
    """Audio that is being made, or is complete."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.is_complete = False
        self.has_ended = False  # complete, or broken off
        self.grew = asyncio.Event()

    @property
    def size(self) -> int:
        return sum(len(chunk) for chunk in self.chunks)

    async def follow(self) -> AsyncGenerator[bytes, None]:
        """Its chunks from the first, as they come."""
        count = 0
        while True:
            for chunk in self.chunks[count:]:
                count += 1
                yield chunk
            if self.has_ended and count == len(self.chunks):
                return
            if count == len(self.chunks):
                self.grew.clear()
                await self.grew.wait()


class Replies:
    """A `TextToSpeech` that remembers short texts, by voice and language; bounded, the least recently used go first."""

    def __init__(self, tts: TextToSpeech, changes: Callable[[], int] = lambda: 0) -> None:
        """`changes` counts how often another voice took over: what was spoken before is not said again."""
        self._tts = tts
        self._changes = changes
        self._kept: OrderedDict[_Key, _Recording] = OrderedDict()

    @property
    def rate_hz(self) -> int:
        return self._tts.rate_hz

    async def prepare(self, request: SpeechRequest) -> None:
        """Speaks it ahead, for whoever asks next. An engine that fails here will fail, and say so, when it is asked."""
        if self._key(request) in self._kept or len(request.text) > MAX_CHARACTERS:
            return
        try:
            async with aclosing(self._record(request)) as chunks:
                async for _ in chunks:
                    pass
        except EngineError:
            return

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        """As the engine's; raises EngineError."""
        said = 0
        key = self._key(request)
        if (recording := self._kept.get(key)) is not None:
            self._kept.move_to_end(key)
            async with aclosing(recording.follow()) as chunks:
                async for chunk in chunks:
                    said += len(chunk)
                    yield chunk
            if recording.is_complete:
                return
        # Nobody speaks it now, or whoever did broke off.
        speak = self._tts.speak if said or len(request.text) > MAX_CHARACTERS else self._record
        async with aclosing(speak(request)) as chunks:
            async for chunk in chunks:
                if len(chunk) > said:
                    yield chunk[said:]
                said = max(0, said - len(chunk))

    async def _record(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        """Speaks and remembers; what is broken off is forgotten."""
        key = self._key(request)
        recording = self._kept[key] = _Recording()
        try:
            async with aclosing(self._tts.speak(request)) as chunks:
                async for chunk in chunks:
                    recording.chunks.append(chunk)
                    recording.grew.set()
                    yield chunk
            recording.is_complete = True
        finally:
            recording.has_ended = True
            recording.grew.set()
            if not recording.is_complete and self._kept.get(key) is recording:
                del self._kept[key]
        while sum(each.size for each in self._kept.values()) > MAX_KEPT_BYTES:
            self._kept.popitem(last=False)

    def _key(self, request: SpeechRequest) -> _Key:
        return self._changes(), request
