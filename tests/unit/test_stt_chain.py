"""Recognisers in a chain: whoever hears has heard all of the utterance."""

import asyncio
from contextlib import aclosing, asynccontextmanager

import pytest
from support.chain_engines import BROKEN, Counter, makers
from support.vocabularies import ODD, SMALL

from roomtone.ears.formats import FRAME_BYTES
from roomtone.errors import EngineError, LanguageMissing
from roomtone_server.engines.base import HearingRequest
from roomtone_server.engines.chains.stt import MAX_KEPT_BYTES, SttChain

FRAME = b"\x01\x02" * (FRAME_BYTES // 2)
ENGLISH = HearingRequest()


@asynccontextmanager
async def chain_of(*engines):
    chain = SttChain(makers(*engines), patience_s=60)
    await chain.start()
    try:
        yield chain
    finally:
        await chain.close()
        assert not [engine.name for engine in engines if engine.open or engine.running]


@asynccontextmanager
async def hearing_of(*engines):
    async with chain_of(*engines) as chain:
        hearing = await chain.hear(ENGLISH)
        try:
            yield hearing, chain
        finally:
            await hearing.close()


def states(chain):
    return [each.state for each in chain.chain.status()]


async def feed(hearing, ms):
    for _ in range(ms // 20):
        await hearing.feed(FRAME)


async def test_the_first_hears_and_the_others_are_not_asked():
    a, b = Counter("a"), Counter("b")
    async with hearing_of(a, b) as (hearing, _):
        await feed(hearing, 100)
        assert (await hearing.preview()).text == "a heard 100"
        await feed(hearing, 100)
        assert (await hearing.finish()).text == "a heard 200"
        assert b.asked == 0


async def test_where_one_fails_while_it_is_fed_the_next_hears_it_all():
    a, b = Counter("a", fails_at_ms=60), Counter("b")
    async with hearing_of(a, b) as (hearing, chain):
        await feed(hearing, 100)
        assert (await hearing.preview()).text == "b heard 100"
        await feed(hearing, 20)
        assert (await hearing.finish()).text == "b heard 120"
        assert (a.open, states(chain)) == (0, ["rests", "works"])


@pytest.mark.parametrize("where", ["hear", "preview", "finish"])
async def test_wherever_one_fails_the_next_answers(where):
    a, b = Counter("a", fails_at=frozenset({where})), Counter("b")
    async with hearing_of(a, b) as (hearing, chain):
        await feed(hearing, 60)
        assert (await hearing.preview()).text == ("a heard 60" if where == "finish" else "b heard 60")
        await feed(hearing, 60)
        assert (await hearing.finish()).text == "b heard 120"
        assert states(chain) == ["rests", "works"]


@pytest.mark.parametrize("dies_of", [{"fails_at_ms": 60}, {"fails_at": frozenset({"partials"})}])
async def test_partials_go_on_with_whoever_hears_now(dies_of):
    a, b = Counter("a", **dies_of), Counter("b")
    seen = []

    async def watch(hearing):
        async with aclosing(hearing.partials()) as partials:
            async for partial in partials:
                seen.append(partial.text)
                told.set()

    async def until(text):
        while text not in seen:
            told.clear()
            await told.wait()

    told = asyncio.Event()
    async with hearing_of(a, b) as (hearing, _), asyncio.TaskGroup() as tasks:
        tasks.create_task(watch(hearing))
        await feed(hearing, 60)
        await until("b heard 60")
        await feed(hearing, 20)
        await until("b heard 80")
        assert (await hearing.finish()).text == "b heard 80"


async def test_two_calls_that_fail_at_once_are_one_takeover():
    a, b, c = Counter("a", fails_at=frozenset({"preview"})), Counter("b"), Counter("c")
    async with hearing_of(a, b, c) as (hearing, _):
        await feed(hearing, 40)
        async with asyncio.TaskGroup() as tasks:
            both = [tasks.create_task(hearing.preview()) for _ in range(2)]
        assert [task.result().text for task in both] == ["b heard 40"] * 2
        assert (b.asked, c.asked) == (1, 0)


async def test_when_nobody_is_left_each_call_says_so():
    a, b = Counter("a", fails_at=frozenset({"preview"})), Counter("b", fails_at_ms=40)
    async with hearing_of(a, b) as (hearing, _):
        await feed(hearing, 40)
        for call in (hearing.preview, hearing.preview, hearing.finish, lambda: hearing.feed(FRAME)):
            with pytest.raises(EngineError, match=f"no stt engine answers: a: {BROKEN}; b: {BROKEN}"):
                await call()
        with pytest.raises(EngineError, match=BROKEN):
            await anext(hearing.partials())
        assert (a.open, b.open) == (0, 0)


async def test_an_utterance_without_an_end_is_kept_only_so_far():
    a, b = Counter("a", fails_at=frozenset({"finish"})), Counter("b")
    async with hearing_of(a, b) as (hearing, _):
        for _ in range(70):
            await hearing.feed(bytes(32_000))
        assert (await hearing.finish()).text == f"b heard {MAX_KEPT_BYTES // 32}"


async def test_to_give_up_an_utterance_is_no_failure():
    a, b = Counter("a"), Counter("b")
    async with hearing_of(a, b) as (hearing, chain):
        async with asyncio.TaskGroup() as tasks:
            waiting = tasks.create_task(_refused(hearing.preview()))
            await asyncio.sleep(0)
            await hearing.close()
        assert "closed" in waiting.result()
        assert states(chain) == ["works", "works"]
        assert (a.open, b.asked) == (0, 0)
        assert [partial async for partial in hearing.partials()] == []


async def _refused(call):
    with pytest.raises(EngineError) as refused:
        await call
    return str(refused.value)


async def test_a_language_that_one_lacks_is_the_next_ones_and_no_failure():
    a, b = Counter("a"), Counter("b", languages=("de",))
    async with chain_of(a, b) as chain:
        hearing = await chain.hear(HearingRequest("de"))
        await feed(hearing, 20)
        assert (await hearing.finish()).text == "b heard 20"
        assert states(chain) == ["works", "works"]
        with pytest.raises(LanguageMissing, match="a lacks 'hi'; b: b lacks 'hi'"):
            await chain.hear(HearingRequest("hi"))


async def test_all_learn_and_the_first_tells_what_it_cannot_hear():
    a, b = Counter("a"), Counter("b")
    async with chain_of(a, b) as chain:
        assert await chain.learn(SMALL) == ["unheard by a"]
        assert a.learned == b.learned == [SMALL]


async def test_one_that_cannot_learn_keeps_nobody_from_it():
    a, b = Counter("a", languages=("de",)), Counter("b")
    async with chain_of(a, b) as chain:
        assert await chain.learn(SMALL) == ["unheard by b"]
        b.languages = ()
        with pytest.raises(EngineError, match="a lacks 'en'"):
            await chain.learn(SMALL)


async def test_one_that_starts_late_learns_what_the_others_know():
    a, b = Counter("a", starts=["no model"]), Counter("b")
    async with chain_of(a, b) as chain:
        await chain.learn(SMALL)
        await chain.learn(ODD)
        await chain.chain.members[0].start()
        assert a.learned == [ODD]
        assert states(chain) == ["works", "works"]
