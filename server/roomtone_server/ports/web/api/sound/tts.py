"""`POST /api/tts/generate`: a text, spoken."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from http import HTTPStatus
from typing import Final

from aiohttp import web

from roomtone import extras
from roomtone_server.engines.base import SpeechRequest, TextToSpeech
from roomtone_server.ports.web.api.endpoint import NOT_KEPT, AnyEndpoint, Call, Endpoint, Media, any_of
from roomtone_server.ports.web.api.requests import Generate, NoParameters
from roomtone_server.ports.web.api.sound.encoding import MEDIA_TYPES, Format, encoder, needs_av
from roomtone_server.ports.web.problems import Problem
from roomtone_server.runtime.speaking import pieces_of

MAX_AT_ONCE: Final = 4  # guards the voice, which speaks to rooms too
WRITE_S: Final = 30.0  # for a client that no longer reads

WITHOUT_AV: Final = "This needs PyAV, which is not installed: the problem says how to."


def tts_endpoints(tts: TextToSpeech, first_language: str) -> Sequence[AnyEndpoint]:
    return any_of(
        Endpoint(
            "POST",
            "/api/tts/generate",
            "speak",
            "Speak a text: sound, as it is made",
            _Speaking(tts, first_language).generate,
            body=Generate,
            answer=Media(tuple(MEDIA_TYPES.values())),
            refusals={
                404: "There is no such voice or language here.",
                429: "The voice is asked for too much at once.",
                501: WITHOUT_AV,
                503: "The voice's engine does not answer now.",
            },
        )
    )


class _Speaking:
    def __init__(self, tts: TextToSpeech, first_language: str) -> None:
        self._tts = tts
        self._first_language = first_language
        self._at_once = 0

    async def generate(self, call: Call[NoParameters, Generate]) -> web.StreamResponse:
        """Ends with its client: who does not read to the end keeps no voice from others."""
        asked = call.body
        format_ = asked.format or _accepted(call.request)
        if needs_av(format_, asked.speed):
            check_av()
        if self._at_once >= MAX_AT_ONCE:
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "Too much at once", headers={"Retry-After": "5"})
        self._at_once += 1
        try:
            await self._check_voice(asked)
            async with aclosing(self._encoded(asked, format_)) as sound:
                return await _sent(call.request, MEDIA_TYPES[format_], sound)
        finally:
            self._at_once -= 1

    async def _check_voice(self, asked: Generate) -> None:
        """Raises Problem for one that the engine does not have, where it tells which it has."""
        if not (asked.voice or asked.speaker):
            return
        voices = {voice.name: voice for voice in await self._tts.voices()}
        voice = voices.get(asked.voice)
        if voices and (voice is None or asked.speaker not in ("", *voice.speakers)):
            raise Problem(HTTPStatus.NOT_FOUND, "No such voice", "GET /api/voices lists them, and their speakers")

    async def _encoded(self, asked: Generate, format_: Format) -> AsyncGenerator[bytes, None]:
        encoding = await asyncio.to_thread(encoder, format_, self._tts.rate_hz, asked.speed)
        async with aclosing(self._spoken(asked)) as chunks:
            async for chunk in chunks:
                if sound := await asyncio.to_thread(encoding.feed, chunk):
                    yield sound
        yield await asyncio.to_thread(encoding.finish)

    async def _spoken(self, asked: Generate) -> AsyncGenerator[bytes, None]:
        """Piece by piece, each made before any of it is sent: between two of them a reply to a room has its turn, and
        who reads slowly keeps no voice from it."""
        language = asked.language or self._first_language
        for piece in pieces_of(asked.text, language):
            request = SpeechRequest(piece, language, asked.voice, asked.speaker)
            async with aclosing(self._tts.speak(request)) as chunks:
                made = [chunk async for chunk in chunks]
            for chunk in made:
                yield chunk


async def _sent(request: web.Request, media_type: str, sound: AsyncGenerator[bytes, None]) -> web.StreamResponse:
    """The answer begins with the first sound: whatever goes wrong before that is told as a problem."""
    first = await anext(sound)
    response = web.StreamResponse(headers={"Content-Type": media_type, **NOT_KEPT})
    try:
        await response.prepare(request)
        await _write(response, first)
        async for chunk in sound:
            await _write(response, chunk)
        await response.write_eof()
    except (ConnectionError, TimeoutError):  # who does not read is as good as gone
        response.force_close()
    return response


async def _write(response: web.StreamResponse, sound: bytes) -> None:
    async with asyncio.timeout(WRITE_S):
        await response.write(sound)


def _accepted(request: web.Request) -> Format:
    """The first that the client names; WAV where it names none."""
    named = (each.partition(";")[0].strip().lower() for each in request.headers.get("Accept", "").split(","))
    formats = {media_type: format_ for format_, media_type in MEDIA_TYPES.items()}
    return next((formats[each] for each in named if each in formats), "wav")


def check_av() -> None:
    """Raises Problem where PyAV is not installed."""
    if extras.lacking("audio"):
        detail = f"this server needs PyAV for that: {extras.remedy('audio')}"
        raise Problem(HTTPStatus.NOT_IMPLEMENTED, "PyAV is not installed", detail)
