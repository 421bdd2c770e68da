"""From a command to a plan: the words that the agent's rooms share. All of it is plain data; nothing here acts.

understanding   text                 -> Command
intents/        Command, Situation   -> Plan        one pure function per intent
intent_agent    Plan                 -> effects, and a reply by `responses`
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from roomtone.errors import RoomtoneError
from roomtone_server.agent.memory import Fact, MemoryChange
from roomtone_server.agent.reminders import Reminder, ReminderChange
from roomtone_server.agent.timers import Timer, TimerChange
from roomtone_server.home.base import Area, Entity, ServiceCall

# The area of a speaker who stands in none: what needs an area is understood all the same, so that we can ask for it.
NOWHERE: Final = ""


@dataclass(frozen=True, slots=True)
class Command:
    """An intent with its slots: `values` to act by, `spoken` as they were said, to answer with."""

    intent: str
    values: Mapping[str, Any]
    spoken: Mapping[str, Any]
    response: str  # the key of the intent's reply
    text: str
    name_domain: str | None = None  # of the entity that `name` names
    area_is_context: bool = False  # the area is where the speaker stands; it was not said
    referents: Sequence[str] | None = (
        None  # for "it" instead of a name: the entities it stands for; None: a name, or none
    )


@dataclass(frozen=True, slots=True)
class Deed:
    """What a request has done, and what takes it back."""

    before: Sequence[Entity]  # those acted upon, as they were
    calls: Sequence[ServiceCall] = ()  # that were made
    timers: Sequence[TimerChange] = ()  # to be made, to take back what was changed
    notes: Sequence[ReminderChange | MemoryChange] = ()  # likewise


@dataclass(frozen=True, slots=True)
class Situation:
    """What a plan may look at: the home, what is kept and the clock as they are now, where the speaker is, and what was
    done and said before."""

    areas: Sequence[Area]
    entities: Sequence[Entity]
    timers: Sequence[Timer]
    reminders: Sequence[Reminder]
    facts: Sequence[Fact]
    now: datetime  # local
    monotonic_s: float  # the clock of the timers
    satellite: str
    area: str | None
    language: str
    last_deed: Deed | None = None  # of this conversation
    last_reply: str = ""  # of this satellite, or of this written conversation


@dataclass(frozen=True, slots=True)
class Reply:
    """Which template answers, and what it may speak of. `slots` join those that were spoken."""

    key: str
    slots: Mapping[str, Any] = field(default_factory=dict)
    state: Entity | None = None
    matched: Sequence[Entity] = ()
    unmatched: Sequence[Entity] = ()
    phrase: bool = False  # one of our own phrases, not one of the intent's replies


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, then said. Calls are independent of each other."""

    reply: Reply
    calls: Sequence[ServiceCall] = ()
    timers: Sequence[TimerChange] = ()
    notes: Sequence[ReminderChange | MemoryChange] = ()
    ends_silently: bool = False


class CannotDo(RoomtoneError):
    """A command that was understood and cannot be carried out; `key` names the reply that says why."""

    def __init__(self, key: str, **slots: object) -> None:
        super().__init__(f"{key}: {slots}")
        self.key = key
        self.slots = slots


Handler = Callable[[Command, Situation], Plan]
