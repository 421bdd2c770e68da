"""A recogniser, a voice, wake words and an agent behind one plain Wyoming port, each of which does what a test says.

They speak as Home Assistant is known to ask: one connection for each transaction.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.handle import Handled
from wyoming.info import (
    AsrModel,
    AsrProgram,
    Attribution,
    Describe,
    HandleModel,
    HandleProgram,
    Info,
    TtsProgram,
    TtsVoice,
    WakeModel,
    WakeProgram,
)
from wyoming.tts import Synthesize
from wyoming.wake import Detect, Detection

from roomtone.errors import PeerGone
from roomtone.link.allow import AllowList
from roomtone.link.stream import Deadlines, Link, serve_plain

NOBODY = Attribution("nobody", "")
RATE_HZ = 16_000
REPLY_HZ = 16_000  # other than what Home Assistant sends on
WAKE_WORD = "okay_nabu"
_ABOUT = {"attribution": NOBODY, "installed": True, "description": None, "version": "1"}


def _loud(pcm: bytes) -> bool:
    return pcm.count(0) < len(pcm) // 2


@dataclass
class SpokenServices:
    """Any loud sound is a wake word, or an utterance that lasts until `utterance_s` of it were heard."""

    text: str = "turn on the kitchen lights"
    utterance_s: float = 0.5
    reply_s: float = 0.5  # of sound, for whatever is said
    port: int = 0
    heard: asyncio.Queue[tuple[str, bytes]] = field(default_factory=asyncio.Queue)  # what went to the recogniser
    spoken: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    listening: asyncio.Event = field(default_factory=asyncio.Event)

    def info(self) -> Event:
        return Info(
            asr=[AsrProgram("test ears", models=[AsrModel("any", languages=["en"], **_ABOUT)], **_ABOUT)],
            tts=[TtsProgram("test voice", voices=[TtsVoice("any", languages=["en"], **_ABOUT)], **_ABOUT)],
            wake=[
                WakeProgram(
                    "test wake",
                    models=[WakeModel(WAKE_WORD, languages=["en"], phrase="okay nabu", **_ABOUT)],
                    **_ABOUT,
                )
            ],
            handle=[HandleProgram("test agent", models=[HandleModel("any", languages=["en"], **_ABOUT)], **_ABOUT)],
        ).event()

    async def talk(self, link: Link) -> None:
        transactions: dict[str, Callable[[Link, Event], Awaitable[None]]] = {
            Describe().event().type: self._describe,
            Transcribe().event().type: self._transcribe,
            Synthesize("").event().type: self._speak,
            Detect().event().type: self._detect,
            Transcript("").event().type: self._answer,
        }
        with suppress(PeerGone):
            while True:
                event = await link.receive()
                if transaction := transactions.get(event.type):
                    await transaction(link, event)

    async def _describe(self, link: Link, _: Event) -> None:
        info = self.info()
        for program in info.data["asr"]:
            program["requires_external_vad"] = False
        link.send(info)

    async def _transcribe(self, link: Link, _: Event) -> None:
        pcm = bytearray()
        self.listening.set()
        try:
            async for chunk in _audio(link):
                if pcm or _loud(chunk):
                    pcm += chunk
                if len(pcm) >= self.utterance_s * RATE_HZ * 2:
                    break
        finally:
            self.listening.clear()
            self.heard.put_nowait(("whole" if len(pcm) >= self.utterance_s * RATE_HZ * 2 else "cut", bytes(pcm)))
        link.send(Transcript(self.text if pcm else "").event())

    async def _detect(self, link: Link, _: Event) -> None:
        async for chunk in _audio(link):
            if _loud(chunk):
                link.send(Detection(WAKE_WORD).event())
                return

    async def _answer(self, link: Link, event: Event) -> None:
        await self.may_answer.wait()
        text = Transcript.from_event(event).text
        link.send(Handled(f"heard {text}").event() if text else Error("nothing to answer").event())

    async def _speak(self, link: Link, event: Event) -> None:
        self.spoken.put_nowait(Synthesize.from_event(event).text)
        link.send(AudioStart(REPLY_HZ, 2, 1).event())
        for _ in range(round(self.reply_s * 50)):
            link.send(AudioChunk(REPLY_HZ, 2, 1, b"\x00\x08" * (REPLY_HZ // 50)).event())
        link.send(AudioStop().event())


async def _audio(link: Link) -> AsyncIterator[bytes]:
    while not AudioStop.is_type((event := await link.receive()).type):
        if AudioChunk.is_type(event.type):
            yield AudioChunk.from_event(event).audio


@asynccontextmanager
async def spoken_services(network: str) -> AsyncIterator[SpokenServices]:
    """Served for the peers of a network."""
    services = SpokenServices()
    services.may_answer.set()
    patient = Deadlines(read_s=60, write_s=60)
    async with serve_plain(
        services.talk, 0, AllowList([network], setting="home_assistant.allow"), deadlines=patient
    ) as server:
        services.port = server.port
        yield services
