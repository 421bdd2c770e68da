"""Reminders and appointments: add, list, delete. What is asked for in free words is parted here, by `moments`."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from roomtone_server.agent.moments.reading import day_of, is_repeated, moment_of, parted
from roomtone_server.agent.overlap import closest
from roomtone_server.agent.planning import CannotDo, Command, Plan, Reply, Situation
from roomtone_server.agent.reminders import MAX_REMINDERS, AddReminder, Reminder, RemoveReminder

# More than these at once nobody listens to.
_MAX_SPOKEN: Final = 8


def add(command: Command, situation: Situation) -> Plan:
    if len(situation.reminders) >= MAX_REMINDERS:
        raise CannotDo("too_many_reminders")
    what, at = _what_and_when(command, situation)
    if not what:
        raise CannotDo("reminder_what")
    return Plan(
        Reply(command.response, slots={"what": what, "at": at, "days": _days_ahead(at, situation)}),
        notes=[AddReminder(situation.satellite, what, at.timestamp(), situation.language)],
    )


def listed(command: Command, situation: Situation) -> Plan:
    """Those of a day, those about something, or all; or only the next one of them. Raises CannotDo."""
    reminders = [(reminder, _local(reminder, situation)) for reminder in situation.reminders]
    if "day" in command.values:
        day = day_of(command.values["day"], situation.language, situation.now.date())
        if day is None:
            raise CannotDo("reminder_day")
        reminders = [(reminder, at) for reminder, at in reminders if at.date() == day]
    if "what" in command.values:
        texts = [reminder.text for reminder, _ in reminders]
        reminders = [reminders[index] for index in closest(command.values["what"], texts, situation.language)]
        if not reminders:
            raise CannotDo("reminder_not_found")
    if "next" in command.values:
        reminders = reminders[:1]
    spoken = [
        {"what": reminder.text, "at": at, "days": _days_ahead(at, situation)}
        for reminder, at in reminders[:_MAX_SPOKEN]
    ]
    return Plan(Reply(command.response, slots={"reminders": spoken, "more": len(reminders) - len(spoken)}))


def remove(command: Command, situation: Situation) -> Plan:
    reminder = _meant(command, situation.reminders, situation.language)
    return Plan(Reply(command.response, slots={"what": reminder.text}), notes=[RemoveReminder(reminder.id)])


def remove_all(command: Command, situation: Situation) -> Plan:
    gone = [RemoveReminder(reminder.id) for reminder in situation.reminders]
    return Plan(Reply(command.response, slots={"count": len(gone)}), notes=gone)


def _what_and_when(command: Command, situation: Situation) -> tuple[str, datetime]:
    """From `reminder`, which holds both in any order, or from `what` and `when`. Raises CannotDo."""
    language, now = situation.language, situation.now
    if is_repeated(command.values.get("reminder") or command.values["when"], language):
        raise CannotDo("reminder_repeated")
    if "reminder" in command.values:
        found = parted(command.values["reminder"], language, now.date())
        what, at = found.what, found.spoken.moment(now)
        vague = not (found.spoken.has_time or found.spoken.part)
    else:
        what, at = command.values["what"], moment_of(command.values["when"], language, now, command.values.get("usual"))
        vague = True
    if at is None:
        raise CannotDo("reminder_when" if vague else "reminder_over")
    return what, at


def _meant(command: Command, reminders: Sequence[Reminder], language: str) -> Reminder:
    """The one that holds most of the words that were said; without any, the only one. Raises CannotDo."""
    found = reminders
    if (what := command.values.get("what")) is not None:
        found = [reminders[index] for index in closest(what, [each.text for each in reminders], language)]
    if len(found) != 1:
        raise CannotDo("several_reminders" if found else "reminder_not_found")
    return found[0]


def _local(reminder: Reminder, situation: Situation) -> datetime:
    return datetime.fromtimestamp(reminder.at, UTC).astimezone(situation.now.tzinfo)


def _days_ahead(at: datetime, situation: Situation) -> int:
    return (at.date() - situation.now.date()).days
