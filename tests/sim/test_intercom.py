"""Two rooms that talk to each other, on virtual time: who hears whom, when, and what ends it."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import virtual_time
from support.scripted import SILENCE, SPEECH, ScriptedAgent, ScriptedSatellite, ScriptedStt, parts

from roomtone.ears.formats import RATE_HZ
from roomtone.errors import SatelliteAway, SatelliteUnable
from roomtone.link.background import alongside
from roomtone_server.runtime.house import House
from roomtone_server.runtime.intercom import LASTS_S, MAX_INTERCOMS
from roomtone_server.runtime.parts import TurnSettings
from roomtone_server.runtime.remote import Remote, SatelliteState
from roomtone_server.runtime.session import Audio, GivenUp, Interrupted, Woken

AFTER_S = TurnSettings().talk.free_ms / 1000  # of silence, the other room has its turn
MUTED = SatelliteState(muted=True, muted_there=True, volume=1.0)


class Room(ScriptedSatellite):
    """A satellite that streams when it is invited, and somebody who says something into it, or nothing."""

    def __init__(self, name: str, *says_ms: int) -> None:
        super().__init__(name.lower(), name)
        self.says_ms = list(says_ms)
        self.heard_at: list[float] = []  # each piece of what came from elsewhere
        self.spoke_at: list[float] = []
        self.is_open = False
        self.tells_agent: int | None = None  # the turn in which it was asked to
        self._streams: asyncio.TaskGroup | None = None

    async def live(self, house: House, remote: Remote | None = None) -> None:
        async with asyncio.TaskGroup() as self._streams:
            await house.attend(self, remote)
            self.is_open = False

    def invite(self, turn: int, seconds: float) -> None:
        super().invite(turn, seconds)
        self.is_open = True
        self._streams.create_task(self._stream(turn))

    async def _stream(self, turn: int) -> None:
        self.send(Woken(turn, "", "", 0.0, self.position, self.position))
        await self._while_open(SILENCE, 400)
        if self.says_ms:
            self.spoke_at.append(asyncio.get_running_loop().time())
            await self._while_open(SPEECH, self.says_ms.pop(0))
        await self._while_open(SILENCE, 60_000)

    async def _while_open(self, frame: bytes, ms: int) -> None:
        for _ in range(ms // 20):
            if self.is_open:
                await self.stream(frame, 20)

    def stop_listening(self, turn: int) -> None:
        super().stop_listening(turn)
        self.is_open = False

    def end_turn(self, turn: int, outcome: str, text: str) -> None:
        super().end_turn(turn, outcome, text)
        if turn == self.invited:
            self.is_open = False

    async def until_ended(self, turn: int) -> None:
        while turn not in {ended for ended, *_ in self.of("ended")}:
            await self.until("ended", len(self.of("ended")) + 1)

    def play(self, turn: int, pcm: bytes) -> None:
        super().play(turn, pcm)
        self.heard_at.append(asyncio.get_running_loop().time())


class Floor:
    """A house in which rooms may talk to each other."""

    def __init__(self) -> None:
        self.stt, self.agent = ScriptedStt(), ScriptedAgent()
        self.house = House(parts(stt=self.stt, agent=self.agent))
        self.traced: list[str] = []

    @property
    def talking(self) -> list[str]:
        return [each.id for each in self.house.satellites if self.house.intercom_with(each.id) is not None]

    async def until_over(self) -> None:
        async for _ in self.house.changes():
            if not self.talking:
                return


@asynccontextmanager
async def floor_of(*rooms: Room, remotes: dict[Room, Remote] | None = None):
    floor = Floor()
    house = floor.house
    with house.parts.trace.watch() as told:
        async with alongside(house.intercoms.keep()), asyncio.TaskGroup() as tasks:
            for room in rooms:
                tasks.create_task(room.live(house, (remotes or {}).get(room)))
            await asyncio.sleep(0)
            yield floor
            for room in rooms:
                room.switch_off()
        while not told.empty():
            floor.traced.append(told.get_nowait().what)
    assert floor.stt.open == 0


def test_what_is_said_in_one_room_sounds_in_the_other_and_then_the_other_way_round():
    kitchen, attic = Room("Kitchen", 3000, 1000), Room("Attic", 2000)

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            assert floor.house.intercom_with("attic") == "kitchen"
            await floor.until_over()
        assert (floor.stt.requests, floor.agent.asked, floor.traced) == ([], [], []), "nobody takes it down"

    virtual_time.run(main())
    assert [len(kitchen.of("invite")), len(attic.of("invite"))] == [3, 2], "each in turn, until neither says anything"
    assert [kitchen.of("chime"), attic.of("chime")] == [[("done",)], [("done",), ("done",)]]
    for speaker, listener in ((kitchen, attic), (attic, kitchen)):
        heard_s = sum(samples for _, samples in listener.of("play")) / RATE_HZ
        said_s = {kitchen: 4.0, attic: 2.0}[speaker]
        assert heard_s >= said_s
        assert 0 < listener.heard_at[0] - speaker.spoke_at[0] < 0.3
    assert kitchen.heard_at[0] > attic.heard_at[0] + 3 + AFTER_S, "the called one answers when the caller is done"


def test_the_other_room_is_never_far_behind():
    kitchen, attic = Room("Kitchen", 20_000), Room("Attic")

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            await floor.until_over()

    virtual_time.run(main())
    began, sent_s = kitchen.spoke_at[0], 0.0
    for at, (_, samples) in zip(attic.heard_at, attic.of("play"), strict=True):
        assert at - began - sent_s < 0.3, "behind what is said"
        sent_s += samples / RATE_HZ


@pytest.mark.parametrize("where", ["Kitchen", "Attic"])
def test_a_wake_word_in_either_room_is_meant_for_us(where):
    rooms = kitchen, attic = Room("Kitchen", 5000), Room("Attic")
    [asking] = [room for room in rooms if room.satellite.name == where]

    async def main():
        async with floor_of(*rooms) as floor:
            floor.house.intercom("kitchen", "attic")
            await attic.until("play", 10)
            asking.is_open = False
            await asking.utter(1)
            assert floor.talking == []
            assert not kitchen.is_open
            await asking.until_ended(1)
        assert floor.agent.committed == ["turn on the light"]

    virtual_time.run(main())
    assert attic.of("flush"), "what it heard of the other room is silent at once"


def test_ended_from_afar_it_leaves_no_microphone_open():
    kitchen, attic = Room("Kitchen", 5000), Room("Attic")

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            await attic.until("play", 10)
            floor.house.end_intercom("attic")
            await floor.until_over()
            assert not kitchen.is_open
            sounded = len(attic.of("play"))
            await asyncio.sleep(60)
            assert len(attic.of("play")) == sounded
            with pytest.raises(SatelliteUnable, match="talks to no other room"):
                floor.house.end_intercom("attic")
            floor.house.listen("attic")
            await attic.until("transcript")
        assert len(floor.stt.requests) == 1, "the agent is spoken to again"

    virtual_time.run(main())
    assert [room.of("chime")[-1] for room in (kitchen, attic)] == [("done",)] * 2


def test_who_leaves_ends_it():
    kitchen, attic = Room("Kitchen", 5000), Room("Attic")

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            await attic.until("play", 10)
            attic.switch_off()
            await floor.until_over()
            assert floor.house.intercom_with("kitchen") is None
            assert not kitchen.is_open
            with pytest.raises(SatelliteAway):
                floor.house.intercom("kitchen", "attic")

    virtual_time.run(main())


def test_who_mutes_ends_it():
    kitchen, attic = Room("Kitchen", 5000), Room("Attic")

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            await attic.until("play", 10)
            kitchen.is_open = False
            kitchen.send(GivenUp(kitchen.invited))
            await floor.until_over()

    virtual_time.run(main())


def test_who_cannot_be_heard_is_not_connected():
    async def main():
        rooms = [Room(f"Room {number}") for number in range(2 * MAX_INTERCOMS + 2)]
        muted, deaf = Remote(), Remote(can=("announce",))
        muted.told(MUTED, ())
        async with floor_of(*rooms, remotes={rooms[0]: muted, rooms[1]: deaf}) as floor:
            connect = floor.house.intercom
            ids = [room.satellite.id for room in rooms]
            for caller, called in ((0, 2), (2, 0)):
                with pytest.raises(SatelliteUnable, match="Room 0 is muted"):
                    connect(ids[caller], ids[called])
            with pytest.raises(SatelliteUnable, match="Room 1 cannot be made to listen"):
                connect(ids[2], ids[1])
            with pytest.raises(SatelliteUnable, match="to itself"):
                connect(ids[2], ids[2])
            with pytest.raises(SatelliteAway):
                connect(ids[2], "cellar")
            muted.told(SatelliteState(muted=False, muted_there=False, volume=1.0), ("listen",))
            deaf.told(SatelliteState(muted=False, muted_there=False, volume=1.0), ("listen",))
            connect(ids[0], ids[1])
            with pytest.raises(SatelliteUnable, match="already"):
                connect(ids[2], ids[0])
            with pytest.raises(SatelliteUnable, match="somebody speaks"):
                floor.house.listen(ids[0])
            for number in range(1, MAX_INTERCOMS):
                connect(ids[2 * number], ids[2 * number + 1])
            with pytest.raises(SatelliteUnable, match="no more than"):
                connect(ids[-1], ids[-2])

    virtual_time.run(main())


def test_who_listens_waits_until_the_other_has_finished():
    """A voice at the speaker, and one that needs no wake word, are of the one who is spoken to."""
    kitchen, attic = Room("Kitchen", 5000), Room("Attic")

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            await attic.until("play", 10)
            [(live, _)] = attic.of("begin")
            attic.send(Interrupted(1, live, attic.position, attic.position, paused=True))
            attic.send(Audio(SPEECH, attic.position))
            attic.send(Woken(3, "", "", 0.0, attic.position, attic.position, unasked=True))
            await floor.until_over()

    virtual_time.run(main())
    assert attic.of("ended")[:2] == [(1, "nothing-said", ""), (3, "nothing-said", "")]
    assert sum(samples for _, samples in attic.of("play")) > 5 * RATE_HZ


def test_a_timer_rings_in_between():
    kitchen, attic = Room("Kitchen", 3000), Room("Attic", 1000)

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            await attic.until("play", 10)
            floor.house.announce("", "The timer is over", "timer")
            await floor.until_over()

    virtual_time.run(main())
    assert all(("timer",) in room.of("chime") for room in (kitchen, attic))
    assert len(attic.of("begin")) == len(kitchen.of("begin")) == 2


def test_a_television_is_not_listened_to_for_ever():
    kitchen, attic = Room("Kitchen", *[40_000] * 100), Room("Attic")

    async def main():
        async with floor_of(kitchen, attic) as floor:
            floor.house.intercom("kitchen", "attic")
            await floor.until_over()
            assert not kitchen.is_open
            assert asyncio.get_running_loop().time() == pytest.approx(LASTS_S, abs=0.1)

    virtual_time.run(main())


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
