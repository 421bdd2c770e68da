"""The runtime around the turn machine, on virtual time: a satellite and engines that do as a test says."""

import asyncio
import logging
from contextlib import asynccontextmanager

import pytest
from support import virtual_time
from support.scripted import SILENCE, SPEECH, ScriptedAgent, ScriptedSatellite, ScriptedStt, ScriptedTts, parts

from roomtone.errors import EngineError
from roomtone_server.agent.base import Due, Finished
from roomtone_server.runtime.house import House
from roomtone_server.runtime.listening import MAX_BEHIND_FRAMES
from roomtone_server.runtime.parts import EndpointSettings, TurnSettings
from roomtone_server.runtime.speaking import AHEAD_S


@asynccontextmanager
async def attended(house: House, *satellites: ScriptedSatellite):
    async with asyncio.TaskGroup() as tasks:
        for satellite in satellites:
            tasks.create_task(house.attend(satellite))
        await asyncio.sleep(0)
        yield
        for satellite in satellites:
            satellite.switch_off()


def test_one_turn_from_wake_to_done():
    async def main():
        satellite, stt, agent = ScriptedSatellite(), ScriptedStt(), ScriptedAgent()
        async with attended(House(parts(stt=stt, agent=agent)), satellite):
            await satellite.utter(1)
            await satellite.until("ended")
        kinds = [entry[0] for entry in satellite.log if entry[0] not in ("partial", "play")]
        assert kinds == ["heard", "transcript", "reply", "begin", "end-reply", "ended"]
        assert satellite.of("partial")[-1] == (1, "turn on the light")
        assert satellite.of("transcript") == [(1, "turn on the light")]
        assert satellite.of("ended") == [(1, "answered", "")]
        assert sum(samples for _, samples in satellite.of("play")) == 22_050
        assert stt.requests[0].wake_phrase == "okay nabu"
        assert agent.asked[0].area == "Kitchen"
        assert stt.open == 0
        assert satellite.times[satellite.log.index(("heard", 1))] == pytest.approx(1.5, abs=0.021)

    virtual_time.run(main())


def test_reply_audio_is_never_far_ahead_of_the_speaker():
    async def main():
        satellite = ScriptedSatellite()
        async with attended(House(parts(tts=ScriptedTts(seconds=5))), satellite):
            await satellite.utter(1)
            await satellite.until("ended")
        played = [(t, e[2]) for t, e in zip(satellite.times, satellite.log, strict=True) if e[0] == "play"]
        start, sent_s = played[0][0], 0.0
        for at, samples in played:
            assert at - start <= sent_s, "sent too late: the speaker ran dry"
            sent_s += samples / 22_050
            assert sent_s - (at - start) <= AHEAD_S + 1e-9, "sent too early"
        assert sent_s == pytest.approx(5.0)

    virtual_time.run(main())


def test_a_failing_engine_ends_the_turn_and_not_the_microphone():
    async def main():
        satellite, stt = ScriptedSatellite(), ScriptedStt(fails="the worker died")
        house = House(parts(stt=stt))
        async with attended(house, satellite):
            await satellite.utter(1)
            await satellite.until("ended")
            assert house.parts.faults == {"hearing": "the worker died"}
            stt.fails = ""
            await satellite.utter(3)
            await satellite.until("ended", 2)
            assert house.parts.faults == {}
        assert satellite.of("ended") == [(1, "failed", "the worker died"), (3, "answered", "")]

    virtual_time.run(main())


@pytest.mark.parametrize("breaks", [EngineError("the voice is gone"), ZeroDivisionError("a fault of ours")])
def test_what_an_agent_raises_ends_its_turn_only(breaks, caplog):
    async def main():
        satellite, agent = ScriptedSatellite(), ScriptedAgent(breaks=breaks)
        async with attended(House(parts(agent=agent)), satellite):
            await satellite.utter(1)
            await satellite.until("ended")
            agent.breaks = None
            await satellite.utter(3)
            await satellite.until("ended", 2)
        [(_, outcome, text), second] = satellite.of("ended")
        assert (outcome, second) == ("failed", (3, "answered", ""))
        assert text

    with caplog.at_level(logging.ERROR):
        virtual_time.run(main())
    assert ("a fault of ours" in caplog.text) == isinstance(breaks, ZeroDivisionError)


def test_an_agent_that_never_answers():
    async def main():
        satellite = ScriptedSatellite()
        async with attended(House(parts(agent=ScriptedAgent(takes_s=1e6))), satellite):
            await satellite.utter(1)
            await satellite.until("ended")
        assert satellite.of("ended") == [(1, "failed", "no answer was found in time")]

    virtual_time.run(main())


@pytest.mark.parametrize("after_ms", [200, 1500, 1705, 2200])
def test_a_satellite_that_vanishes_leaves_nothing_behind(after_ms):
    """In mid-sentence, at the endpoint, in mid-reply: `virtual_time.run` fails on leaked tasks."""

    async def main():
        satellite, stt, tts = ScriptedSatellite(), ScriptedStt(), ScriptedTts(seconds=3)
        house = House(parts(stt=stt, tts=tts))
        async with asyncio.TaskGroup() as tasks:
            attending = tasks.create_task(house.attend(satellite))
            talking = tasks.create_task(satellite.utter(1))
            await asyncio.sleep(after_ms / 1000)
            talking.cancel()
            satellite.switch_off()
            await asyncio.wait([attending])
        assert satellite.of("ended") == [(1, "lost", "")]
        assert (stt.open, tts.speaking) == (0, 0)
        assert house.satellites == []

    virtual_time.run(main())


def test_a_wake_word_during_the_reply_stops_it():
    async def main():
        satellite, tts = ScriptedSatellite(plays=False), ScriptedTts(seconds=30)
        async with attended(House(parts(tts=tts)), satellite):
            await satellite.utter(1)
            await satellite.until("play", 5)
            satellite.wake(3)
            await satellite.until("ended")
            sent = len(satellite.of("play"))
            await satellite.stream(SPEECH, 100)
            assert len(satellite.of("play")) == sent
            assert tts.speaking == 0
        assert satellite.of("flush")[0] == (1,)
        assert satellite.of("ended")[0] == (1, "cancelled", "")

    virtual_time.run(main())


def test_a_question_is_followed_by_an_invitation():
    async def main():
        agent = ScriptedAgent(reply="Shall I?", finished=Finished(understood=True, expects_answer=True))
        satellite = ScriptedSatellite()
        async with attended(House(parts(agent=agent)), satellite):
            await satellite.utter(1)
            await satellite.until("invite")
            assert satellite.invited == 2
            agent.finished = Finished(understood=True)
            satellite.wake(2, word="")
            await satellite.stream(SPEECH, 400)
            await satellite.stream(bytes(640), 1000)
            await satellite.until("ended", 2)
        assert satellite.of("ended") == [(1, "answered", ""), (2, "answered", "")]
        assert [request.conversation for request in agent.asked] == ["s1", "s1"]

    virtual_time.run(main())


def test_a_recogniser_that_does_not_keep_up():
    async def main():
        satellite = ScriptedSatellite()
        patient = TurnSettings(EndpointSettings(nothing_said_ms=60_000))
        async with attended(House(parts(stt=ScriptedStt(feed_takes_s=1e3), turn=patient)), satellite):
            satellite.wake(1)
            for _ in range(MAX_BEHIND_FRAMES + 5):
                await satellite.stream(SPEECH, 20)
                if satellite.of("ended") or satellite.of("heard"):
                    break
            await satellite.until("ended")
        assert satellite.of("ended") == [(1, "failed", "the recogniser does not keep up with the microphone")]

    virtual_time.run(main())


def test_a_timer_rings_where_it_was_set_and_waits_for_a_satellite_that_is_away():
    async def main():
        agent = ScriptedAgent(dues=[Due("s1", "one"), Due("s2", "two")])
        house = House(parts(agent=agent))
        here, away = ScriptedSatellite("s1"), ScriptedSatellite("s2", "Office")
        async with asyncio.TaskGroup() as tasks:
            async with attended(house, here):
                delivering = tasks.create_task(house.deliver_dues())
                await here.until("ended")
            assert here.of("reply") == [(2, "one")]
            assert here.of("chime") == [("timer",)]
            async with attended(house, away):
                await away.until("ended")
            assert away.of("reply") == [(2, "two")]
            delivering.cancel()

    virtual_time.run(main())


def test_a_timer_of_no_satellite_rings_everywhere_or_else_at_the_first_that_comes():
    async def main():
        house = House(parts())
        house.announce("", "nobody is there", "timer")
        kitchen, office = ScriptedSatellite("s1", "Kitchen"), ScriptedSatellite("s2", "Office")
        async with attended(house, kitchen):
            await kitchen.until("ended")
        async with attended(house, kitchen := ScriptedSatellite("s1", "Kitchen"), office):
            house.announce("", "both are there", "timer")
            await kitchen.until("ended")
            await office.until("ended")
        assert kitchen.of("reply") == office.of("reply") == [(2, "both are there")]

    virtual_time.run(main())


def test_what_an_old_connection_could_not_say_is_said_on_the_new_one():
    async def main():
        house, old, new = House(parts()), ScriptedSatellite(plays=False), ScriptedSatellite()
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(house.attend(old))
            await asyncio.sleep(0)
            house.announce("s1", "the timer", "timer")
            await old.until("begin")
            second = tasks.create_task(house.attend(new))
            await asyncio.wait([first])
            await new.until("ended")
            assert new.of("reply") == [(2, "the timer")]
            house.dismiss("s1")
            await asyncio.sleep(0)  # it knows, and is not gone yet
            house.announce("s1", "too late for this one", "timer")
            await asyncio.wait([second])
        assert new.of("reply") == [(2, "the timer")]
        async with attended(house, again := ScriptedSatellite()):
            await again.until("ended")
        assert again.of("reply") == [(2, "too late for this one")]

    virtual_time.run(main())


def test_a_second_connection_of_one_satellite_takes_over():
    async def main():
        house, old, new = House(parts()), ScriptedSatellite(), ScriptedSatellite()
        async with asyncio.TaskGroup() as tasks:
            first = tasks.create_task(house.attend(old))
            await asyncio.sleep(1)
            second = tasks.create_task(house.attend(new))
            await asyncio.wait([first])
            assert [satellite.id for satellite in house.satellites] == ["s1"]
            await new.utter(1)
            await new.until("ended")
            house.dismiss("s1")
            await asyncio.wait([second])
        assert house.satellites == []

    virtual_time.run(main())


def test_two_satellites_have_two_turns_at_once():
    async def main():
        kitchen, office = ScriptedSatellite("s1", "Kitchen"), ScriptedSatellite("s2", "Office")
        async with attended(House(parts()), kitchen, office):
            await asyncio.gather(kitchen.utter(1), office.utter(1))
            await kitchen.until("ended")
            await office.until("ended")
        assert kitchen.times == office.times

    virtual_time.run(main())


def test_the_answer_is_ready_when_the_silence_is_over():
    """Everything but its effect happens before the endpoint, and once."""

    async def main():
        satellite, agent, stt = ScriptedSatellite(), ScriptedAgent(takes_s=0), ScriptedStt(final_after_s=0.1)
        house = House(parts(stt=stt, agent=agent, tts=ScriptedTts(delay_s=0.2)))
        with house.parts.trace.watch() as happened:
            async with attended(house, satellite):
                await satellite.utter(1)
                await satellite.until("ended")
        times = dict(zip([entry[0] for entry in satellite.log], satellite.times, strict=True))
        assert times["begin"] == times["heard"], "the reply sounds the moment the endpoint is found"
        assert len(agent.asked) == len(agent.committed) == 1
        order = [event.what for event in drained(happened)]
        assert order.index("speculated") < order.index("endpoint") < order.index("committed")
        assert "discarded" not in order

    virtual_time.run(main())


def test_nothing_is_done_before_the_endpoint_and_nothing_that_was_discarded():
    """Whoever goes on speaking has three answers prepared, and one carried out."""

    async def main():
        satellite, agent, stt = ScriptedSatellite(), ScriptedAgent(), ScriptedStt(final_after_s=0.05)
        async with attended(House(parts(stt=stt, agent=agent)), satellite):
            satellite.wake(1)
            await satellite.stream(SPEECH, 1000)
            for text in ("turn on the light in", "turn on the light in the", "turn on the light in the kitchen"):
                await satellite.stream(SILENCE, 300)
                assert agent.committed == []
                stt.text = text
                await satellite.stream(SPEECH, 500)
            await satellite.stream(SILENCE, 3000)
            await satellite.until("ended")
        assert len(agent.asked) >= 3
        assert agent.committed == ["turn on the light in the kitchen"]

    virtual_time.run(main())


def test_what_asks_for_confirmation_is_not_spoken_ahead():
    async def main():
        tts = ScriptedTts()
        satellite, agent = ScriptedSatellite(), ScriptedAgent(speculative=False)
        async with attended(House(parts(agent=agent, tts=tts)), satellite):
            satellite.wake(1)
            await satellite.stream(SPEECH, 1000)
            await satellite.stream(SILENCE, 300)
            assert len(agent.asked) == 1
            assert tts.asked == []
            await satellite.stream(SILENCE, 1000)
            await satellite.until("ended")
        assert tts.asked == ["Turned on the light"]

    virtual_time.run(main())


def test_a_cough_is_not_answered():
    async def main():
        satellite, agent = ScriptedSatellite(), ScriptedAgent()
        async with attended(House(parts(stt=ScriptedStt(text="", spoken=False), agent=agent)), satellite):
            await satellite.utter(1)
            await satellite.until("ended")
        assert satellite.of("ended") == [(1, "nothing-said", "")]
        assert agent.asked == []
        assert satellite.of("begin") == []

    virtual_time.run(main())


def drained(happened):
    return [happened.get_nowait() for _ in range(happened.qsize())]
