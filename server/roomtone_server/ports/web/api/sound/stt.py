"""`POST /api/stt`: a recording, heard as one utterance."""

import asyncio
from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from aiohttp import web

from roomtone.ears.formats import FRAME_BYTES, FRAME_MS, RATE_HZ, SAMPLE_BYTES
from roomtone_server.engines.base import HearingRequest, Transcript
from roomtone_server.ports.web.api.endpoint import AnyEndpoint, Call, Endpoint, Media, any_of
from roomtone_server.ports.web.api.requests import Hear
from roomtone_server.ports.web.api.shapes import Heard
from roomtone_server.ports.web.api.sound.decoding import MAX_RECORDING_BYTES, decoded
from roomtone_server.ports.web.api.sound.tts import WITHOUT_AV, check_av
from roomtone_server.ports.web.problems import Problem
from roomtone_server.runtime.parts import Parts

RECORDINGS: Final = Media(("audio/*", "video/*", "application/ogg", "application/octet-stream"))
MAX_WAITING: Final = 4  # recordings in memory
READ_S: Final = 60.0  # for all of a recording: else who is slow keeps others waiting
# So much faster than it sounds a recording is told to the recogniser: a satellite that speaks meanwhile finds it free.
PACE: Final = 10
_SLICE_FRAMES: Final = 10


def stt_endpoints(parts: Parts) -> Sequence[AnyEndpoint]:
    return any_of(
        Endpoint(
            "POST",
            "/api/stt",
            "speak",
            "Hear a recording, in whatever container",
            _Listening(parts).hear,
            Hear,
            body=RECORDINGS,
            answer=Heard,
            refusals={
                404: "There is no such language here.",
                408: "The recording came too slowly.",
                413: "The recording is too large, or too long.",
                429: "Too many recordings at once.",
                501: WITHOUT_AV,
                503: "The recogniser does not answer now.",
            },
        )
    )


class _Listening:
    """One recording is heard at a time."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def hear(self, call: Call[Hear]) -> Heard:
        check_av()
        if self._waiting >= MAX_WAITING:
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "Too many at once", headers={"Retry-After": "5"})
        self._waiting += 1
        try:
            recording = await _read(call.request)
            async with self._turn:
                pcm = await asyncio.to_thread(decoded, recording)
                language = call.parameters.language or self._parts.language_to_hear
                heard = await self._heard(pcm, HearingRequest(language, area=call.parameters.area))
        finally:
            self._waiting -= 1
        return Heard(
            text=heard.text,
            language=call.parameters.language or self._parts.language_of_turn(heard),
            rejected=heard.rejected,
            duration_s=round(len(pcm) / SAMPLE_BYTES / RATE_HZ, 2),
        )

    async def _heard(self, pcm: bytes, request: HearingRequest) -> Transcript:
        hearing = await self._parts.stt.hear(request)
        try:
            for at in range(0, len(pcm), _SLICE_FRAMES * FRAME_BYTES):
                await hearing.feed(pcm[at : at + _SLICE_FRAMES * FRAME_BYTES])
                await asyncio.sleep(_SLICE_FRAMES * FRAME_MS / 1000 / PACE)
            return await hearing.finish()
        finally:
            await hearing.close()


async def _read(request: web.Request) -> bytes:
    """The body, which is longer than others may be. Raises Problem."""
    recording = bytearray()
    try:
        async with asyncio.timeout(READ_S):
            async for chunk in request.content.iter_any():
                recording += chunk
                if len(recording) > MAX_RECORDING_BYTES:
                    detail = f"a recording may have {MAX_RECORDING_BYTES // 2**20} MiB"
                    raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too large", detail)
    except TimeoutError:
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, "Too slow", f"a recording may take {READ_S:g} s to come") from None
    return bytes(recording)
