"""Engines that cost nothing, for figures of what is around them."""

import asyncio
from collections.abc import AsyncGenerator

from roomtone.ears.formats import FRAME_BYTES
from roomtone_server.agent.base import Due, Finished, Intent, Prepared, ReplyPart, Request, Said
from roomtone_server.engines.base import HearingRequest, Partial, SpeechRequest, Transcript, Voice

TEXT = "turn on the light"
REPLY_RATE_HZ = 22_050
REPLY_CHUNKS = 10  # of 100 ms
SILENCE = bytes(FRAME_BYTES)


class NullVad:
    """Anything but digital silence is a voice."""

    def process(self, frame: bytes) -> float:
        return 0.0 if frame == SILENCE else 1.0

    def reset(self) -> None:
        pass


class NullHearing:
    """Everybody says the same."""

    def __init__(self) -> None:
        self._over = asyncio.Event()

    async def feed(self, pcm: bytes) -> None:
        pass

    async def partials(self) -> AsyncGenerator[Partial, None]:
        yield Partial(TEXT, 0)
        await self._over.wait()

    async def preview(self) -> Transcript:
        return Transcript(TEXT)

    async def finish(self) -> Transcript:
        self._over.set()
        return Transcript(TEXT)

    async def close(self) -> None:
        self._over.set()


class NullStt:
    async def start(self) -> None:
        pass

    async def learn(self, vocabulary: object) -> list[str]:  # noqa: ARG002 - the Protocol's
        return []

    async def hear(self, request: HearingRequest) -> NullHearing:  # noqa: ARG002 - the Protocol's
        return NullHearing()

    async def close(self) -> None:
        pass


class NullTts:
    rate_hz = REPLY_RATE_HZ

    async def start(self) -> None:
        pass

    async def voices(self) -> list[Voice]:
        return []

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:  # noqa: ARG002 - the Protocol's
        for _ in range(REPLY_CHUNKS):
            yield b"\x40\x1f" * (REPLY_RATE_HZ // 10)

    async def close(self) -> None:
        pass


class NullAgent:
    async def start(self) -> None:
        pass

    async def prepare(self, request: Request) -> Prepared:
        return Prepared(request, Intent("HassTurnOn", {}), speculative=True, reply="Turned on the light")

    async def think_ahead(self, prepared: Prepared) -> None:
        pass

    async def commit(self, prepared: Prepared) -> AsyncGenerator[ReplyPart, None]:
        yield Said(prepared.reply or "")
        yield Finished(understood=True)

    async def due(self) -> AsyncGenerator[Due, None]:
        await asyncio.Event().wait()
        yield Due("", "")

    async def close(self) -> None:
        pass
