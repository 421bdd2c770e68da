"""One utterance in a cascade, on virtual time: whom it is asked of, and what the open recogniser has heard by then."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from support import virtual_time
from support.chain_engines import BROKEN, Count, Counter

from roomtone.errors import EngineError
from roomtone_server.engines.base import HearingRequest, Transcript
from roomtone_server.engines.stt.cascade import Cascade

FRAME = bytes(640)  # 20 ms

SURE = Transcript("turn on the lamp", doubt=0.1)
UNFINISHED = Transcript("close the blinds", doubt=0.2, finished=False)
TURNED_DOWN = Transcript("", rejected="turn on the lamp", doubt=0.9)
COUGH = Transcript("", spoken=False)


@dataclass
class Grammar(Counter):
    """Says of every utterance the same."""

    says: Transcript = field(default=SURE)

    async def hear(self, request):
        await super().hear(request)
        self.open -= 1
        return Said(self)


class Said(Count):
    async def _transcript(self, what):
        await super()._transcript(what)
        return self._counter.says


@asynccontextmanager
async def utterance(says, has_room=True, frames=3, **open_options):
    grammar, open_ = Grammar("grammar", says=says), Counter("open", **open_options)
    cascade = Cascade(grammar, open_, lambda: has_room)
    await cascade.start()
    hearing = await cascade.hear(HearingRequest())
    for _ in range(frames):
        await hearing.feed(FRAME)
    yield hearing, open_
    await hearing.close()
    await cascade.close()
    assert (grammar.open, open_.open, grammar.running, open_.running) == (0, 0, 0, 0)


@pytest.mark.parametrize("says", [SURE, COUGH], ids=["sure", "cough"])
@pytest.mark.parametrize("ask", ["preview", "finish"])
def test_what_the_grammar_knows_is_not_asked_of_the_open_one(says, ask):
    async def main():
        async with utterance(says) as (hearing, open_):
            assert await getattr(hearing, ask)() == says
            assert open_.asked == 0

    virtual_time.run(main())


@pytest.mark.parametrize("ask", ["preview", "finish"])
def test_what_is_turned_down_is_the_open_one_s_alone(ask):
    async def main():
        async with utterance(TURNED_DOWN) as (hearing, _):
            assert await getattr(hearing, ask)() == Transcript("open heard 60")

    virtual_time.run(main())


def test_what_sounds_unfinished_goes_on_sounding_so_whoever_wrote_it():
    async def main():
        async with utterance(UNFINISHED) as (hearing, _):
            assert await hearing.preview() == Transcript("open heard 60", finished=False)

    virtual_time.run(main())


def test_it_hears_from_the_beginning_though_it_opens_late_and_audio_comes_meanwhile():
    async def main():
        async with utterance(TURNED_DOWN, takes_s=1, feed_takes_s=0.1) as (hearing, open_):
            async with asyncio.TaskGroup() as tasks:
                previews = [tasks.create_task(hearing.preview()) for _ in range(2)]
                for _ in range(100):
                    await asyncio.sleep(0.02)
                    await hearing.feed(FRAME)
            assert open_.asked == 1
            assert previews[0].result().text.startswith("open heard ")
            assert (await hearing.finish()).text == "open heard 2060"

    virtual_time.run(main())


@pytest.mark.parametrize("fails_at", ["hear", "preview"])
def test_where_the_open_one_fails_what_the_grammar_said_stands(fails_at):
    async def main():
        async with utterance(TURNED_DOWN, fails_at=frozenset({fails_at})) as (hearing, open_):
            assert await hearing.preview() == TURNED_DOWN
            await hearing.feed(FRAME)
            open_.fails_at = frozenset()
            assert (await hearing.finish()).text == "open heard 80"

    virtual_time.run(main())


def test_one_that_breaks_off_in_the_middle_hears_all_of_it_anew_when_it_is_asked_again():
    async def main():
        async with utterance(TURNED_DOWN, fails_at_ms=80) as (hearing, open_):
            assert (await hearing.preview()).text == "open heard 60"
            await hearing.feed(FRAME)
            open_.fails_at_ms = None
            assert (await hearing.finish()).text == "open heard 80"
            assert open_.asked == 2

    virtual_time.run(main())


def test_partials_are_the_grammar_s_and_where_that_fails_the_open_one_s():
    async def main():
        async with utterance(SURE) as (hearing, _):
            partials = hearing.partials()
            assert (await anext(partials)).text == "grammar heard 60"
            hearing._grammar._counter.fails_at = frozenset({"partials"})
            await hearing.feed(FRAME)
            assert (await anext(partials)).text == "open heard 80"
            await hearing.close()
            assert [partial async for partial in partials] == []

    virtual_time.run(main())


def test_where_both_fail_it_is_an_error():
    async def main():
        async with utterance(SURE, fails_at=frozenset({"preview"})) as (hearing, _):
            hearing._grammar._counter.fails_at = frozenset({"preview"})
            with pytest.raises(EngineError, match=BROKEN):
                await hearing.preview()

    virtual_time.run(main())


def test_without_room_nothing_is_asked():
    async def main():
        async with utterance(TURNED_DOWN, has_room=False) as (hearing, open_):
            assert await hearing.finish() == TURNED_DOWN
            assert open_.asked == 0

    virtual_time.run(main())


@pytest.mark.parametrize("after_s", [0.5, 1.0, 1.5])
def test_closed_while_the_open_one_is_asked_tells_who_waits_and_leaves_nothing_open(after_s):
    async def refused(hearing):
        with pytest.raises(EngineError):
            await hearing.preview()

    async def main():
        async with utterance(TURNED_DOWN, takes_s=1) as (hearing, _), asyncio.TaskGroup() as tasks:
            tasks.create_task(refused(hearing))
            await asyncio.sleep(after_s)
            await hearing.close()

    virtual_time.run(main())
