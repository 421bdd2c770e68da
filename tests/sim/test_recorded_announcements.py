"""Announcements that somebody else has spoken, on virtual time: their audio is played as it is, at its own rate."""

import asyncio
from contextlib import asynccontextmanager

from support import virtual_time
from support.scripted import ScriptedSatellite, ScriptedTts, parts

from roomtone_server.runtime.house import House
from roomtone_server.runtime.recording import Recording

RATE_HZ = 24_000
SECOND = b"\x01\x02" * RATE_HZ


@asynccontextmanager
async def attended(house, satellite):
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(house.attend(satellite))
        await asyncio.sleep(0)
        yield
        satellite.switch_off()


def test_it_is_played_as_it_is_and_known_when_it_was_heard():
    async def main():
        satellite, tts = ScriptedSatellite(), ScriptedTts()
        house, recording = House(parts(tts=tts)), Recording(SECOND, RATE_HZ, "Dinner is ready")
        async with attended(house, satellite):
            with house.parts.trace.watch() as events:
                house.announce("s1", recording, "done")
                assert (await events.get()).to_dict()["data"] == {"text": "Dinner is ready"}
            await satellite.until("play")
            assert not recording.was_heard.is_set()
            await recording.was_heard.wait()
            await satellite.until("ended")
        assert satellite.of("begin") == [(2, RATE_HZ)]
        assert satellite.of("reply") == [(2, "Dinner is ready")]
        assert [samples for _, samples in satellite.of("play")] == [RATE_HZ // 10] * 10
        assert satellite.of("ended") == [(2, "answered", "")]
        assert tts.asked == []

    virtual_time.run(main())


def test_it_waits_for_a_turn_and_a_text_is_not_needed():
    async def main():
        satellite = ScriptedSatellite()
        house = House(parts())
        async with attended(house, satellite), asyncio.TaskGroup() as tasks:
            tasks.create_task(satellite.utter(1))
            await satellite.until("partial")
            house.announce("s1", Recording(SECOND, RATE_HZ), "done")
            await satellite.until("ended", 2)
        assert [turn for turn, _ in satellite.of("begin")] == [1, 2]
        assert satellite.of("reply")[-1] == (2, "")

    virtual_time.run(main())


def test_one_that_cannot_be_played_now_is_never_played():
    async def main():
        satellite, recording = ScriptedSatellite(), Recording(SECOND * 60, RATE_HZ)
        house = House(parts())
        house.announce("s1", Recording(SECOND, RATE_HZ), "done")
        async with attended(house, satellite):
            house.announce("s1", recording, "done")
            await satellite.until("play", 5)
        again = ScriptedSatellite()
        async with attended(house, again):
            await asyncio.sleep(3600)
        assert not recording.was_heard.is_set()
        assert again.of("begin") == []

    virtual_time.run(main())
