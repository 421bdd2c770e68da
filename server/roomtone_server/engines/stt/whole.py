"""An utterance that is heard as a whole: kept while it comes, transcribed when somebody asks, and without partials."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from roomtone_server.engines.base import Partial, Transcript
from roomtone_server.engines.stt.latest import Latest, Transcribe
from roomtone_server.engines.stt.services import MAX_UTTERANCE_BYTES, SHORTEST_BYTES, ended


class WholeHearing:
    """Behind the Hearing Protocol. A preview that is under way when no audio has come since is the final transcript."""

    def __init__(self, transcribe: Transcribe, forget: Callable[["WholeHearing"], None]) -> None:
        """`forget` is called when it is over, perhaps more than once."""
        self._latest = Latest(transcribe)
        self._forget = forget
        self._pcm = bytearray()
        self._over = asyncio.Event()

    async def feed(self, pcm: bytes) -> None:
        if not self._over.is_set():
            self._pcm += pcm[: MAX_UTTERANCE_BYTES - len(self._pcm)]

    async def partials(self) -> AsyncGenerator[Partial, None]:
        await self._over.wait()
        for partial in list[Partial]():
            yield partial

    async def preview(self) -> Transcript:
        self._check_open()
        return await self._transcript()

    async def finish(self) -> Transcript:
        self._check_open()
        self._over.set()
        try:
            return await self._transcript()
        finally:
            self._forget(self)

    async def close(self) -> None:
        self._over.set()
        self._forget(self)
        await self._latest.close()

    async def _transcript(self) -> Transcript:
        if len(self._pcm) < SHORTEST_BYTES:
            return Transcript("", spoken=False)
        return await self._latest.of(bytes(self._pcm))

    def _check_open(self) -> None:
        if self._over.is_set():
            raise ended()
