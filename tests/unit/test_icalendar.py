"""Reminders as iCalendar, read back by a library that is not ours."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from roomtone_server.icalendar import MAX_LINE_BYTES, calendar
from roomtone_server.store.base import StoredReminder

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC).timestamp()


def events(text):
    return Calendar.from_ical(text).walk("VEVENT")


def test_each_reminder_is_an_event_with_an_alarm_at_its_time():
    at = datetime(2026, 3, 5, 8, tzinfo=UTC)
    (event,) = events(calendar([StoredReminder("abc", "k1", "call mum; then, perhaps, dad", at.timestamp())], NOW))
    assert event["UID"] == "abc@roomtone"
    assert event["SUMMARY"] == "call mum; then, perhaps, dad"
    assert event.decoded("DTSTART") == at
    assert event.decoded("DTSTAMP") == datetime(2026, 3, 4, 12, tzinfo=UTC)
    (alarm,) = event.walk("VALARM")
    assert alarm["ACTION"] == "DISPLAY"
    assert alarm.decoded("TRIGGER").total_seconds() == 0


def test_no_reminder_is_a_calendar_too():
    assert events(calendar([], NOW)) == []


@given(st.text(max_size=300))
def test_any_text_comes_back_and_no_line_is_too_long(text):
    written = calendar([StoredReminder("abc", "k1", text, NOW)], NOW)
    assert all(len(line.encode()) <= MAX_LINE_BYTES for line in written.split("\r\n"))
    (event,) = events(written)
    assert str(event["SUMMARY"]) == "".join(each for each in text if each.isprintable() or each == "\n")
