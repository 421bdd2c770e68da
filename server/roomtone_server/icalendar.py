"""Reminders as an iCalendar file (RFC 5545), which any calendar imports. Pure."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Final

from roomtone_server.store.base import StoredReminder

# RFC 5545, 3.1: "lines of text SHOULD NOT be longer than 75 octets, excluding the line break".
MAX_LINE_BYTES: Final = 75


def calendar(reminders: Iterable[StoredReminder], now: float) -> str:
    """One event for each reminder, in UTC, with an alarm at its time; `now` (seconds since the Unix epoch) is when the
    file is made. Lines end as the RFC has it, in CR LF: write the text as it is."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Roomtone//Reminders//EN"]
    for reminder in reminders:
        text = _escaped(reminder.text)
        lines += [
            "BEGIN:VEVENT",
            f"UID:{reminder.id}@roomtone",
            f"DTSTAMP:{_utc(now)}",
            f"DTSTART:{_utc(reminder.at)}",
            f"SUMMARY:{text}",
            "BEGIN:VALARM",
            "ACTION:DISPLAY",
            f"DESCRIPTION:{text}",
            "TRIGGER:PT0S",
            "END:VALARM",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(f"{piece}\r\n" for line in lines for piece in _folded(line))


def _utc(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    """RFC 5545, 3.3.11; what no text may hold, a control character, is left out."""
    text = "".join(character for character in text if character.isprintable() or character == "\n")
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """In pieces that are short enough, each but the first behind a space; no character is cut in two."""
    piece, size = "", 0
    for character in line:
        size += len(character.encode())
        if size > MAX_LINE_BYTES:
            yield piece
            piece, size = " ", 1 + len(character.encode())
        piece += character
    yield piece
