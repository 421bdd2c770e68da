"""Somebody speaks into a reply, with the runtime around the machine, on virtual time."""

import asyncio

import pytest
from support import virtual_time
from support.scripted import RATE_HZ, SILENCE, SPEECH, ScriptedAgent, ScriptedSatellite, ScriptedStt, ScriptedTts, parts

from roomtone_server.runtime.house import House
from roomtone_server.runtime.session import Interrupted, Sounded

STORY = "It is seven o'clock. The sun shines on the roof. All windows are closed."


class Room:
    """A satellite whose reply sounds: three sentences of a second each."""

    def __init__(self) -> None:
        self.satellite, self.stt, self.tts = ScriptedSatellite(plays=False), ScriptedStt(), ScriptedTts(seconds=1.0)
        self.agent = ScriptedAgent(reply=STORY)
        self.house = House(parts(stt=self.stt, agent=self.agent, tts=self.tts))

    def played(self, turn: int = 1) -> int:
        return sum(samples for whose, samples in self.satellite.of("play") if whose == turn)

    def interrupt(self, sounded: int, *, paused: bool = True, turn: int = 3) -> None:
        self.satellite.send(Sounded(1, sounded, done=False))
        position = self.satellite.position
        self.satellite.send(Interrupted(turn, 1, position, position, paused))


def in_a_room(main):
    """Runs `main` while a reply sounds, of which a second and a half has been sent; what the trace told."""

    async def run():
        room = Room()
        with room.house.parts.trace.watch() as happened:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(room.house.attend(room.satellite))
                await asyncio.sleep(0)
                await room.satellite.utter(1)
                await room.satellite.until("play", 15)
                await main(room)
                room.satellite.switch_off()
        return [happened.get_nowait() for _ in range(happened.qsize())]

    return virtual_time.run(run())


def test_a_cough_holds_the_reply_and_costs_nothing_of_it():
    async def main(room):
        room.stt.text, room.stt.spoken = "", False
        room.interrupt(RATE_HZ)
        await asyncio.sleep(0)
        sent = room.played()
        await room.satellite.stream(SPEECH, 200)
        await room.satellite.stream(SILENCE, 200)
        assert room.played() == sent, "nothing is sent while the satellite pauses"
        await room.satellite.stream(SILENCE, 600)
        await room.satellite.until("end-reply")
        assert room.played() == 3 * RATE_HZ
        room.satellite.send(Sounded(1, 3 * RATE_HZ, done=True))
        await room.satellite.until("ended", 2)
        assert room.satellite.of("ended") == [(3, "nothing-said", ""), (1, "answered", "")]
        assert room.agent.committed == ["turn on the light"]

    told = in_a_room(main)
    assert next(event.what for event in told if event.turn == 3) == "interruption"
    assert "interrupted" not in [event.what for event in told]


def test_words_interrupt_and_none_is_lost():
    async def main(room):
        room.stt.text, before = "what time is it", room.stt.heard_bytes
        room.agent.reply = "Four"
        room.interrupt(round(1.5 * RATE_HZ))
        await room.satellite.stream(SPEECH, 900)
        await room.satellite.stream(SILENCE, 1000)
        await room.satellite.until("end-reply")
        assert room.stt.heard_bytes - before >= 900 * 32, "from the first sample on, and once"
        assert len(room.stt.requests) == 2
        assert room.satellite.of("ended") == [(1, "interrupted", "")]
        assert ("flush", 1) in room.satellite.log
        assert room.played(3) == RATE_HZ
        assert room.agent.committed == ["turn on the light", "what time is it"]
        assert room.agent.asked[-1].cut_short == "It is seven o'clock. The sun shines"
        assert room.tts.speaking == 0

    [cut] = [event for event in in_a_room(main) if event.what == "interrupted" and event.turn == 1]
    assert cut.data["text"] == "It is seven o'clock. The sun shines"


@pytest.mark.parametrize("heard", ["the sun shines", "the sun shine on a roof"])
def test_the_reply_does_not_interrupt_itself(heard):
    async def main(room):
        room.stt.text = heard
        room.interrupt(RATE_HZ + 100)
        await room.satellite.stream(SPEECH, 600)
        await room.satellite.stream(SILENCE, 600)
        assert room.satellite.of("ended") == [(3, "nothing-said", "")]

    in_a_room(main)


def test_a_wake_word_while_interrupted_leaves_nothing_of_either_turn():
    async def main(room):
        room.interrupt(RATE_HZ)
        await room.satellite.stream(SPEECH, 100)
        room.satellite.wake(5)
        await room.satellite.stream(SPEECH, 900)
        await room.satellite.stream(SILENCE, 600)
        await room.satellite.until("end-reply")
        assert room.satellite.of("ended") == [(3, "cancelled", ""), (1, "cancelled", "")]
        assert (room.stt.open, room.tts.speaking) == (0, 0)

    in_a_room(main)


def test_a_satellite_that_vanishes_while_interrupted_leaves_nothing_behind():
    async def main(room):
        room.interrupt(RATE_HZ)
        await room.satellite.stream(SPEECH, 100)
        room.satellite.switch_off()
        await room.satellite.until("ended", 2)
        assert room.satellite.of("ended") == [(3, "lost", ""), (1, "lost", "")]

    in_a_room(main)


def test_many_pauses_do_not_let_the_server_run_ahead():
    """Pauses that the satellite decides on alone are noticed by how far it has played."""

    async def main(room):
        sounded = room.played() - RATE_HZ
        room.satellite.send(Sounded(1, sounded, done=False))
        await asyncio.sleep(0.1)  # what was on its way still comes
        sent = room.played()
        await asyncio.sleep(0.5)
        assert room.played() == sent
        await asyncio.sleep(0.5)
        assert room.played() > sent

    in_a_room(main)
