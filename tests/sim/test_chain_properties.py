"""Whatever fails or is slow, and whoever waits no longer: an utterance is heard whole by the last that works."""

import asyncio
from contextlib import aclosing

from hypothesis import given, settings
from hypothesis import strategies as st
from support import virtual_time
from support.chain_engines import Counter, makers

from roomtone_server.engines.base import HearingRequest
from roomtone_server.engines.chains.stt import SttChain

FRAME = bytes(640)
PATIENCE_S = 1.0

counters = st.builds(
    Counter,
    fails_at_ms=st.none() | st.integers(1, 10).map(lambda frames: 20 * frames),
    fails_at=st.frozensets(st.sampled_from(["hear", "partials", "preview", "finish"]), max_size=2),
    takes_s=st.sampled_from([0.0, 0.1, 0.5, 5.0]),
    feed_takes_s=st.sampled_from([0.0, 0.0, 0.01, 5.0]),
)
feeds = st.just(("feed", 0.0))
previews = st.tuples(st.just("preview"), st.sampled_from([0.0, 0.05, 0.3, 1.2, 30.0]))  # who waits so long for it
acts = st.lists(feeds | previews, max_size=12)


async def watch(hearing, seen):
    async with aclosing(hearing.partials()) as partials:
        async for partial in partials:
            seen.append(partial.text)


async def preview(hearing, waits_s):
    try:
        async with asyncio.timeout(waits_s):
            await hearing.preview()
    except TimeoutError:
        pass


async def live_through(engines, acts):
    chain = SttChain(makers(*engines), PATIENCE_S)
    await chain.start()
    hearing, fed_ms, seen = await chain.hear(HearingRequest()), 0, []
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watch(hearing, seen))
        for act, waits_s in acts:
            if act == "feed":
                await hearing.feed(FRAME)
                fed_ms += 20
            else:
                tasks.create_task(preview(hearing, waits_s))
                await asyncio.sleep(min(waits_s, 0.2))
        transcript = await hearing.finish()
        await hearing.close()
    await chain.close()
    return transcript.text, fed_ms, seen


@settings(max_examples=100)
@given(first=counters, second=counters, acts=acts)
def test_an_utterance_is_heard_whole(first, second, acts):
    first.name, second.name = "a", "b"
    last = Counter("c", takes_s=0.2)
    text, fed_ms, seen = virtual_time.run(live_through([first, second, last], acts))
    who, _, heard_ms = text.split()
    assert (int(heard_ms), who) == (fed_ms, who)
    hearers = [partial.split()[0] for partial in seen]
    assert hearers == sorted(hearers), "nobody hears again who was replaced"
    assert max(hearers, default="a") <= who
    assert [engine.open for engine in (first, second, last)] == [0, 0, 0]
