"""Whatever a browser sends in whatever order: the conversation goes on, and nothing of it is left behind."""

import asyncio
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from support import virtual_time
from support.browser_voice import SILENCE, SPEECH, WORD, at_home
from support.satellite_parts import ScriptedWake
from support.scripted import ScriptedAgent, ScriptedStt, ScriptedTts, parts

from roomtone.errors import FrameError
from roomtone_server.agent.base import Finished
from roomtone_server.runtime.house import EVERYWHERE, House

HOLDS_S = 90.0  # longer than anything that a turn waits for

turns = st.integers(0, 8)
times = st.none() | st.floats(0, 1e6)
anything = st.one_of(
    st.tuples(
        st.just("start"),
        st.fixed_dictionaries({"rate": st.just(16_000), "mode": st.sampled_from(["hold", "wake", "open"])}),
    ),
    st.tuples(st.sampled_from(["stop", "hold", "release", "listen", "cancel"]), st.just({})),
    st.tuples(st.just("position"), st.fixed_dictionaries({"sample": st.integers(0, 10**7), "at": times})),
    st.tuples(
        st.just("played"),
        st.fixed_dictionaries({"turn": turns, "samples": st.integers(0, 10**5), "done": st.booleans(), "at": times}),
    ),
    st.tuples(st.just("pong"), st.fixed_dictionaries({"id": turns, "at": times})),
    st.tuples(st.just("announcement"), st.booleans()),
    st.tuples(st.just("hear"), st.sampled_from([WORD, SPEECH * 3, SPEECH * 60, SILENCE * 80, SPEECH[:500]])),
    st.tuples(st.just("wait"), st.sampled_from([0.1, 1.0, 12.0])),
).map(lambda one: [one])
# So that replies sound, and somebody speaks into them.
asking = [
    ("start", {"rate": 16_000, "mode": "hold"}),
    ("hold", {}),
    ("hear", SPEECH * 30),
    ("release", {}),
    ("wait", 0.3),
]
coughing = [("hear", SPEECH * 5), ("hear", SILENCE * 20)]
speaking = [("hear", SPEECH * 45), ("hear", SILENCE * 20)]
happenings = st.lists(
    st.one_of(anything, st.sampled_from([asking, asking, asking, coughing, speaking, speaking])),
    min_size=10,
    max_size=20,
).map(lambda parts: [one for part in parts for one in part])


@settings(max_examples=60)
@given(happenings, st.booleans(), st.booleans(), st.booleans())
def test_any_order(script, plays, asks, spoken):
    async def main():
        agent = ScriptedAgent(finished=Finished(understood=True, expects_answer=asks))
        stt = ScriptedStt(spoken=spoken, text="what time is it" if spoken else "")
        house = House(parts(agent=agent, stt=stt, tts=ScriptedTts(seconds=1.5)))
        async with at_home(house, mode="open", plays=plays, wake=ScriptedWake) as browser:
            for kind, what in script:
                await asyncio.sleep(0)
                match kind:
                    case "wait":
                        await asyncio.sleep(what)
                    case "hear":
                        with suppress(FrameError):
                            await browser.stream(what)
                    case "announcement":
                        house.announce(EVERYWHERE, "The tea is ready", "done", expects_answer=what)
                    case _:
                        with suppress(FrameError):
                            browser.tell(kind, **what)
            browser.tell("stop")
            agent.finished = Finished(understood=True)
            await asyncio.sleep(HOLDS_S)
            assert browser.session.lost is None
            began = {event["turn"] for kind, event in browser.log if kind in ("listening", "audio")}
            assert began <= {event["turn"] for event in browser.of("ended")}, "each turn that it was told of has ended"
            sounding = None
            for kind, event in browser.log:
                if kind == "audio":
                    sounding = event["turn"]
                elif kind in ("pause", "resume", "audio-end"):
                    assert event["turn"] == sounding
                elif kind == "flush":
                    sounding = None
        assert stt.open == 0

    virtual_time.run(main())
