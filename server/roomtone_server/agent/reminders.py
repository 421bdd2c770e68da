"""Reminders: what they are, what can be done to them, which comes next.

They go by the wall clock, as the people do who set them: eight o'clock stays eight o'clock when the clock is set.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from roomtone.errors import StoreError
from roomtone_server.store.base import ReminderStore, StoredReminder

_LOGGER: Final = logging.getLogger(__name__)

# A voice, or a model, that sets reminders all day must not fill the store.
MAX_REMINDERS: Final = 200

Reminder = StoredReminder


@dataclass(frozen=True, slots=True)
class AddReminder:
    satellite: str
    text: str
    at: float  # seconds since the Unix epoch
    language: str = ""  # of the text


@dataclass(frozen=True, slots=True)
class RemoveReminder:
    id: str


ReminderChange = AddReminder | RemoveReminder


class Reminders:
    """All reminders, in memory and in their store."""

    def __init__(self, store: ReminderStore, wall: Callable[[], float], changed: asyncio.Event) -> None:
        """`changed` is set whenever another one may come next."""
        self._store = store
        self._wall = wall
        self._changed = changed
        self._reminders: dict[str, Reminder] = {}

    async def load(self) -> None:
        """Takes up what the store kept; what was due meanwhile is due at once."""
        self._reminders = {reminder.id: reminder for reminder in await self._store.list()}
        self._changed.set()

    def all(self) -> Sequence[Reminder]:
        """The soonest first."""
        return sorted(self._reminders.values(), key=lambda reminder: reminder.at)

    async def apply(self, change: ReminderChange) -> None:
        """Carries a change out; when it returns, the change outlives a crash. Raises StoreError."""
        if isinstance(change, AddReminder):
            reminder = Reminder(uuid4().hex, change.satellite, change.text, change.at, change.language)
            await self._store.save(reminder)
            self._reminders[reminder.id] = reminder
        else:
            await self._store.remove(change.id)
            self._reminders.pop(change.id, None)
        self._changed.set()

    def left_s(self) -> float | None:
        """Until the soonest; negative when it is late, None when there is none."""
        return min((-self.late_s(reminder) for reminder in self._reminders.values()), default=None)

    def late_s(self, reminder: Reminder) -> float:
        return self._wall() - reminder.at

    def pop(self) -> Reminder:
        """The soonest; it is none of `all` any more, and stays in the store until it is forgotten."""
        return self._reminders.pop(self.all()[0].id)

    async def forget(self, reminder_id: str) -> None:
        """It was said."""
        try:
            await self._store.remove(reminder_id)
        except StoreError as problem:
            # At worst it is said once more. The others must not stop for that.
            _LOGGER.error("a reminder that was said cannot be forgotten: %s", problem)
