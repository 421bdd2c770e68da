"""`roomtone reminders`, over a database that is there, empty, or missing."""

import asyncio
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from icalendar import Calendar
from support.entry_points import declare_project

from roomtone import cli
from roomtone.paths import make_private, state_dir
from roomtone_server.store.base import StoredReminder
from roomtone_server.store.database import FILE_NAME, Database
from roomtone_server.store.reminders import SqliteReminderStore


@pytest.fixture(autouse=True)
def _state(monkeypatch, tmp_path):
    monkeypatch.setenv("ROOMTONE_STATE", str(tmp_path))
    declare_project(monkeypatch, cli)


def roomtone(*arguments):
    return CliRunner().invoke(cli.roomtone, ["reminders", *arguments], prog_name="roomtone")


async def keep(*reminders):
    async with Database.open(make_private(state_dir() / "server") / FILE_NAME) as database:
        for reminder in reminders:
            await SqliteReminderStore(database).save(reminder)


def at(day):
    return datetime(2026, 3, day, 8, tzinfo=UTC).timestamp()


@pytest.fixture
def kept():
    asyncio.run(keep(StoredReminder("b", "k1", "pay the rent", at(6)), StoredReminder("a", "k1", "call mum", at(5))))


@pytest.mark.usefixtures("kept")
def test_they_are_listed_the_soonest_first():
    first, second = roomtone().output.splitlines()
    assert first.endswith("call mum")
    assert second.endswith("pay the rent")
    assert "2026-03-06" in second


@pytest.mark.usefixtures("kept")
def test_they_are_exported(tmp_path):
    file = tmp_path / "reminders.ics"
    assert roomtone("--ics", str(file)).exit_code == 0
    texts = [str(event["SUMMARY"]) for event in Calendar.from_ical(file.read_bytes()).walk("VEVENT")]
    assert texts == ["call mum", "pay the rent"]
    assert b"\r\n" in file.read_bytes()
    assert [event.decoded("DTSTART").day for event in Calendar.from_ical(roomtone("--ics", "-").output).walk("VEVENT")]


def test_there_may_be_none_and_no_database_either():
    assert "there is no database" in roomtone().output
    asyncio.run(keep())
    assert roomtone().output == "There are no reminders.\n"
