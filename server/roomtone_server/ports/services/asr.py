"""Speech to text: an utterance is heard as a satellite's is, and ended by our own endpointing.

The transcript goes out before the client says that its audio is over, and it need not say so. Partials are sent as
`transcript-chunk`, each the whole of what has been understood so far.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Final, Literal

from pydantic import BaseModel, Field
from wyoming.asr import Transcript, TranscriptChunk
from wyoming.event import Event

from roomtone.errors import LinkError
from roomtone_server.agent.base import Request
from roomtone_server.engines.base import HearingRequest
from roomtone_server.engines.base import Transcript as Heard
from roomtone_server.languages.codes import best_code
from roomtone_server.ports.services.clients import Clients
from roomtone_server.ports.services.exchange import Exchange, Refused, understood
from roomtone_server.ports.services.sound import Intake
from roomtone_server.runtime.anticipation import Anticipated, Anticipation
from roomtone_server.runtime.dictation import Dictation, DictationRequest, Dictations
from roomtone_server.settings import SCALES

MAX_TERMS: Final = 1000  # guards the recogniser; the codec has bounded their length

Terms = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=MAX_TERMS)]


class _Transcribe(BaseModel):
    name: str | None = None
    language: str | None = None
    vad_sensitivity: Literal["default", "relaxed", "aggressive"] | None = None
    transcript_names: Terms | None = None
    transcript_terms: Terms | None = None


class Asr:
    """Serves `transcribe`."""

    def __init__(
        self,
        dictations: Dictations,
        anticipation: Anticipation,
        clients: Clients,
        *,
        models: Sequence[str],
        languages: Sequence[str],
        usual_language: str,
        endpointing: bool,
    ) -> None:
        """`usual_language` is heard when none is asked for."""
        self._dictations = dictations
        self._anticipation = anticipation
        self._clients = clients
        self._models = models
        self._languages = languages
        self._usual_language = usual_language
        self._endpointing = endpointing

    async def transcribe(self, exchange: Exchange, event: Event) -> None:
        """Hears the utterance that follows. Raises Refused, EngineError, LinkError."""
        client = self._clients.of(exchange.host)
        asked = self._understood(event, client.wake_phrase())

        def expect(text: str, language: str) -> Anticipated:
            return self._anticipation.begin(
                Request(text, language, area=client.area, conversation=client.expected()), client.voice
            )

        def show(text: str) -> None:
            with suppress(LinkError):  # whoever reads from the client is told that it left
                exchange.send(TranscriptChunk(text).event())

        async with self._dictations.hearing(asked, expect, show) as dictation:
            heard = await _heard(exchange, dictation)
        exchange.send(Transcript(heard.text, language=heard.language or None).event())
        await exchange.flush()

    def _understood(self, event: Event, wake_phrase: str) -> DictationRequest:
        asked = understood(event, _Transcribe)
        if asked.name and asked.name not in self._models:
            raise Refused(f"there is no model {asked.name!r}; there are: {', '.join(self._models)}", "unknown-model")
        language = self._usual_language
        if asked.language and asked.language != language:
            found = best_code(self._languages, asked.language)
            if found is None:
                known = ", ".join(self._languages)
                raise Refused(f"{asked.language!r} is not heard here; this server hears: {known}", "unknown-language")
            language = found
        hearing = HearingRequest(
            language,
            wake_phrase,
            names=tuple(asked.transcript_names or ()),
            terms=tuple(asked.transcript_terms or ()),
        )
        scale = SCALES[asked.vad_sensitivity] if asked.vad_sensitivity else None
        return DictationRequest(hearing, scale, ends_itself=self._endpointing)


async def _heard(exchange: Exchange, dictation: Dictation) -> Heard:
    """What was said; the client's audio is taken until that is known."""
    async with asyncio.TaskGroup() as tasks:
        feeding = tasks.create_task(_feed(exchange, dictation), name="services: audio")
        heard = await dictation.transcript()
        feeding.cancel()
    return heard


async def _feed(exchange: Exchange, dictation: Dictation) -> None:
    intake = Intake()
    while (event := await exchange.receive()).type != "audio-stop":
        if event.type == "audio-chunk":
            await dictation.take(intake.take(event))
    dictation.finish()
