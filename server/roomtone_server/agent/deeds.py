"""What was done last, so that it can be taken back. Pure: the states before and after tell it."""

from collections.abc import Iterable, Sequence

from roomtone_server.agent.memory import ForgetFact, MemoryChange, Remember
from roomtone_server.agent.planning import Deed, Plan, Situation
from roomtone_server.agent.reminders import AddReminder, ReminderChange, RemoveReminder
from roomtone_server.agent.timers import CancelTimer, RestoreTimer, TimerChange
from roomtone_server.home.base import ServiceCall


def deed_of(plan: Plan, made: Sequence[ServiceCall], before: Situation, after: Situation) -> Deed | None:
    """What a plan has done; None for one that did nothing."""
    acted_upon = {call.entity for call in made}
    timers = _timers(before, after) if plan.timers else ()
    notes = _notes(before, after) if plan.notes else ()
    if not (made or timers or notes):
        return None
    entities = [entity for entity in before.entities if entity.id in acted_upon]
    return Deed(tuple(entities), tuple(made), tuple(timers), tuple(notes))


def together(first: Deed, second: Deed) -> Deed:
    """Both as one: what the first found is what was there before."""
    known = {entity.id for entity in first.before}
    return Deed(
        (*first.before, *(entity for entity in second.before if entity.id not in known)),
        (*first.calls, *second.calls),
        (*second.timers, *first.timers),  # taken back in the opposite order
        (*second.notes, *first.notes),
    )


def _timers(before: Situation, after: Situation) -> Iterable[TimerChange]:
    was, is_now = ({timer.id: timer for timer in each.timers} for each in (before, after))
    yield from (CancelTimer(timer_id) for timer_id in is_now.keys() - was.keys())
    yield from (RestoreTimer(timer) for timer in before.timers if is_now.get(timer.id) != timer)


def _notes(before: Situation, after: Situation) -> Iterable[ReminderChange | MemoryChange]:
    gone = [each for each in before.reminders if each not in after.reminders]
    yield from (RemoveReminder(each.id) for each in after.reminders if each not in before.reminders)
    yield from (AddReminder(each.satellite, each.text, each.at, each.language) for each in gone)
    yield from (ForgetFact(each.id) for each in after.facts if each not in before.facts)
    yield from (Remember(each.text) for each in before.facts if each not in after.facts)
