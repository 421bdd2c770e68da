"""An utterance that is heard as a whole, again and again while it grows, so that there are partials."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Final

from typing_extensions import override

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES
from roomtone.errors import EngineError
from roomtone_server.engines.base import Partial, Transcript
from roomtone_server.engines.stt.latest import Transcribe
from roomtone_server.engines.stt.local_agreement import LocalAgreement
from roomtone_server.engines.stt.sphinx.speech import sounds
from roomtone_server.engines.stt.whole import WholeHearing

MS_BYTES: Final = RATE_HZ * SAMPLE_BYTES // 1000
LOOK_MS: Final = 100  # how often it is looked for how far the speech has come
# What is behind the last sound is not transcribed, so that the transcript is the same, and made once, however long the
# silence has lasted when it is asked for. Words end faintly: so chosen, 93 of 95 recorded commands are whole.
FAINT_FROM: Final = 0.25
END_MS: Final = 200
# Somebody who speaks is transcribed when as much more was said, and many times as much as the last time took: what is
# under way when they end delays the transcript.
MIN_GROWTH_MS: Final = 600
GROWTH_PER_DECODING: Final = 4.0


def speech_of(pcm: bytes) -> bytes:
    """An utterance (int16, mono, 16 kHz) to the end of its last sound; empty where nothing stands out of the room."""
    found = sounds(pcm, FAINT_FROM)
    return pcm[: (found[-1].end_ms + END_MS) * MS_BYTES] if found else b""


class GrowingHearing(WholeHearing):
    """Behind the Hearing Protocol. Partials cost as much as transcripts: they are made while somebody listens to them,
    and no more than there is time for. In a pause the whole text is one, and is then the transcript too."""

    def __init__(
        self,
        transcribe: Transcribe,
        forget: Callable[[WholeHearing], None],
        most_bytes: int,
        took_s: Callable[[], float],
    ) -> None:
        """`most_bytes` are heard; `took_s` tells how long the last transcript took."""
        super().__init__(transcribe, forget)
        self._most_bytes = most_bytes
        self._took_s = took_s
        self._came = asyncio.Event()

    @override
    async def feed(self, pcm: bytes) -> None:
        await super().feed(pcm[: max(0, self._most_bytes - len(self._pcm))])
        self._came.set()

    @override
    async def partials(self) -> AsyncGenerator[Partial, None]:
        agreement, shown = LocalAgreement(), ""
        decoded, due = 0, self._next_due(0)
        while (speech := await self._next_speech(decoded, due)) is not None:
            try:
                transcript = await self._latest.of(speech)
            except EngineError:
                if self._over.is_set():
                    return
                raise
            decoded, due = len(speech), self._next_due(len(speech))
            text = agreement.agreed(transcript.text, whole=len(speech) == len(self._speech()))
            if text and text != shown and not self._over.is_set():
                shown = text
                yield Partial(text, len(speech) // SAMPLE_BYTES)

    @override
    async def finish(self) -> Transcript:
        self._came.set()
        return await super().finish()

    @override
    async def close(self) -> None:
        self._came.set()
        await super().close()

    @override
    async def _transcript(self) -> Transcript:
        speech = self._speech()
        return await self._latest.of(speech) if speech else Transcript("", spoken=False)

    async def _next_speech(self, decoded: int, due: int) -> bytes | None:
        """What is worth a partial, once there is such a thing: more than was decoded, and a pause behind it, or as much
        as is due. None when the utterance is over."""
        looked = 0
        while not self._over.is_set():
            if len(self._pcm) >= looked + LOOK_MS * MS_BYTES:
                looked = len(self._pcm)
                speech = self._speech()
                if len(speech) > decoded and (len(speech) < looked or len(speech) >= due):
                    return speech
            await self._came.wait()
            self._came.clear()
        return None

    def _speech(self) -> bytes:
        return speech_of(bytes(self._pcm))

    def _next_due(self, decoded: int) -> int:
        growth_ms = max(MIN_GROWTH_MS, round(1000 * self._took_s() * GROWTH_PER_DECODING))
        return decoded + growth_ms * MS_BYTES
