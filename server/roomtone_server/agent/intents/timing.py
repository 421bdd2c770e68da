"""Timers: set, cancel, pause, resume, lengthen, shorten, and how much is left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from roomtone_server.agent.planning import CannotDo, Command, Handler, Plan, Reply, Situation
from roomtone_server.agent.timers import (
    MAX_TIMERS,
    CancelTimer,
    ExtendTimer,
    PauseTimer,
    ResumeTimer,
    StartTimer,
    Timer,
    TimerChange,
)

# Longer than this, seconds (and then minutes) are only noise in a spoken answer.
_SECONDS_MATTER_S = 10 * 60


def start(command: Command, situation: Situation) -> Plan:
    if len(situation.timers) >= MAX_TIMERS:
        raise CannotDo("too_many_timers")
    seconds = _seconds(command, "")
    if seconds is None:
        raise CannotDo("how_long")
    change = StartTimer(
        seconds=seconds,
        satellite=situation.satellite,
        area=situation.area,
        name=command.values.get("name"),
        command=command.values.get("conversation_command"),
        language=situation.language,
    )
    return Plan(Reply(command.response), timers=[change])


def each(change: Callable[[str], TimerChange]) -> Handler:
    """A change to the one timer that is meant."""

    def plan(command: Command, situation: Situation) -> Plan:
        return Plan(Reply(command.response), timers=[change(_one(command, situation).id)])

    return plan


def lengthen(command: Command, situation: Situation) -> Plan:
    return _extend(command, situation, +1)


def shorten(command: Command, situation: Situation) -> Plan:
    return _extend(command, situation, -1)


def _extend(command: Command, situation: Situation, sign: int) -> Plan:
    seconds = sign * (_seconds(command, "") or 0)
    return Plan(Reply(command.response), timers=[ExtendTimer(_one(command, situation).id, seconds)])


def cancel_all(command: Command, situation: Situation) -> Plan:
    """Those of the area that was said; else all in the home."""
    timers = _matching(command, situation)
    return Plan(
        Reply(command.response, slots={"canceled": len(timers)}), timers=[CancelTimer(timer.id) for timer in timers]
    )


def status(command: Command, situation: Situation) -> Plan:
    timers = [SpokenTimer.of(timer, situation.monotonic_s) for timer in _matching(command, situation)]
    return Plan(Reply(command.response, slots={"timers": timers}))


PAUSE, RESUME, CANCEL = each(PauseTimer), each(ResumeTimer), each(CancelTimer)


def _seconds(command: Command, prefix: str) -> int | None:
    """The time that was said, in the slots hours, minutes and seconds; None when none was."""
    units = {"hours": 3600, "minutes": 60, "seconds": 1}
    said = [command.values[prefix + unit] * size for unit, size in units.items() if prefix + unit in command.values]
    return int(sum(said)) if said else None


def _matching(command: Command, situation: Situation) -> Sequence[Timer]:
    """The timers that fit the name, the first length and the area that were said."""
    name, area, set_s = command.values.get("name"), command.values.get("area"), _seconds(command, "start_")
    return [
        timer
        for timer in situation.timers
        if (name is None or (timer.name or "").casefold() == name.casefold())
        and (area is None or timer.area == area)
        and (set_s is None or timer.set_s == set_s)
    ]


def _one(command: Command, situation: Situation) -> Timer:
    """Of several that fit, the one that was set on this satellite. Raises CannotDo."""
    timers = _matching(command, situation)
    if len(timers) > 1:
        timers = [timer for timer in timers if timer.satellite == situation.satellite] or timers
    if len(timers) != 1:
        raise CannotDo("multiple_timers_matched" if timers else "timer_not_found")
    return timers[0]


@dataclass(frozen=True, slots=True)
class SpokenTimer:
    """A timer as the template of the status reads it."""

    is_active: bool
    name: str | None
    area: str | None
    total_seconds_left: int
    rounded_hours_left: int
    rounded_minutes_left: int
    rounded_seconds_left: int
    start_hours: int
    start_minutes: int
    start_seconds: int

    @classmethod
    def of(cls, timer: Timer, monotonic_s: float) -> "SpokenTimer":
        left = max(0, round(timer.seconds_left(monotonic_s)))
        rounded = left if left < _SECONDS_MATTER_S else round(left / 60) * 60
        return cls(timer.ends_at is not None, timer.name, timer.area, left, *_clock(rounded), *_clock(timer.set_s))


def _clock(seconds: int) -> tuple[int, int, int]:
    return seconds // 3600, seconds // 60 % 60, seconds % 60
