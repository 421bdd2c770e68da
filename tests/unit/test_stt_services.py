"""What each recogniser is asked, and what of its answers is used: what the contract does not see."""

import contextlib

import pytest
from support.entry_points import declare, in_project
from support.sound import noise, silence
from support.stt_servers import http_recogniser, wyoming_recogniser
from support.threaded_servers import KEY, Fault
from support.vocabularies import SMALL

from roomtone import engines
from roomtone.ears.formats import FRAME_BYTES
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError
from roomtone_server.engines.base import HearingRequest, Transcript
from roomtone_server.engines.stt import deepgram_stream

TEXT = "turn on the kitchen light"
SOUND = noise(1.5, peak=8000)
SPOKEN = silence(0.3) + SOUND + silence(0.5)


@pytest.fixture(autouse=True)
def _declared(monkeypatch):
    declare(monkeypatch, engines, "roomtone.stt", in_project("roomtone.stt"))


@pytest.fixture
def http():
    with http_recogniser() as server:
        server.sounds = {TEXT: SOUND}
        yield server


@pytest.fixture
def wyoming():
    with wyoming_recogniser() as server:
        server.sounds = {TEXT: SOUND}
        yield server


@contextlib.asynccontextmanager
async def engine(name, **options):
    ears = engines.choose("stt", EngineChoice(name, options)).make(Surroundings(state=None, cache=None))
    await ears.start()
    try:
        await ears.learn(SMALL)
        yield ears
    finally:
        await ears.close()


async def fed(ears, pcm=SPOKEN, request=HearingRequest()):  # noqa: B008 - it is frozen
    hearing = await ears.hear(request)
    for at in range(0, len(pcm), FRAME_BYTES):
        await hearing.feed(pcm[at : at + FRAME_BYTES])
    return hearing


async def test_openai_is_asked_for_what_the_settings_say(http):
    settings = {"model": "whisper-1", "prompt": "At home:", "extra": {"temperature": 0, "vad_filter": True}}
    async with engine("openai", base_url=f"{http.url}/openai/v1/", api_key=KEY, **settings) as ears:
        assert await (await fed(ears, request=HearingRequest("en-GB"))).finish() == Transcript(TEXT)
    [asked] = http.asked
    prompt = asked.fields.pop("prompt")
    assert prompt.startswith("At home: Ceiling Light, Lamp 2, ")
    expected = {"model": "whisper-1", "language": "en", "response_format": "json"}
    assert asked.fields == {**expected, "temperature": "0", "vad_filter": "true"}


UNUSUAL = HearingRequest(names=("Zwiebelturm",), terms=("Grad",))


async def test_what_is_likely_to_be_said_is_told_beside_the_home_s_names(http, wyoming):
    async with engine("openai", base_url=f"{http.url}/openai/v1", api_key=KEY) as ears:
        await (await fed(ears, request=UNUSUAL)).finish()
    prompt = http.asked.pop().fields["prompt"]
    assert prompt.startswith("Zwiebelturm, Ceiling Light, ")
    assert prompt.endswith(", Grad")
    async with deepgram(http) as ears:
        await (await fed(ears, request=UNUSUAL)).finish()
    assert {"Zwiebelturm", "Ceiling Light", "Grad"} < set(http.asked[0].fields["keyterm"])
    async with engine("wyoming", uri=wyoming.uri) as ears:
        await (await fed(ears, request=UNUSUAL)).finish()
    assert wyoming.asked[0].transcript_names[:2] == ["Zwiebelturm", "Ceiling Light"]
    assert wyoming.asked[0].transcript_terms == ["Grad"]


async def test_too_little_audio_for_a_request_is_nothing_said(http):
    async with engine("openai", base_url=f"{http.url}/openai/v1", api_key=KEY) as ears:
        assert await (await fed(ears, SPOKEN[:1000])).finish() == Transcript("", spoken=False)
    assert http.asked == []


async def test_a_final_transcript_is_the_preview_when_nothing_came_since(http):
    async with engine("openai", base_url=f"{http.url}/openai/v1", api_key=KEY) as ears:
        hearing = await fed(ears)
        assert await hearing.preview() == await hearing.finish()
    assert len(http.asked) == 1


def deepgram(http, **options):
    return engine("deepgram", base_url=f"ws://127.0.0.1:{http.port}/deepgram", api_key=KEY, **options)


async def test_deepgram_is_asked_for_what_the_settings_say(http):
    async with deepgram(http, extra={"smart_format": True}) as ears:
        assert await (await fed(ears)).finish() == Transcript(TEXT)
    fields = http.asked[0].fields
    assert "Ceiling Light" in fields.pop("keyterm")
    assert {name: value for name, [value] in fields.items()} == {
        "model": "nova-3",
        "language": "en",
        "encoding": "linear16",
        "sample_rate": "16000",
        "channels": "1",
        "interim_results": "true",
        "endpointing": "false",
        "smart_format": "true",
    }


async def test_deepgram_s_other_models_are_told_no_keyterms(http):
    async with deepgram(http, model="nova-2") as ears:
        await (await fed(ears)).finish()
    assert "keyterm" not in http.asked[0].fields


async def test_deepgram_without_a_key_cannot_be_made():
    with pytest.raises(EngineError, match="needs a key"):
        async with engine("deepgram"):
            pass


async def test_pieces_that_deepgram_settled_join_to_one_text(http):
    async with deepgram(http) as ears:
        hearing = await ears.hear(HearingRequest())
        middle = len(SPOKEN) // 2
        for part in (SPOKEN[:middle], SPOKEN[middle:]):
            for at in range(0, len(part), FRAME_BYTES):
                await hearing.feed(part[at : at + FRAME_BYTES])
            assert TEXT.startswith((await hearing.preview()).text)
        assert await hearing.preview() == Transcript(TEXT)
        assert await hearing.finish() == Transcript(TEXT)
    assert [each for each in http.asked if isinstance(each, str)] == ["Finalize", "Finalize"]


async def test_deepgram_is_told_that_somebody_is_there_while_no_audio_comes(http, monkeypatch):
    monkeypatch.setattr(deepgram_stream, "KEEP_ALIVE_S", 0.01)
    async with deepgram(http, answer_s=0.2) as ears:
        http.fault = Fault.SILENT
        hearing = await fed(ears)
        with pytest.raises(EngineError, match=r"silent for 0\.2 s"):
            await hearing.preview()
    assert "KeepAlive" in http.asked


async def test_a_preview_that_deepgram_does_not_answer_is_what_it_has_said(http, monkeypatch):
    monkeypatch.setattr(deepgram_stream, "UNANSWERED_S", 0.1)
    async with deepgram(http) as ears:
        hearing = await fed(ears, SPOKEN[:48_000])
        partials = hearing.partials()
        assert await anext(partials)
        await partials.aclose()
        http.fault = Fault.SILENT
        await hearing.feed(bytes(FRAME_BYTES))
        heard = (await hearing.preview()).text
        assert heard
        assert TEXT.startswith(heard)


async def test_a_wyoming_service_without_a_stream_is_heard_at_the_end(wyoming):
    wyoming.streams = False
    async with engine("wyoming", uri=wyoming.uri, model="base") as ears:
        hearing = await fed(ears, request=HearingRequest("de-CH"))
        assert await hearing.preview() == Transcript(TEXT)
        assert await hearing.finish() == Transcript(TEXT)
        assert [partial async for partial in hearing.partials()] == []
    assert [(asked.name, asked.language) for asked in wyoming.asked] == [("base", "de")] * 2
    assert "Ceiling Light" in wyoming.asked[0].transcript_names


async def test_a_model_that_is_not_installed_does_not_count(wyoming):
    async with engine("wyoming", uri=wyoming.uri) as ears:
        with pytest.raises(EngineError, match="it hears: de, en"):
            await ears.hear(HearingRequest("fr"))


async def test_any_language_is_left_to_the_service_which_may_tell_it(http, wyoming):
    wanted = HearingRequest("auto")
    async with engine("openai", base_url=f"{http.url}/openai/v1", api_key=KEY) as ears:
        assert await (await fed(ears, request=wanted)).finish() == Transcript(TEXT)
        assert "language" not in http.asked[0].fields
    http.language = wyoming.language = "hi"
    async with deepgram(http) as ears:
        assert (await (await fed(ears, request=wanted)).finish()).language == "hi"
        assert http.asked[1].fields["language"] == ["multi"]
    async with engine("wyoming", uri=wyoming.uri) as ears:
        assert (await (await fed(ears, request=wanted)).finish()).language == "hi"
        assert wyoming.asked[0].language is None
