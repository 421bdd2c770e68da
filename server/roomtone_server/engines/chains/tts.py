"""Voices in a chain, at one sample rate.

Where a voice fails before its first sound, the next speaks the text, and nobody hears a difference. Where it fails in
mid-sentence, the next says the sentence from its beginning, after a short pause, as a person does who was interrupted:
how far the words had come cannot be told from the sound, and half a sentence may say the opposite of the whole one.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone_server.engines.base import SpeechRequest, TextToSpeech, Voice
from roomtone_server.engines.chains.chain import Chain
from roomtone_server.engines.tts.chunks import CHUNK_MS, Chunks

PAUSE_CHUNKS: Final = 2  # between a sentence that broke off and the same one again


class TtsChain:
    """A `TextToSpeech`. `voices` are those of the first that tells; a voice that a request names is one of the first
    engine's, and the others speak with their own."""

    def __init__(self, makers: Mapping[str, Callable[[], TextToSpeech]], patience_s: float) -> None:
        """`patience_s`: to the first sound."""
        self.chain: Final = Chain("tts", makers, patience_s, _start)
        self._rate_hz = 0

    @property
    def rate_hz(self) -> int:
        """That of the first engine that started; what the others say is converted."""
        return self._rate_hz

    async def start(self) -> None:
        await self.chain.start()
        self._rate_hz = self.chain.engines[0].rate_hz

    async def voices(self) -> list[Voice]:
        return await self.chain.ask(lambda engine: engine.voices())

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        has_sounded = False
        for attempt in self.chain.attempts():
            with attempt:
                if has_sounded:
                    for _ in range(PAUSE_CHUNKS):
                        yield bytes(self._rate_hz * CHUNK_MS // 1000 * SAMPLE_BYTES)
                async with aclosing(attempt.stream(self._spoken(attempt.engine, request))) as chunks:
                    async for chunk in chunks:
                        has_sounded = True
                        yield chunk
                return

    async def close(self) -> None:
        await self.chain.close()

    async def _spoken(self, engine: TextToSpeech, request: SpeechRequest) -> AsyncGenerator[bytes, None]:
        """What one engine says, at the chain's rate."""
        if engine is not self.chain.members[0].engine:
            request = replace(request, voice="")
        sound = Chunks(self._rate_hz, engine.rate_hz) if engine.rate_hz != self._rate_hz else None
        async with aclosing(engine.speak(request)) as chunks:
            async for chunk in chunks:
                for converted in [chunk] if sound is None else sound.feed(chunk):
                    yield converted
        for converted in [] if sound is None else sound.finish():
            yield converted


async def _start(engine: TextToSpeech) -> None:
    await engine.start()
