"""The services over real sockets, for clients that speak as the protocol is written, or do not; behind the port engines
that do as a test says.
"""

import asyncio
from contextlib import AsyncExitStack

import pytest
from support.scripted import RATE_HZ, SILENCE, SPEECH, ScriptedStt, ScriptedTts
from support.served_services import OURS, STOP, served, starting, utterance
from wyoming.event import Event
from wyoming.info import Info

from roomtone.link.codec import encode
from roomtone.link.crowd import MAX_CONNECTIONS
from roomtone_server.bench.programs import until
from roomtone_server.ports.services import port as services_port

# What there is


async def test_it_is_told_before_the_engines_have_started_and_after(tmp_path):
    async with starting(tmp_path) as server, server.client() as client:
        client.say(Event("describe"))
        before = Info.from_event(await client.hear())
        assert before.asr[0].name == "attic"
        await server.open()
        client.say(Event("describe"))
        assert [voice.name for voice in Info.from_event(await client.hear()).tts[0].voices] == ["amy", "kerstin"]


async def test_what_is_asked_for_meanwhile_waits(tmp_path):
    async with starting(tmp_path) as server, server.client() as client:
        client.say(Event("synthesize", {"text": "hello"}))
        await asyncio.sleep(0)
        await server.open()
        assert (await client.until("audio-stop"))[-1].type == "audio-stop"


async def test_it_does_not_wait_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(services_port, "STARTS_WITHIN_S", 0.02)
    async with starting(tmp_path) as server:
        answer = await server.asked(Event("transcribe", {"language": "en"}))
        assert (answer.type, answer.data["code"]) == ("error", "starting")


async def test_what_nobody_knows_is_passed_over(tmp_path):
    async with served(tmp_path) as server:
        later = Event("roomtone-hello", {"a": 1}), Event("select-program", {"name": "x"}), STOP, Event("describe")
        assert (await server.asked(*later)).type == "info"


async def test_one_address_may_have_many_satellites(tmp_path):
    async with served(tmp_path) as server, AsyncExitStack() as stack:
        for _ in range(MAX_CONNECTIONS // 2):
            client = await stack.enter_async_context(server.client())
            client.say(Event("describe"))
            assert (await client.hear()).type == "info"


# Speech to text


async def test_an_utterance_ends_by_itself(tmp_path):
    async with served(tmp_path) as server, server.client() as client:
        client.say(Event("transcribe", {"language": "en"}), *utterance())
        events = await client.until("transcript")
        assert [event.data["text"] for event in events][-2:] == ["turn on the light"] * 2
        assert events[-1].data == {"text": "turn on the light", "language": "en"}
        client.say(*utterance(silence=0), STOP, Event("describe"))
        assert (await client.hear()).type == "info", "what comes too late is for nobody"


async def test_without_endpointing_it_ends_with_the_audio(tmp_path):
    async with served(tmp_path, endpointing=False) as server, server.client() as client:
        client.say(Event("transcribe"), *utterance(silence=100), Event("ping"))
        while (event := await client.hear()).type != "pong":
            assert event.type == "transcript-chunk"
        client.say(STOP)
        assert (await client.answer()).type == "transcript"


async def test_the_recogniser_is_told_what_is_likely_to_be_said(tmp_path):
    stt = ScriptedStt()
    asked = {"language": "de-DE", "transcript_names": ["Zwiebelturm"], "transcript_terms": ["Grad"]}
    async with served(tmp_path, stt=stt) as server:
        await server.asked(Event("transcribe", {**asked, "vad_sensitivity": "relaxed"}), *utterance(silence=100))
    (request,) = stt.requests
    assert (request.language, request.names, request.terms) == ("de", ("Zwiebelturm",), ("Grad",))


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"name": "whisper"}, "unknown-model"),
        ({"language": "fr"}, "unknown-language"),
        ({"language": 3}, "malformed"),
        ({"vad_sensitivity": "calm"}, "malformed"),
        ({"transcript_names": "Zwiebelturm"}, "malformed"),
        ({"transcript_names": ["x"] * 2000}, "malformed"),
    ],
)
async def test_what_cannot_be_heard_is_refused(tmp_path, asked, code):
    async with served(tmp_path) as server:
        answer = await server.asked(Event("transcribe", asked))
        assert (answer.type, answer.data["code"]) == ("error", code)


@pytest.mark.parametrize(
    ("rate", "channels", "repeat"), [(16000, 1, 1), (48000, 1, 3), (16000, 2, 2), (8000, 1, 1), (44100, 2, 6)]
)
async def test_audio_of_another_format_is_converted(tmp_path, rate, channels, repeat):
    stt = ScriptedStt()
    chunks = [
        Event(each.type, each.data, (each.payload * repeat) if each.payload else None)
        for each in utterance(rate=rate, channels=channels, silence=100)
    ]
    async with served(tmp_path, stt=stt) as server:
        assert (await server.asked(Event("transcribe"), *chunks, STOP)).data["text"] == "turn on the light"
    assert stt.heard_bytes > 0


@pytest.mark.parametrize(
    "chunk",
    [
        Event("audio-chunk", {**OURS, "width": 4}, bytes(640)),
        Event("audio-chunk", {**OURS, "rate": 10**9}, bytes(640)),
        Event("audio-chunk", {**OURS, "channels": 0}, bytes(640)),
        Event("audio-chunk", OURS, bytes(641)),
        Event("audio-chunk", {}, bytes(640)),
    ],
)
async def test_audio_that_is_none_is_refused(tmp_path, chunk):
    stt = ScriptedStt()
    async with served(tmp_path, stt=stt) as server, server.client() as client:
        client.say(Event("transcribe"), *utterance(silence=0), chunk)
        answer = await client.answer()
        assert (answer.type, answer.data["code"]) == ("error", "malformed")
        client.say(Event("describe"))
        assert (await client.answer()).type == "info", "the connection goes on"
    assert stt.open == 0


async def test_a_recogniser_that_fails_is_told_of(tmp_path):
    async with served(tmp_path, stt=ScriptedStt(fails="the worker died")) as server:
        answer = await server.asked(Event("transcribe"), *utterance())
        assert answer.data == {"text": "the worker died", "code": "failed"}


# Text to speech


async def test_a_text_is_spoken(tmp_path):
    tts = ScriptedTts(seconds=0.3)
    async with served(tmp_path, tts=tts) as server, server.client() as client:
        client.say(Event("synthesize", {"text": "Hello there. How are you?", "voice": {"name": "amy"}}))
        start, *chunks, _ = await client.until("audio-stop")
        assert start.data["rate"] == RATE_HZ
        assert sum(len(chunk.payload) for chunk in chunks) == 2 * 2 * RATE_HZ * 3 // 10
    assert tts.asked == ["Hello there.", "How are you?"]


async def test_a_text_is_spoken_as_it_comes_and_once(tmp_path):
    tts = ScriptedTts(seconds=0.3)
    async with served(tmp_path, tts=tts) as server, server.client() as client:
        client.say(Event("synthesize-start", {"voice": {"name": "kerstin"}}))
        client.say(Event("synthesize-chunk", {"text": "Hello there. How"}))
        assert (await client.hear()).type == "audio-start"
        assert (await client.hear()).type == "audio-chunk", "before the text is whole"
        client.say(Event("synthesize-chunk", {"text": " are you?"}))
        client.say(Event("synthesize", {"text": "Hello there. How are you?"}), Event("synthesize-stop"))
        assert [event.type for event in await client.until("synthesize-stopped")][-2] == "audio-stop"
    assert tts.asked == ["Hello there.", "How are you?"]


async def test_a_slow_reader_loses_nothing(tmp_path):
    tts = ScriptedTts(seconds=30)
    async with served(tmp_path, tts=tts) as server, server.client() as client:
        client.say(Event("synthesize", {"text": "A long story"}))
        events = []
        while not events or events[-1].type != "audio-stop":
            events.append(await client.hear())
            await asyncio.sleep(0)
        assert sum(len(event.payload or b"") for event in events) == 30 * 2 * RATE_HZ


async def test_nothing_to_say_is_said_in_no_time(tmp_path):
    async with served(tmp_path) as server, server.client() as client:
        client.say(Event("synthesize", {"text": ""}))
        assert [event.type for event in await client.until("audio-stop")] == ["audio-start", "audio-stop"]


@pytest.mark.parametrize(
    ("voice", "code"),
    [
        ({"name": "nobody"}, "no-voice"),
        ({"name": "amy", "speaker": "high"}, "no-speaker"),
        ({"language": "fr"}, "unknown-language"),
        ({"name": 3}, "malformed"),
    ],
)
async def test_what_cannot_be_said_so_is_refused(tmp_path, voice, code):
    async with served(tmp_path) as server:
        for kind in ("synthesize", "synthesize-start"):
            answer = await server.asked(Event(kind, {"text": "hello", "voice": voice}))
            assert (answer.type, answer.data["code"]) == ("error", code)


# Wake words


async def test_a_wake_word_is_told_of_with_its_place(tmp_path):
    async with served(tmp_path) as server, server.client() as client:
        chunks = [
            Event("audio-chunk", {**OURS, "timestamp": 1000 + 20 * number}, frame)
            for number, frame in enumerate([SILENCE] * 10 + [SPEECH] * 5)
        ]
        client.say(Event("detect", {"names": None}), *chunks)
        assert (await client.hear()).data == {"name": "alexa", "timestamp": 1000 + 12 * 20, "speaker": None}


async def test_an_utterance_behind_a_wake_word_may_begin_with_its_rest(tmp_path):
    stt = ScriptedStt()
    async with served(tmp_path, stt=stt) as server:
        assert (await server.asked(Event("detect"), *utterance())).type == "detection"
        for _ in range(2):
            await server.asked(Event("transcribe"), *utterance(), *utterance(speech=0, silence=120))
    assert [request.wake_phrase for request in stt.requests] == ["alexa", ""]


async def test_a_word_that_nobody_waits_for_is_none(tmp_path):
    async with served(tmp_path) as server:
        asked = Event("detect", {"names": ["okay_nabu"]}), *utterance(), STOP
        assert (await server.asked(*asked)).type == "not-detected"


async def test_an_unknown_wake_word_is_refused(tmp_path):
    async with served(tmp_path) as server:
        answer = await server.asked(Event("detect", {"names": ["computer"]}))
        assert answer.data["code"] == "unknown-wake-word"
        assert "okay_nabu, alexa" in answer.data["text"]


# Clients that do not behave


async def _true_when(it):
    return it or None


async def assert_still_serves(server):
    assert (await server.asked(Event("describe"))).type == "info"


@pytest.mark.parametrize(
    "half",
    [
        encode(Event("transcribe", {"language": "en"}))[:-3],
        b'{"type": "audio-chunk", "payload_length": 100000000000}\n',
        b"x" * 9000,
        b"\x00" * 100 + b"\n",
        b'{"type": "transcribe", "data": [[[[' + b"[" * 2000,
    ],
)
async def test_half_events_and_huge_ones(tmp_path, half):
    async with served(tmp_path) as server:
        async with server.client() as client:
            client.say(half)
        await assert_still_serves(server)


async def test_who_leaves_in_the_middle_of_an_utterance_leaves_nothing_open(tmp_path, caplog):
    stt = ScriptedStt()
    async with served(tmp_path, stt=stt) as server:
        async with server.client() as client:
            client.say(Event("transcribe"), *utterance(silence=0))
            assert (await client.hear()).type == "transcript-chunk"
        await until("the recogniser is left alone", lambda: _true_when(stt.open == 0), 10, [])
        await assert_still_serves(server)
    assert "unexpectedly" not in caplog.text


async def test_who_leaves_in_the_middle_of_a_speech_stops_the_voice(tmp_path):
    tts = ScriptedTts(seconds=3600)
    async with served(tmp_path, tts=tts) as server:
        async with server.client() as client:
            client.say(Event("synthesize", {"text": "A long story"}))
            assert (await client.hear()).type == "audio-start"
        await until("the voice falls silent", lambda: _true_when(tts.speaking == 0), 10, [])
        await assert_still_serves(server)
