"""Voices in a chain: who speaks, at which rate, and what is heard when one breaks."""

from contextlib import aclosing, asynccontextmanager
from itertools import pairwise

import pytest
from support.chain_engines import BROKEN, Beeper, makers, pitch_hz

from roomtone.errors import EngineError, LanguageMissing
from roomtone_server.engines.base import SpeechRequest, Voice
from roomtone_server.engines.chains.tts import PAUSE_CHUNKS, TtsChain

HELLO = SpeechRequest("Hello.")


@asynccontextmanager
async def chain_of(*voices):
    chain = TtsChain(makers(*voices), patience_s=60)
    await chain.start()
    try:
        yield chain
    finally:
        await chain.close()
        assert not [voice.name for voice in voices if voice.open or voice.running]


async def spoken(chain, request=HELLO):
    return [chunk async for chunk in chain.speak(request)]


def states(chain):
    return {each.name: each.state for each in chain.chain.status()}


async def test_the_first_speaks_and_the_others_are_not_asked():
    a, b = Beeper("a"), Beeper("b")
    async with chain_of(a, b) as chain:
        assert b"".join(await spoken(chain)) == a.speech
        assert (a.asked, b.asked) == (1, 0)


async def test_where_one_fails_before_its_first_sound_nobody_hears_of_it():
    a, b = Beeper("a", fails_at=0), Beeper("b", tone_hz=880)
    async with chain_of(a, b) as chain:
        assert b"".join(await spoken(chain)) == b.speech
        assert states(chain) == {"a": "rests", "b": "works"}
        assert chain.chain.status()[0].why == BROKEN
        await spoken(chain)
        assert (a.asked, b.asked) == (1, 2), "who rests is left alone"


async def test_where_one_fails_in_mid_sentence_the_sentence_is_said_again():
    a, b = Beeper("a", fails_at=2), Beeper("b", tone_hz=880)
    async with chain_of(a, b) as chain:
        chunks = await spoken(chain)
    assert chunks[:2] == [a.chunk(0), a.chunk(1)]
    pause, again = chunks[2 : 2 + PAUSE_CHUNKS], chunks[2 + PAUSE_CHUNKS :]
    assert not any(b"".join(pause))
    assert b"".join(again) == b.speech
    assert b.texts == ["Hello."]


async def test_all_speak_at_the_rate_of_the_first():
    a, b = Beeper("a", rate_hz=22_050, fails_at=0), Beeper("b", rate_hz=16_000, tone_hz=500, chunks=20)
    async with chain_of(a, b) as chain:
        assert chain.rate_hz == 22_050
        chunks = await spoken(chain)
    assert all(0 < len(chunk) <= 2 * 2205 and len(chunk) % 2 == 0 for chunk in chunks)
    assert sum(map(len, chunks)) / 2 / 22_050 == pytest.approx(1.0, abs=0.01)
    assert pitch_hz(b"".join(chunks), 22_050) == pytest.approx(500, abs=2)


async def test_when_the_first_cannot_start_the_rate_is_the_next_ones_and_stays():
    a, b = Beeper("a", rate_hz=22_050, starts=["no key"]), Beeper("b", rate_hz=16_000)
    async with chain_of(a, b) as chain:
        assert chain.rate_hz == 16_000
        await chain.chain.members[0].start()
        assert chain.rate_hz == 16_000
        chunks = await spoken(chain)
    assert (a.asked, b.asked) == (1, 0)
    assert sum(map(len, chunks)) / 2 / 16_000 == pytest.approx(0.2, abs=0.01)


async def test_a_language_that_one_lacks_is_the_next_ones_and_no_failure():
    a, b = Beeper("a"), Beeper("b", languages=("de",))
    async with chain_of(a, b) as chain:
        assert b"".join(await spoken(chain, SpeechRequest("Hallo.", "de"))) == b.speech
        assert states(chain) == {"a": "works", "b": "works"}
        with pytest.raises(LanguageMissing, match="no tts engine answers: a: a lacks 'hi'; b: b lacks 'hi'"):
            await spoken(chain, SpeechRequest("नमस्ते", "hi"))
        assert states(chain) == {"a": "works", "b": "works"}


async def test_when_all_fail_it_says_who_and_why():
    a, b = Beeper("a", fails_at=0), Beeper("b", fails_at=0)
    async with chain_of(a, b) as chain:
        with pytest.raises(EngineError, match=f"no tts engine answers: a: {BROKEN}; b: {BROKEN}"):
            await spoken(chain)


async def test_when_all_rest_all_are_asked_all_the_same():
    a, b = Beeper("a", fails_at=0), Beeper("b", fails_at=0)
    async with chain_of(a, b) as chain:
        with pytest.raises(EngineError):
            await spoken(chain)
        a.fails_at = None
        assert b"".join(await spoken(chain)) == a.speech
        assert states(chain) == {"a": "works", "b": "rests"}


async def test_whoever_stops_listening_stops_the_voice_and_blames_nobody():
    a, b = Beeper("a"), Beeper("b")
    async with chain_of(a, b) as chain:
        async with aclosing(chain.speak(HELLO)) as chunks:
            await anext(chunks)
            assert a.open == 1
        assert a.open == 0
        assert states(chain) == {"a": "works", "b": "works"}


async def test_nothing_to_say_says_nothing_of_a_voice():
    a, b = Beeper("a"), Beeper("b")
    async with chain_of(a, b) as chain:
        assert await spoken(chain, SpeechRequest("")) == []
        assert b.asked == 0


async def test_a_voice_is_one_of_the_first_engines():
    a, b = Beeper("a"), Beeper("b")
    async with chain_of(a, b) as chain:
        assert await chain.voices() == [Voice("a's")]
        a.fails_at = 0
        await spoken(chain, SpeechRequest("Hello.", voice="a's"))
        assert (a.wanted, b.wanted) == (["a's"], [""])
        assert await chain.voices() == [Voice("b's")]


async def test_each_failure_and_each_recovery_is_a_change():
    a, b = Beeper("a"), Beeper("b")
    async with chain_of(a, b) as chain:
        seen = [chain.chain.changes]
        await spoken(chain)
        assert chain.chain.changes == seen[-1]
        for fails in (True, True, False):
            a.fails_at = b.fails_at = 0 if fails else None
            try:
                await spoken(chain)
            except EngineError:
                assert fails
            seen.append(chain.chain.changes)
        assert all(before < after for before, after in pairwise(seen))


async def test_it_starts_when_one_can_and_closes_what_could_not():
    a, b = Beeper("a", starts=["no key"]), Beeper("b")
    async with chain_of(a, b) as chain:
        assert states(chain) == {"a": "rests", "b": "works"}
        assert b"".join(await spoken(chain)) == b.speech
        assert a.asked == 0


async def test_it_does_not_start_when_none_can():
    chain = TtsChain(makers(Beeper("a", starts=["no key"]), Beeper("b", starts=["no model"])), patience_s=60)
    with pytest.raises(EngineError, match="no tts engine can start: a: no key; b: no model"):
        await chain.start()
    await chain.close()
