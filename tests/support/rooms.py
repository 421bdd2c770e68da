"""Rooms whose satellites stream when they are invited, and a house in which they may talk to each other."""

import asyncio
from contextlib import asynccontextmanager

from support.scripted import SILENCE, SPEECH, ScriptedAgent, ScriptedSatellite, ScriptedStt, parts

from roomtone.link.background import alongside
from roomtone_server.runtime.house import House
from roomtone_server.runtime.remote import Remote
from roomtone_server.runtime.session import Woken


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
