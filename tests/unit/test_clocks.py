"""The zone of this machine, the year round."""

import time
from datetime import UTC, datetime, timedelta

import pytest

from roomtone_server.agent.clocks import LOCAL_ZONE, SYSTEM_CLOCKS


@pytest.fixture(autouse=True)
def _berlin(monkeypatch):
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.parametrize(("month", "hours"), [(1, 1), (7, 2)])
def test_summer_and_winter_have_their_own_offset(month, hours):
    at = datetime(2026, month, 1, 8, tzinfo=LOCAL_ZONE)
    assert at.utcoffset() == timedelta(hours=hours)
    assert at == datetime(2026, month, 1, 8 - hours, tzinfo=UTC)


def test_the_hour_that_comes_twice_is_told_apart():
    for hour in range(3):
        at = datetime(2026, 10, 25, hour, 30, tzinfo=UTC)
        assert at.astimezone(LOCAL_ZONE).astimezone(UTC) == at


def test_now_is_now():
    assert abs(SYSTEM_CLOCKS.local_now() - datetime.now(UTC)) < timedelta(seconds=10)
    assert SYSTEM_CLOCKS.local_now().tzname() in {"CET", "CEST"}
