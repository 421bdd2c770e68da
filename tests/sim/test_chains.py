"""Chains on virtual time: how long an engine is waited for, how long it rests, and who tries it again."""

import asyncio
import logging
from contextlib import asynccontextmanager

import pytest
from support import virtual_time
from support.chain_engines import Beeper, Counter, Model, makers
from support.vocabularies import SMALL

from roomtone.errors import EngineError
from roomtone_server.engines.base import ChatMessage, ChatRequest, HearingRequest, SpeechRequest
from roomtone_server.engines.chains.llm import LlmChain
from roomtone_server.engines.chains.stt import SttChain
from roomtone_server.engines.chains.tts import TtsChain
from roomtone_server.runtime.replies import Replies

HELLO = SpeechRequest("Hello.")
FRAME = bytes(640)


@asynccontextmanager
async def started(chain):
    await chain.start()
    async with asyncio.TaskGroup() as tasks:
        tending = tasks.create_task(chain.chain.tend())
        yield chain
        tending.cancel()
    await chain.close()


def now():
    return asyncio.get_running_loop().time()


async def spoken(voice, request=HELLO):
    return b"".join([chunk async for chunk in voice.speak(request)])


def states(chain):
    return [each.state for each in chain.chain.status()]


def test_one_that_is_too_slow_is_replaced_and_rests():
    async def main():
        a, b = Beeper("a", takes_s=30), Beeper("b", takes_s=0.5)
        async with started(TtsChain(makers(a, b), patience_s=2)) as chain:
            assert await spoken(chain) == b.speech
            assert now() == pytest.approx(2.5)
            assert a.open == 0, "it is not left talking to itself"
            [first, _] = chain.chain.status()
            assert (first.state, first.rests_s) == ("rests", 4.5)
            assert first.why == "it gave nothing within 2 s; patience_s.tts is how long it may take"
            assert await spoken(chain) == b.speech
            assert now() == pytest.approx(3.0), "nobody waits for it again"

    virtual_time.run(main())


def test_the_last_one_gets_all_the_time_it_wants():
    async def main():
        a, b = Beeper("a", fails_at=0), Beeper("b", takes_s=30)
        async with started(TtsChain(makers(a, b), patience_s=2)) as chain:
            assert await spoken(chain) == b.speech
            assert now() == pytest.approx(30)
            assert states(chain) == ["on-trial", "works"]

    virtual_time.run(main())


def test_it_is_waited_for_only_until_its_first_sound():
    async def main():
        async with started(LlmChain(makers(Model("a", takes_s=1.9), Model("b")), patience_s=2)) as chain:
            pieces = []
            async for piece in chain.chat(ChatRequest("", (ChatMessage("user", "Hello"),))):
                pieces.append(piece)
                await asyncio.sleep(10)
            assert pieces == list(Model().pieces)
            assert states(chain) == ["works", "works"]

    virtual_time.run(main())


def test_who_has_rested_is_tried_by_one_and_rests_longer_or_works_again():
    async def main():
        a, b = Beeper("a", fails_at=0), Beeper("b")
        async with started(TtsChain(makers(a, b), patience_s=2)) as chain:
            await spoken(chain)
            await asyncio.sleep(5)
            assert states(chain) == ["on-trial", "works"]
            await spoken(chain)
            assert chain.chain.status()[0].rests_s == 10
            await asyncio.sleep(10)
            a.fails_at, a.takes_s = None, 1
            async with asyncio.TaskGroup() as tasks:
                both = [tasks.create_task(spoken(chain)) for _ in range(2)]
            assert [task.result() for task in both] == [a.speech, b.speech], "one tries it, the other does not wait"
            assert states(chain) == ["works", "works"]
            assert await spoken(chain) == a.speech

    virtual_time.run(main())


def test_a_trial_that_nobody_waited_for_leaves_it_to_the_next():
    async def main():
        a, b = Beeper("a", fails_at=0), Beeper("b")
        async with started(TtsChain(makers(a, b), patience_s=2)) as chain:
            await spoken(chain)
            await asyncio.sleep(5)
            a.fails_at, a.takes_s = None, 1
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await spoken(chain)
            assert states(chain) == ["on-trial", "works"]
            assert await spoken(chain) == a.speech
            assert states(chain) == ["works", "works"]

    virtual_time.run(main())


def test_what_cannot_start_is_started_when_it_has_rested(caplog):
    async def main():
        a, b = Counter("a", starts=["no model", "no model yet"]), Counter("b")
        async with started(SttChain(makers(a, b), patience_s=2)) as chain:
            await chain.learn(SMALL)
            await asyncio.sleep(4.9)
            assert (states(chain), chain.chain.status()[0].why) == (["rests", "works"], "no model")
            await asyncio.sleep(0.2)
            assert (states(chain), chain.chain.status()[0].why) == (["rests", "works"], "no model yet")
            await asyncio.sleep(10)
            assert states(chain) == ["works", "works"]
            assert a.learned == [SMALL]
            assert (a.running, b.running) == (1, 1)
        assert (a.running, b.running) == (0, 0)

    with caplog.at_level(logging.INFO):
        virtual_time.run(main())
    assert [record.message for record in caplog.records if "engine" in record.message] == [
        "stt engine a rests for 5 s: no model",
        "stt engine a rests for 10 s: no model yet",
        "stt engine a works again",
    ]


def test_all_start_side_by_side():
    class Slow(Beeper):
        async def start(self):
            await asyncio.sleep(3)
            await super().start()

    async def main():
        async with started(TtsChain(makers(Slow("a"), Slow("b")), patience_s=2)):
            assert now() == pytest.approx(3)

    virtual_time.run(main())


@pytest.mark.parametrize(("slow", "hears_after_s"), [({"takes_s": 30}, 2.0), ({"feed_takes_s": 30}, 2.0)])
def test_a_recogniser_is_too_slow_in_whatever_it_does(slow, hears_after_s):
    async def main():
        a, b = Counter("a", **slow), Counter("b")
        async with started(SttChain(makers(a, b), patience_s=2)) as chain:
            hearing = await chain.hear(HearingRequest())
            for _ in range(3):
                await hearing.feed(FRAME)
            assert (await hearing.preview()).text == "b heard 60"
            assert now() == pytest.approx(hears_after_s)
            await hearing.close()
            assert a.open == b.open == 0

    virtual_time.run(main())


def test_a_transcript_that_does_not_come_is_the_next_ones_though_audio_goes_on():
    async def main():
        a, b = Counter("a"), Counter("b")
        async with started(SttChain(makers(a, b), patience_s=2)) as chain:
            hearing = await chain.hear(HearingRequest())
            await hearing.feed(FRAME)
            a.takes_s = 30
            async with asyncio.TaskGroup() as tasks:
                preview = tasks.create_task(hearing.preview())
                for _ in range(20):
                    await asyncio.sleep(0.02)
                    await hearing.feed(FRAME)
                assert now() == pytest.approx(0.4), "audio is not kept waiting"
            assert preview.result().text == "b heard 420"
            assert (await hearing.finish()).text == "b heard 420"

    virtual_time.run(main())


def test_an_utterance_that_is_given_up_during_a_takeover_is_left_open_nowhere():
    async def main():
        a, b = Counter("a", fails_at_ms=20), Counter("b", takes_s=1)
        async with started(SttChain(makers(a, b), patience_s=2)) as chain:
            hearing = await chain.hear(HearingRequest())
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(hearing.feed(FRAME))
                await asyncio.sleep(0.5)
                await hearing.close()
            assert (a.open, b.asked, b.open) == (0, 1, 0)

    virtual_time.run(main())


def test_a_turn_that_is_over_during_a_takeover_ends_it():
    async def main():
        a, b = Counter("a", fails_at_ms=20), Counter("b", feed_takes_s=1)
        async with started(SttChain(makers(a, b), patience_s=2)) as chain:
            hearing = await chain.hear(HearingRequest())
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await hearing.feed(FRAME)
            await hearing.close()
            assert (a.open, b.asked, b.open) == (0, 1, 0)
            assert states(chain) == ["rests", "works"]

    virtual_time.run(main())


def test_whoever_waits_no_longer_for_a_takeover_takes_nobody_out_of_the_chain():
    """A preview that is discarded while the next engine hears what was kept, say."""

    async def main():
        a, b = Counter("a", fails_at=frozenset({"preview"})), Counter("b", takes_s=1)
        async with started(SttChain(makers(a, b), patience_s=2)) as chain:
            hearing = await chain.hear(HearingRequest())
            await hearing.feed(FRAME)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await hearing.preview()
            await hearing.feed(FRAME)
            assert (await hearing.finish()).text == "b heard 40"
            assert (a.open, b.asked, b.open) == (0, 2, 0)
            assert states(chain) == ["rests", "works"]

    virtual_time.run(main())


def test_a_reply_that_another_voice_spoke_is_not_said_again_by_it():
    """What was spoken ahead and broke off in the middle is spoken anew, whole."""

    async def main():
        a, b = Beeper("a", fails_at=2), Beeper("b", tone_hz=880)
        async with started(TtsChain(makers(a, b), patience_s=2)) as chain:
            replies = Replies(chain, changes=lambda: chain.chain.changes)
            await replies.prepare(HELLO)
            assert await spoken(replies) == await spoken(replies) == b.speech
            assert b.asked == 2, "once after a, once whole; then it was remembered"
            a.fails_at = None
            await asyncio.sleep(5)
            other = SpeechRequest("Good day.")
            assert await spoken(replies, other) == a.speech
            assert await spoken(replies) == a.speech

    virtual_time.run(main())


def test_before_it_is_started_nobody_answers():
    async def main():
        chain = TtsChain(makers(Beeper("a", fails_at=0), Beeper("b", fails_at=0)), patience_s=2)
        with pytest.raises(EngineError, match="no tts engine answers: a has not started; b has not started"):
            await spoken(chain)

    virtual_time.run(main())
