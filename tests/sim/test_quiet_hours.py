"""In quiet hours replies are softer, and what rings is not; on virtual time."""

import asyncio

import numpy as np
import pytest
from support import virtual_time
from support.scripted import ScriptedSatellite, ScriptedTts, parts

from roomtone_server.runtime.house import House

LOUD, SOFT = 20_000, 8_000


class Ear(ScriptedSatellite):
    """Notes how loud what is played is."""

    def __init__(self):
        super().__init__(plays=True)
        self.loudest = 0

    def play(self, turn, pcm):
        self.loudest = int(np.frombuffer(pcm, np.int16).max())
        super().play(turn, pcm)


class Voice(ScriptedTts):
    async def speak(self, _request):
        yield np.full(1600, LOUD, np.int16).tobytes()


def heard(what, gain):
    """How loud it is to a satellite, when `what` makes the house speak."""

    async def main():
        house, ear = House(parts(tts=Voice(), gain=lambda: gain)), Ear()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(house.attend(ear))
            await asyncio.sleep(0)
            await what(house, ear)
            await ear.until("ended")
            ear.switch_off()
        return ear.loudest

    return virtual_time.run(main())


async def reply(_house, ear):
    await ear.utter(1)


def announcement(sound):
    async def announce(house, _ear):
        house.announce("", "Something is due.", sound)

    return announce


@pytest.mark.parametrize(
    ("what", "at_night"),
    [(reply, SOFT), (announcement("done"), SOFT), (announcement("timer"), LOUD)],
    ids=["a reply", "what was done later", "a timer"],
)
def test_only_what_rings_keeps_its_volume(what, at_night):
    assert heard(what, gain=1.0) == LOUD
    assert heard(what, gain=0.4) == at_night
