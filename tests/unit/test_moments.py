"""Moments as people say them, from a Wednesday afternoon."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomtone_server.agent.moments.reading import day_of, is_repeated, moment_of, parted

NOW = datetime(2026, 3, 4, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("at six", "03-04 18:00"),
        ("at three", "03-05 15:00"),  # not in the middle of the night
        ("at twelve", "03-05 12:00"),
        ("at 3 a m", "03-05 03:00"),
        ("at 6:45 am", "03-05 06:45"),
        ("at 6 45", "03-04 18:45"),
        ("at 18:45", "03-04 18:45"),
        ("at 06:45", "03-05 06:45"),
        ("at six thirty p.m.", "03-04 18:30"),
        ("by seven o'clock", "03-04 19:00"),
        ("8 o'clock tomorrow", "03-05 08:00"),
        ("at half past six", "03-04 18:30"),
        ("at ten to eight", "03-04 19:50"),
        ("at half six", "03-04 18:30"),
        ("for quarter past five", "03-04 17:15"),
        ("at a quarter past five", "03-04 17:15"),
        ("at quarter to 7 in the evening", "03-04 18:45"),
        ("at noon", "03-05 12:00"),
        ("at midnight", "03-05 00:00"),
        ("friday at midnight", "03-07 00:00"),
        ("in ten minutes", "03-04 15:40"),
        ("in a minute", "03-04 15:31"),
        ("in half an hour", "03-04 16:00"),
        ("in an hour and a half", "03-04 17:00"),
        ("in two and a half hours", "03-04 18:00"),
        ("in 2 hours and 10 minutes", "03-04 17:40"),
        ("in two days at eight", "03-06 08:00"),
        ("in 3 weeks", "03-25 09:00"),
        ("today at nine", "03-04 21:00"),
        ("tomorrow at 8", "03-05 08:00"),
        ("tomorrow", "03-05 09:00"),
        ("tomorrow morning", "03-05 08:00"),
        ("for tomorrow at nine", "03-05 09:00"),
        ("tomorrow afternoon at three", "03-05 15:00"),
        ("the day after tomorrow at ten", "03-06 10:00"),
        ("tonight", "03-04 21:00"),
        ("tonight at one", "03-05 01:00"),
        ("this evening", "03-04 19:00"),
        ("in the morning", "03-05 08:00"),
        ("on friday at ten", "03-06 10:00"),
        ("by friday", "03-06 09:00"),
        ("wednesday at five", "03-04 17:00"),
        ("wednesday at 2", "03-11 14:00"),
        ("next wednesday", "03-11 09:00"),
        ("on the third of may at nine", "05-03 09:00"),
        ("march 5th at 3 p m", "03-05 15:00"),
        ("on the twenty first of March", "03-21 09:00"),
        ("2026-03-05 18:00", "03-05 18:00"),
        ("2026-03-05T18:00+02:00", "03-05 16:00"),
    ],
)
def test_a_moment_is_the_next_one_that_makes_sense(text, at):
    assert moment_of(text, "en", NOW).astimezone(UTC).strftime("%m-%d %H:%M") == at


def test_a_date_that_is_over_is_next_years():
    assert moment_of("on the third of january", "en", NOW) == datetime(2027, 1, 3, 9, tzinfo=UTC)
    assert moment_of("february 29", "en", NOW).year == 2028


@pytest.mark.parametrize(
    "text",
    [
        "",
        "six",
        "at 25",
        "at 13 p m",
        "today",
        "today at 3 a m",
        "on the 31st of june",
        "soon",
        "2025-01-01 10:00",
        "8 eggs",
    ],
)
def test_what_is_no_moment_or_is_over_is_none(text):
    assert moment_of(text, "en", NOW) is None


@pytest.mark.parametrize(
    ("text", "what", "at"),
    [
        ("at six to call mum", "call mum", "04 18:00"),
        ("to call mum at six", "call mum", "04 18:00"),
        ("tomorrow to call mum at six p m", "call mum", "05 18:00"),
        ("in ten minutes that the pizza is in the oven", "the pizza is in the oven", "04 15:40"),
        ("at eight to buy tickets for friday", "buy tickets for friday", "04 20:00"),
        ("about the dentist on Friday", "the dentist", "06 09:00"),
        ("tomorrow at 8, to water the 5 plants", "water the 5 plants", "05 08:00"),
    ],
)
def test_a_text_is_parted_from_its_moment(text, what, at):
    found = parted(text, "en", NOW.date())
    assert found.what == what
    assert found.spoken.moment(NOW).strftime("%d %H:%M") == at


@pytest.mark.parametrize("text", ["to call mum", "every day at 8 to take pills", "to buy 8 eggs"])
def test_a_text_without_a_moment_stays_whole(text):
    assert parted(text, "en", NOW.date()).spoken.moment(NOW) is None
    assert parted(text, "en", NOW.date()).what == text.removeprefix("to ")


@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        ("every day at 8 to take pills", True),
        ("to take pills every other Monday", True),
        ("each month on the first to pay the rent", True),
        ("to read the news daily", True),
        ("at six to call everybody", False),
        ("at six to buy a daily paper", False),
    ],
)
def test_what_is_to_be_again_and_again_is_told_from_what_is_once(text, repeated):
    assert is_repeated(text, "en") == repeated
    assert not is_repeated(text, "de")


def test_where_it_is_usual_six_is_in_the_morning():
    assert moment_of("at six", "en", NOW, "morning") == datetime(2026, 3, 5, 6, tzinfo=UTC)
    assert moment_of("on friday at six", "en", NOW, "morning") == datetime(2026, 3, 6, 6, tzinfo=UTC)
    assert moment_of("at six in the evening", "en", NOW, "morning") == datetime(2026, 3, 4, 18, tzinfo=UTC)
    assert moment_of("at 18:00", "en", NOW, "morning") == datetime(2026, 3, 4, 18, tzinfo=UTC)
    assert moment_of("in an hour", "en", NOW, "morning") == datetime(2026, 3, 4, 16, 30, tzinfo=UTC)


def test_days():
    assert day_of("friday", "en", NOW.date()) == date(2026, 3, 6)
    assert day_of("today", "en", NOW.date()) == date(2026, 3, 4)
    assert day_of("the moon", "en", NOW.date()) is None


def test_eight_o_clock_is_eight_o_clock_also_when_the_clocks_are_set_in_between():
    berlin = ZoneInfo("Europe/Berlin")
    before = datetime(2026, 3, 28, 20, tzinfo=berlin)
    assert moment_of("tomorrow at 8", "en", before) == datetime(2026, 3, 29, 6, tzinfo=UTC)
    assert moment_of("in 12 hours", "en", before) == datetime(2026, 3, 29, 7, tzinfo=UTC)


def test_a_language_whose_words_are_not_known_has_iso_times():
    assert moment_of("morgen um acht", "de", NOW) is None
    assert moment_of("2026-03-05 08:00", "de", NOW) == datetime(2026, 3, 5, 8, tzinfo=UTC)


TEXTS = st.from_regex(
    r"(at|six|in|ten|minutes|on|friday|the|third|of|may|and a half|past|noon|31|p m| ){0,12}", fullmatch=True
)


@given(TEXTS, st.integers(0, 366 * 24))
def test_whatever_is_said_the_moment_is_to_come_and_nothing_is_lost(text, hours):
    now = NOW + timedelta(hours=hours)
    found = parted(text, "en", now.date())
    assert found.what in " ".join(text.split())
    at = found.spoken.moment(now)
    assert at is None or at > now
