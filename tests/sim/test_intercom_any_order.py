"""Two rooms that talk to each other, whatever happens to their satellites meanwhile, on virtual time."""

import asyncio
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st
from support import virtual_time
from support.rooms import Floor, Room

from roomtone.errors import SatelliteAway, SatelliteUnable
from roomtone.link.background import alongside
from roomtone_server.runtime.intercom import LASTS_S
from roomtone_server.runtime.session import GivenUp, Interrupted

HAPPENINGS = st.lists(
    st.tuples(
        st.sampled_from(["call", "call", "call", "end", "timer", "wake", "mute", "reconnect", "interrupt", "listen"]),
        st.sampled_from([0, 1]),  # in which room
        st.sampled_from([0.0, 0.02, 0.3, 1.5, 6.0]),  # and nothing for so long
    ),
    min_size=2,
    max_size=10,
)


class World:
    """Two rooms in which people talk, whatever happens to their satellites."""

    def __init__(self, floor: Floor, tasks: asyncio.TaskGroup) -> None:
        self.floor = floor
        self.tasks = tasks
        self.rooms = [Room("Kitchen"), Room("Attic")]
        self.past: list[Room] = []
        self.turns = -1
        for room in self.rooms:
            self.enter(room)

    def enter(self, room: Room) -> None:
        self.past.append(room)
        room.says_ms = [800, 300]
        self.tasks.create_task(room.live(self.floor.house))

    async def do(self, what: str, number: int) -> None:
        room, house = self.rooms[number], self.floor.house
        here, there = (each.satellite.id for each in (room, self.rooms[1 - number]))
        with suppress(SatelliteUnable, SatelliteAway):
            match what:
                case "call":
                    house.intercom(here, there)
                case "end":
                    house.end_intercom(here)
                case "listen":
                    house.listen(here)
                    room.tells_agent = room.invited
                case "timer":
                    house.announce(here, "The timer is over", "timer")
                case "mute" if room.invited is not None:
                    room.is_open = False
                    room.send(GivenUp(room.invited))
                case "interrupt" if room.of("begin"):
                    self.turns += 2
                    room.send(Interrupted(self.turns, room.of("begin")[-1][0], room.position, room.position, True))
                case "wake":
                    self.turns += 2
                    room.is_open = False
                    room.wake(self.turns)
                case "reconnect":
                    self.rooms[number] = Room(room.satellite.name)
                    self.enter(self.rooms[number])

    def check(self) -> None:
        listening = [room for room in self.rooms if room.is_open and room.invited != room.tells_agent]
        assert len(listening) <= 1 or len(self.floor.talking) < 2, "both rooms are listened to"


@settings(max_examples=25, deadline=None)
@given(happenings=HAPPENINGS)
def test_whatever_happens_one_room_listens_at_a_time_and_in_the_end_none(happenings):
    async def main():
        floor = Floor()
        async with alongside(floor.house.intercoms.keep()), asyncio.TaskGroup() as tasks:
            world = World(floor, tasks)
            await asyncio.sleep(0)
            for what, number, then_s in happenings:
                await world.do(what, number)
                world.check()
                await asyncio.sleep(then_s)
                world.check()
            await asyncio.sleep(2 * LASTS_S)
            assert floor.talking == []
            assert not any(room.is_open for room in world.rooms)
            assert floor.stt.open == 0
            lengths = [len(room.log) for room in world.past]
            for room in world.rooms:
                room.switch_off()
        assert [len(room.log) for room in world.past] == lengths, "every turn had ended"

    virtual_time.run(main())
