"""Speech over HTTP: piece by piece, in the format that was asked for, and for as long as somebody listens."""

from contextlib import asynccontextmanager

import aiohttp
import pytest
from support.scripted import ScriptedTts
from support.web import OWNER, DoorsFor, serving

from roomtone import extras
from roomtone.errors import EngineError, LanguageMissing
from roomtone_server.engines.base import Voice
from roomtone_server.ports.web.api.endpoint import routes_of
from roomtone_server.ports.web.api.sound.tts import tts_endpoints

LONG = "This is one of many sentences that take a while to be said. " * 40


class Voices(ScriptedTts):
    async def voices(self):
        return [Voice("anna", ("de",)), Voice("choir", ("en",), speakers=("alto", "bass"))]


class Failing(ScriptedTts):
    problem: Exception = EngineError("the voice is hoarse")

    async def speak(self, _request):
        raise self.problem
        yield b""


@asynccontextmanager
async def asking(tts, body, **headers):
    async with (
        serving(routes_of(tts_endpoints(tts, "en")), DoorsFor(OWNER)) as url,
        aiohttp.ClientSession() as session,
        session.post(f"{url}/api/tts/generate", json=body, headers=headers) as answer,
    ):
        yield answer


async def generated(tts, body, **headers):
    async with asking(tts, body, **headers) as answer:
        return answer.status, answer.content_type, await answer.read()


@pytest.mark.parametrize(
    ("body", "accept", "media_type"),
    [
        ({}, "*/*", "audio/wav"),
        ({}, "audio/ogg;q=0.9, audio/wav", "audio/ogg"),
        ({"format": "wav"}, "audio/ogg", "audio/wav"),
        ({"format": "opus"}, "*/*", "audio/ogg"),
    ],
)
async def test_the_format_is_the_one_that_was_asked_for(body, accept, media_type):
    status, found, sound = await generated(Voices(), {"text": "hello"} | body, Accept=accept)
    assert (status, found, sound[:4]) == (200, media_type, b"OggS" if media_type == "audio/ogg" else b"RIFF")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"voice": "anna"}, 200),
        ({"voice": "berta"}, 404),
        ({"voice": "choir", "speaker": "alto"}, 200),
        ({"voice": "choir", "speaker": "tenor"}, 404),
        ({"speaker": "alto"}, 404),
    ],
)
async def test_a_voice_that_there_is_not_is_not_found(body, status):
    assert (await generated(Voices(), {"text": "hello"} | body))[0] == status


@pytest.mark.parametrize(
    ("problem", "status"),
    [(EngineError("the voice is hoarse"), 503), (LanguageMissing("it has no voice for 'tlh'"), 404)],
)
async def test_what_goes_wrong_before_the_first_sound_is_a_problem(problem, status):
    tts = Failing()
    tts.problem = problem
    found, media_type, document = await generated(tts, {"text": "hello"})
    assert (found, media_type) == (status, "application/problem+json")
    assert str(problem).encode() in document


async def test_a_long_text_is_spoken_piece_by_piece_and_no_further_than_somebody_listens():
    tts = Voices(seconds=5.0)
    async with asking(tts, {"text": LONG}) as answer:
        await answer.content.readexactly(1000)
        answer.close()
    assert tts.speaking == 0
    assert 0 < len(tts.asked) < 40


@pytest.mark.parametrize(
    ("body", "status"), [({}, 200), ({"format": "opus"}, 501), ({"speed": 1.5}, 501), ({"speed": 1.0}, 200)]
)
async def test_what_needs_pyav_says_so_where_it_is_not_installed(monkeypatch, body, status):
    monkeypatch.setattr(extras, "lacking", lambda extra: frozenset({"av"} if extra == "audio" else ()))
    found, _, answer = await generated(Voices(), {"text": "hello"} | body)
    assert found == status
    assert (b"roomtone[audio]" in answer) == (status == 501)
