"""Text to speech: a whole text at once, or one that comes in pieces and is spoken as it comes."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing

from pydantic import BaseModel
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.tts import SynthesizeStopped

from roomtone.ears.formats import SAMPLE_BYTES
from roomtone_server.engines.base import SpeechRequest
from roomtone_server.languages.codes import best_code
from roomtone_server.ports.services.clients import Clients
from roomtone_server.ports.services.description import DEFAULT_VOICE, OfferedVoice
from roomtone_server.ports.services.exchange import Exchange, Refused, understood
from roomtone_server.runtime.reading import read_aloud
from roomtone_server.runtime.replies import Replies


class _Voice(BaseModel):
    name: str | None = None
    language: str | None = None
    speaker: str | None = None


class _Start(BaseModel):
    voice: _Voice | None = None


class _Text(BaseModel):
    text: str


class _Synthesize(_Start, _Text):
    pass


class Tts:
    """Serves `synthesize` and `synthesize-start`."""

    def __init__(self, replies: Replies, clients: Clients, voices: Mapping[str, OfferedVoice], language: str) -> None:
        """`voices` by name; `language` is spoken when none is asked for."""
        self._replies = replies
        self._clients = clients
        self._voices = voices
        self._language = language

    async def synthesize(self, exchange: Exchange, event: Event) -> None:
        """Speaks a whole text. Raises Refused, EngineError, LinkError."""
        asked = understood(event, _Synthesize)
        await self._speak(exchange, _once(asked.text), self._manner(exchange, asked.voice))

    async def synthesize_as_it_comes(self, exchange: Exchange, event: Event) -> None:
        """Speaks the text of the chunks that follow, until `synthesize-stop`. Raises as above."""
        manner = self._manner(exchange, understood(event, _Start).voice)
        async with aclosing(_chunks(exchange)) as texts:
            await self._speak(exchange, texts, manner)
        exchange.send(SynthesizeStopped().event())
        await exchange.flush()

    async def _speak(self, exchange: Exchange, texts: AsyncIterator[str], manner: SpeechRequest) -> None:
        rate_hz = self._replies.rate_hz
        exchange.send(AudioStart(rate_hz, SAMPLE_BYTES, 1).event())
        async with aclosing(read_aloud(self._replies, texts, manner)) as chunks:
            async for pcm in chunks:
                exchange.send(AudioChunk(rate_hz, SAMPLE_BYTES, 1, pcm).event())
                await exchange.flush()
        exchange.send(AudioStop().event())
        await exchange.flush()

    def _manner(self, exchange: Exchange, asked: _Voice | None) -> SpeechRequest:
        """How it is to be spoken. The client's next reply is likely to be wanted so, too."""
        client = self._clients.of(exchange.host)
        if asked is None or not asked.name:
            client.voice = ""
            return SpeechRequest("", self._language_for(asked.language if asked else None))
        voice = self._voices.get(asked.name)
        if voice is None:
            raise Refused(f"there is no voice {asked.name!r}: the description names those that there are", "no-voice")
        if asked.speaker and asked.speaker not in voice.speakers:
            raise Refused(f"the voice {asked.name!r} has no speaker {asked.speaker!r}", "no-speaker")
        client.voice = "" if asked.name == DEFAULT_VOICE else asked.name
        language = best_code(voice.languages, self._language) or next(iter(voice.languages), self._language)
        return SpeechRequest("", language, client.voice, asked.speaker or "")

    def _language_for(self, asked: str | None) -> str:
        if not asked:
            return self._language
        known = {code for voice in self._voices.values() for code in voice.languages}
        found = best_code(known, asked)
        if known and found is None:
            raise Refused(f"{asked!r} is not spoken here", "unknown-language")
        return found or asked


async def _once(text: str) -> AsyncGenerator[str, None]:
    yield text


async def _chunks(exchange: Exchange) -> AsyncGenerator[str, None]:
    """The whole text follows once more, for who does not know of chunks."""
    while (event := await exchange.receive()).type != "synthesize-stop":
        if event.type == "synthesize-chunk":
            yield understood(event, _Text).text
