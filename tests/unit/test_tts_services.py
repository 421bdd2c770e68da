"""What each speech service is asked, and what of its answers is used: what the contract does not see."""

import asyncio
import contextlib

import numpy as np
import pytest
from support.entry_points import declare, in_project
from support.threaded_servers import KEY, Fault, crowded_port
from support.tts_servers import LETTER_MS, http_server, speech

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import EngineError, SettingsError
from roomtone.settings import Settings, TtsChoice, render
from roomtone_server.engines import http_service
from roomtone_server.engines.base import SpeechRequest, Voice

HELLO = SpeechRequest("hello")
KEYED = {"elevenlabs", "openai"}


@pytest.fixture(autouse=True)
def _declared(monkeypatch):
    declare(monkeypatch, engines, "roomtone.tts", in_project("roomtone.tts"))


@pytest.fixture(scope="module")
def running():
    with http_server() as server:
        yield server


@pytest.fixture
def server(running):
    running.asked.clear()
    running.reached.clear()
    running.fault, running.piece_bytes = Fault.NONE, 4096
    return running


@contextlib.asynccontextmanager
async def engine(name, url, **options):
    where = {"url": url} if name == "http" else {"base_url": url}
    key = {"api_key": KEY} if name in KEYED else {}
    chosen = engines.choose("tts", EngineChoice(name, {**where, **key, **options}))
    voice = chosen.make(Surroundings(state=None, cache=None))
    await voice.start()
    try:
        yield voice
    finally:
        await voice.close()


async def spoken(voice, request):
    return b"".join([chunk async for chunk in voice.speak(request)])


def louder_than_silence(pcm):
    """Of speech, the samples that sound."""
    return np.count_nonzero(np.abs(np.frombuffer(pcm, np.int16).astype(int)) > 100)


async def test_openai_is_asked_for_what_the_settings_say(server):
    settings = {"model": "kokoro", "voices": {"de": "dora"}, "speed": 1.2, "instructions": "Whisper."}
    async with engine("openai", f"{server.url}/openai/v1", **settings) as voice:
        assert voice.rate_hz == 24_000
        pcm = await spoken(voice, HELLO)
        await spoken(voice, SpeechRequest("hallo", "de-AT"))
        await spoken(voice, SpeechRequest("hallo", "de", voice="nova"))
    assert pcm[-4000:] == b"".join(speech("hello", 24_000))[-4000:]
    first, *others = [asked.fields for asked in server.asked]
    assert first == {
        "model": "kokoro",
        "voice": "alloy",
        "input": "hello",
        "response_format": "pcm",
        "speed": 1.2,
        "instructions": "Whisper.",
    }
    assert [fields["voice"] for fields in others] == ["dora", "nova"]


async def test_openai_servers_that_know_little_are_asked_little(server):
    async with engine("openai", f"{server.url}/openai/v1/", format="wav") as voice:
        assert await spoken(voice, HELLO)
    (asked,) = server.asked
    assert set(asked.fields) == {"model", "voice", "input", "response_format"}
    assert asked.path == "/openai/v1/audio/speech"


async def test_openai_tells_its_voices_where_it_has_a_list(server):
    async with engine("openai", f"{server.url}/openai/v1") as voice:
        assert await voice.voices() == [Voice("af_heart"), Voice("bm_george", title="George")]
        server.fault = Fault.NOT_FOUND
        assert await voice.voices() == []


async def test_without_a_key_none_is_sent(server):
    async with engine("openai", f"{server.url}/openai/v1", api_key=None) as voice:
        with pytest.raises(EngineError, match=r"refuses the key.*401, invalid_api_key\)"):
            await spoken(voice, HELLO)
    assert "Authorization" not in server.asked[0].headers


async def test_a_key_can_be_told_by_where_it_is(server, tmp_path, monkeypatch):
    (tmp_path / "key").write_text(f"{KEY}\n")
    monkeypatch.setenv("SOME_KEY", KEY)
    for where in ({"api_key_env": "SOME_KEY"}, {"api_key_file": str(tmp_path / "key")}):
        async with engine("elevenlabs", f"{server.url}/elevenlabs", api_key=None, **where) as voice:
            assert await spoken(voice, HELLO)
    with pytest.raises(EngineError, match="elevenlabs needs a key"):
        async with engine("elevenlabs", f"{server.url}/elevenlabs", api_key=None):
            pass


async def test_elevenlabs_is_asked_for_pcm_in_the_language(server):
    async with engine("elevenlabs", f"{server.url}/elevenlabs", rate_hz=16_000, stability=0.4) as voice:
        assert voice.rate_hz == 16_000
        assert await spoken(voice, SpeechRequest("hallo", "de-AT", voice="a/b"))
    (asked,) = server.asked
    assert asked.path == "/elevenlabs/v1/text-to-speech/a/b/stream"  # as aiohttp shows a%2Fb
    assert asked.query == {"output_format": "pcm_16000"}
    assert asked.fields == {
        "text": "hallo",
        "model_id": "eleven_flash_v2_5",
        "language_code": "de",
        "voice_settings": {"stability": 0.4},
    }


async def test_elevenlabs_models_that_guess_the_language_are_not_told(server):
    async with engine("elevenlabs", f"{server.url}/elevenlabs", model="eleven_multilingual_v2") as voice:
        assert await spoken(voice, HELLO)
    assert set(server.asked[0].fields) == {"text", "model_id"}


async def test_elevenlabs_tells_voices_with_their_languages_and_errors_with_their_code(server):
    async with engine("elevenlabs", f"{server.url}/elevenlabs", voice="nobody") as voice:
        assert await voice.voices() == [Voice("x1", (), "Rachel"), Voice("x2", ("de", "en"), "George")]
        with pytest.raises(EngineError, match=r"\(404, voice_not_found\)"):
            await spoken(voice, HELLO)


@pytest.mark.parametrize("piece_bytes", [7, 1001, 2**20])
async def test_coqui_in_pieces_of_any_size(server, piece_bytes):
    server.piece_bytes = piece_bytes
    async with engine("http", f"{server.url}/coqui", preset="coqui", voice="p376") as voice:
        pcm = await spoken(voice, HELLO)
    assert pcm[-4000:] == b"".join(speech("hello", 22_050))[-4000:]
    assert server.asked[0].fields == {"text": "hello", "speaker_id": "p376", "language_id": "en"}


async def test_coqui_speaks_the_languages_that_it_is_said_to(server):
    async with engine("http", f"{server.url}/coqui", preset="coqui", languages=["de"]) as voice:
        assert await spoken(voice, SpeechRequest("hallo", "de-AT"))
        with pytest.raises(EngineError, match=r"no voice for 'en'.*: de"):
            await spoken(voice, HELLO)
    assert server.asked[0].fields == {"text": "hallo", "language_id": "de"}


async def test_xtts_brings_the_speaker_along(server):
    async with engine("http", f"{server.url}/xtts", preset="xtts", voices={"hi": 'Damien "Black"'}) as voice:
        assert voice.rate_hz == 24_000
        assert await spoken(voice, HELLO)
        assert await spoken(voice, SpeechRequest("नमस्ते", "hi"))
        assert [each.name for each in await voice.voices()] == ["Alma María", 'Damien "Black"']
    listing, first, second = server.asked
    assert listing.path == "/xtts/studio_speakers"
    assert first.fields["speaker_embedding"] == [0, 0.5, 1.0]
    assert second.fields["speaker_embedding"] == [1, 0.5, 1.0]
    assert second.fields["gpt_cond_latent"] == [[0.1, 0.2], [0.3, 0.4]]
    assert second.fields["language"] == "hi"


async def test_xtts_speakers_that_are_none(server):
    async with engine("http", f"{server.url}/xtts", preset="xtts") as voice:
        server.fault = Fault.NO_SOUND
        with pytest.raises(EngineError, match="describes a speaker in what is no JSON"):
            await spoken(voice, HELLO)
    async with engine("http", f"{server.url}/openai/v1/audio/voices#", preset="xtts") as voice:
        with pytest.raises(EngineError, match="answers /studio_speakers as no such server does"):
            await voice.voices()


async def test_opentts_finds_a_voice_for_the_language_and_takes_each_at_its_rate(server):
    async with engine("http", f"{server.url}/opentts", preset="opentts") as voice:
        english = await spoken(voice, HELLO)
        german = await spoken(voice, SpeechRequest("hello", "de"))
        assert await spoken(voice, SpeechRequest("hello", "en-US"))
        with pytest.raises(EngineError, match=r"no voice for 'fr'.*\bde\b.*\ben\b"):
            await spoken(voice, SpeechRequest("bonjour", "fr"))
        assert Voice("larynx:harvard", ("en", "en-us")) in await voice.voices()
    assert [asked.fields["voice"] for asked in server.asked[1:]] == ["espeak:en", "nanotts:de-DE", "larynx:harvard"]
    assert len(german) == pytest.approx(len(english), rel=0.03)  # 16 kHz, made into 22.05
    assert louder_than_silence(german) > 0.8 * 5 * LETTER_MS / 1000 * 22_050


async def test_any_server_with_a_form_and_raw_pcm(server):
    settings = {
        "method": "POST",
        "body": "form",
        "fields": {"say": "{text}", "as": "{voice}-{language}", "speed": 1.5, "who": "{voice}"},
        "headers": {"X-Key": KEY},
        "format": "pcm",
        "rate_hz": 16_000,
    }
    async with engine("http", f"{server.url}/raw/say", **settings) as voice:
        assert await spoken(voice, SpeechRequest("{voice} {text}"))
    (asked,) = server.asked
    assert asked.fields == {"say": "{voice} {text}", "as": "-en", "speed": "1.5"}
    assert asked.headers["X-Key"] == KEY


async def test_a_text_too_long_for_an_address_is_an_error(server):
    async with engine("http", f"{server.url}/coqui", preset="coqui") as voice:
        with pytest.raises(EngineError, match="too long"):
            await spoken(voice, SpeechRequest("long " * 20_000))


async def test_one_that_lets_nobody_in_is_not_waited_for_forever():
    with crowded_port() as port:
        async with engine("openai", f"http://127.0.0.1:{port}/v1", connect_s=0.2) as voice:
            with pytest.raises(EngineError, match=r"cannot be reached within 0\.2 s"):
                await spoken(voice, HELLO)


async def test_of_what_a_service_says_no_more_is_read_than_is_used(server, monkeypatch):
    server.fault = Fault.FAILS
    async with engine("openai", f"{server.url}/openai/v1") as voice:
        with pytest.raises(EngineError, match=r"failed: see its log \(500, some_error\)"):
            await spoken(voice, SpeechRequest("long " * 100_000))
        monkeypatch.setattr(http_service, "MAX_TOLD_BYTES", 10)
        with pytest.raises(EngineError, match="tells more than 10 bytes at /audio/voices"):
            await voice.voices()


async def test_a_listing_that_is_none_is_an_error(server):
    elsewhere = f"{server.url}/elevenlabs/v1/voices#"  # where the preset's path is not sent along
    async with engine("http", elsewhere, preset="opentts") as voice:
        with pytest.raises(EngineError, match="as no such server does"):
            await voice.voices()
    async with engine("http", f"{server.url}/coqui", preset="opentts") as voice:
        with pytest.raises(EngineError, match="knows no such address"):
            await voice.voices()


async def test_closing_the_engine_ends_a_request_that_waits(server):
    server.fault = Fault.SILENT
    async with engine("openai", f"{server.url}/openai/v1") as voice, asyncio.TaskGroup() as tasks:

        async def wait():
            with pytest.raises(EngineError, match="closed meanwhile"):
                await spoken(voice, HELLO)

        tasks.create_task(wait())
        await server.was_reached()
        await voice.close()


class _File(Settings):
    tts: TtsChoice


@pytest.mark.parametrize("name", sorted(KEYED))
def test_a_key_is_not_shown(name):
    options = {"engine": name, "api_key": KEY}
    shown = render(_File.model_validate({"tts": options}))
    assert "api_key" in shown
    assert KEY not in shown
    assert KEY not in repr(engines.load("tts", name).settings.model_validate({"api_key": KEY}))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, "url"),
        ({"url": "nas.lan:5002"}, "url"),
        ({"url": "http://x", "fields": {"text": "{speaker}"}}, "{speaker} is none of"),
        ({"url": "http://x", "fields": {"text": "{voice}"}}, "no field holds {text}"),
        ({"url": "http://x", "preset": "festival"}, "preset"),
        ({"url": "http://x", "preset": "coqui", "fields": "text"}, "fields"),
    ],
)
def test_settings_that_cannot_work_are_refused(options, words):
    with pytest.raises(SettingsError) as raised:
        engines.choose("tts", EngineChoice("http", options))
    assert words in str(raised.value)
