"""What the agent keeps over a restart: timers, reminders, what it was asked to remember."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import Final, Self

from roomtone_server.agent.clocks import SYSTEM_CLOCKS, Clocks
from roomtone_server.agent.memory import ForgetFact, Memory, MemoryChange, Remember
from roomtone_server.agent.reminders import AddReminder, Reminder, ReminderChange, Reminders, RemoveReminder
from roomtone_server.agent.timers import Timer, TimerChange, Timers
from roomtone_server.store.base import FactStore, ReminderStore, TimerStore
from roomtone_server.store.database import Database
from roomtone_server.store.facts import SqliteFactStore
from roomtone_server.store.reminders import SqliteReminderStore
from roomtone_server.store.timers import SqliteTimerStore

# Reminders go by the wall clock, which may be set; so long at most it goes unnoticed.
RECHECK_S: Final = 60.0

Change = TimerChange | ReminderChange | MemoryChange


class Kept:
    """One object for whoever looks at these things or changes them: sentences and a model's tools alike."""

    def __init__(self, timers: TimerStore, reminders: ReminderStore, facts: FactStore, clocks: Clocks) -> None:
        self._changed = asyncio.Event()
        self.timers: Final = Timers(timers, clocks.monotonic, clocks.wall, self._changed)
        self.reminders: Final = Reminders(reminders, clocks.wall, self._changed)
        self.memory: Final = Memory(facts, clocks.wall)

    @classmethod
    def in_database(cls, database: Database, clocks: Clocks = SYSTEM_CLOCKS) -> Self:
        return cls(SqliteTimerStore(database), SqliteReminderStore(database), SqliteFactStore(database), clocks)

    async def load(self) -> None:
        """Takes up what the stores kept. Raises StoreError."""
        await self.timers.load()
        await self.reminders.load()
        await self.memory.load()

    async def apply(self, change: Change) -> None:
        """Carries a change out; when it returns, the change outlives a crash. Raises StoreError."""
        match change:
            case AddReminder() | RemoveReminder():
                await self.reminders.apply(change)
            case Remember() | ForgetFact():
                await self.memory.apply(change)
            case _:
                await self.timers.apply(change)

    async def due(self) -> AsyncGenerator[Timer | Reminder, None]:
        """Each timer and each reminder at its time. It leaves its store when the next one is asked for: what was not
        taken up comes again after a restart. One consumer."""
        while True:
            self._changed.clear()
            rooms: tuple[Timers | Reminders, ...] = (self.timers, self.reminders)
            coming = [(left_s, room) for room in rooms if (left_s := room.left_s()) is not None]
            if not coming:
                await self._changed.wait()
                continue
            left_s, room = min(coming, key=lambda first: first[0])
            if left_s > 0:
                with suppress(TimeoutError):
                    async with asyncio.timeout(min(left_s, RECHECK_S)):
                        await self._changed.wait()
                continue
            thing = room.pop()
            yield thing
            await room.forget(thing.id)
