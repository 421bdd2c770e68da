"""Turns that no wake word began: an announcement that expects an answer, and a button that is held."""

import asyncio
from contextlib import asynccontextmanager

from support import virtual_time
from support.scripted import SILENCE, SPEECH, ScriptedAgent, ScriptedSatellite, ScriptedStt, parts

from roomtone_server.runtime.house import House
from roomtone_server.runtime.session import Released, Woken


@asynccontextmanager
async def attended(house: House, satellite: ScriptedSatellite):
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(house.attend(satellite))
        await asyncio.sleep(0)
        yield
        satellite.switch_off()


def test_an_announcement_that_expects_an_answer_gets_one():
    async def main():
        satellite, agent = ScriptedSatellite(), ScriptedAgent()
        house = House(parts(agent=agent))
        async with attended(house, satellite):
            house.announce("s1", "The garage is open. Shall I close it?", "done", expects_answer=True)
            await satellite.until("invite")
            satellite.wake(satellite.invited, word="")
            await satellite.stream(SPEECH, 400)
            await satellite.stream(SILENCE, 1000)
            await satellite.until("ended", 2)
        assert satellite.of("chime") == [("done",)]
        assert [turn for turn, *_ in satellite.of("ended")] == [2, 4]
        assert satellite.of("ended")[1][1] == "answered"
        assert len(agent.committed) == 1

    virtual_time.run(main())


def test_an_announcement_to_which_nobody_answers_ends_without_a_word():
    async def main():
        satellite, agent = ScriptedSatellite(), ScriptedAgent()
        house = House(parts(agent=agent, stt=ScriptedStt(text="", spoken=False)))
        async with attended(house, satellite):
            house.announce("s1", "Shall I close it?", "done", expects_answer=True)
            await satellite.until("invite")
            satellite.wake(satellite.invited, word="")
            await satellite.stream(SILENCE, 6000)
            await satellite.until("ended", 2)
        assert satellite.of("ended")[1][1] == "nothing-said"
        assert len(satellite.of("reply")) == 1
        assert agent.asked == []

    virtual_time.run(main())


def test_the_utterance_of_a_held_button_lasts_until_its_release():
    async def main():
        satellite = ScriptedSatellite()
        async with attended(House(parts()), satellite):
            satellite.send(Woken(1, "", "", 0.0, 0, 0, held=True))
            for _ in range(2):
                await satellite.stream(SPEECH, 400)
                await satellite.stream(SILENCE, 3000)
            assert satellite.of("heard") == []
            satellite.send(Released(1))
            await satellite.until("ended")
        assert satellite.of("ended") == [(1, "answered", "")]
        assert satellite.times[satellite.log.index(("heard", 1))] < 6.81

    virtual_time.run(main())
