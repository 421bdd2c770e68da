"""What an English text says of a moment, its numbers in words or in digits."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Final, cast

from roomtone_server.agent.moments.spoken import Clock, PartOfDay, Spoken
from roomtone_server.grammar.numbers import number_words

_NUMBERS: Final = {words: number for number in range(60) for words in number_words(number, "en")}
_ORDINALS: Final = {
    words: day
    for day, words in enumerate((
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh",
        "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth",
        "twentieth", "twenty first", "twenty second", "twenty third", "twenty fourth", "twenty fifth", "twenty sixth",
        "twenty seventh", "twenty eighth", "twenty ninth", "thirtieth", "thirty first",
    ), start=1)
}  # fmt: skip
_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS: Final = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_UNITS: Final = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_AMOUNTS: Final = {"a": 1.0, "an": 1.0, "half a": 0.5, "half an": 0.5, "a quarter of an": 0.25, "a couple of": 2.0}
_PAST_THE_HOUR: Final = {"half past": 30, "quarter past": 15, "quarter to": -15}
_HALF_PAST: Final = {"half": 30}  # "at half six"; without "at" it may be half of six


# Of "every Monday at eight" the first part says nothing of when it is for the first time.
AGAIN_AND_AGAIN: Final = re.compile(
    rf"\b(?:(?:every|each)(?: (?:single|other|second))? (?:{'|'.join((*_WEEKDAYS, *_MONTHS, *_UNITS))}"
    r"|weekday|weekend|morning|noon|afternoon|evening|night|month|year)|(?:daily|weekly|monthly|yearly)$)\b",
    re.IGNORECASE,
)


def _any(words: Collection[str]) -> str:
    """The longest first: "twenty" is the beginning of "twenty one"."""
    return "|".join(sorted(words, key=len, reverse=True))


_NUMBER: Final = rf"\d{{1,2}}|{_any(_NUMBERS)}"
_ORDINAL: Final = rf"\d{{1,2}}(?:st|nd|rd|th)?|{_any(_ORDINALS)}"
_MONTH: Final = rf"(?P<month>{_any(_MONTHS)})"
_DAY_PART: Final = "(?: (?P<part>morning|afternoon|evening|night))?"
_HALF_DAY: Final = r"(?: ?(?P<half_day>[ap]) ?\.?m\b\.?)?"
_AMOUNT: Final = rf"({_any(_AMOUNTS)}|{_NUMBER})( and a half)? ({_any(_UNITS)})s?( and a half)?"
_AMOUNTS_IN_A_ROW: Final = rf"{_AMOUNT}(?: (?:and )?{_AMOUNT})*"
_ONE_AMOUNT: Final = re.compile(_AMOUNT, re.IGNORECASE)


def _delay(found: re.Match[str], today: date) -> Spoken:
    delay = timedelta()
    for amount, and_a_half, unit, half_more in _ONE_AMOUNT.findall(found["delay"].casefold()):
        number = _AMOUNTS[amount] if amount in _AMOUNTS else float(_number(amount))
        delay += (number + (0.5 if and_a_half or half_more else 0)) * _UNITS[unit]
    whole_days = delay.days and not delay.seconds
    return Spoken(days=[today + delay]) if whole_days else Spoken(delay=delay)


def _relative(found: re.Match[str], today: date) -> Spoken:
    ahead = {"tomorrow": 1, "the day after tomorrow": 2}.get(found["day"].casefold(), 0)
    part = "night" if found["day"].casefold() == "tonight" else _part(found)
    return Spoken(days=[today + timedelta(days=ahead)], part=part)


def _part_of_day(found: re.Match[str], _today: date) -> Spoken:
    return Spoken(part=_part(found))


def _weekday(found: re.Match[str], today: date) -> Spoken:
    ahead = (_WEEKDAYS.index(found["weekday"].casefold()) - today.weekday()) % 7
    days = [today + timedelta(days=ahead), today + timedelta(days=ahead + 7)]
    return Spoken(days=[day for day in days if day > today or not found["next"]], part=_part(found))


def _date(found: re.Match[str], today: date) -> Spoken | None:
    """The next one of that name; None for one that no year has, such as the 31st of June."""
    day = _ORDINALS.get(found["day"].casefold()) or _number(re.sub(r"(?<=\d)\D+", "", found["day"]))
    month = _MONTHS.index(found["month"].casefold()) + 1
    coming = [each for each in _of_years(today.year, month, day) if each >= today]
    return Spoken(days=coming) if coming else None


def _of_years(first: int, month: int, day: int) -> Iterator[date]:
    for year in range(first, first + 8):  # with a leap year among them
        try:
            yield date(year, month, day)
        except ValueError:
            continue


def _named(found: re.Match[str], _today: date) -> Spoken:
    return Spoken(clock=Clock(24 if found["named"].casefold() == "midnight" else 12, twelve_hours=False))


def _past(found: re.Match[str], _today: date) -> Spoken | None:
    """Half past six, ten to six."""
    if found["about"]:
        minutes = (_PAST_THE_HOUR | _HALF_PAST)[found["about"].casefold()]
    else:
        minutes = _number(found["minutes"]) * (1 if found["side"].casefold() == "past" else -1)
    hour = _number(found["hour"]) - (minutes < 0)
    return _clock_of(hour % 24, minutes % 60, found)


def _clock(found: re.Match[str], _today: date) -> Spoken | None:
    minute = _number(found["minute"]) if found["minute"] else 0
    return _clock_of(_number(found["hour"]), minute, found)


def _clock_of(hour: int, minute: int, found: re.Match[str]) -> Spoken | None:
    half_day = (found["half_day"] or "").casefold()
    if hour > 23 or (half_day and not 0 < hour <= 12):
        return None
    if half_day:
        return Spoken(clock=Clock(hour % 12 + (12 if half_day == "p" else 0), minute, twelve_hours=False))
    return Spoken(clock=Clock(hour, minute, twelve_hours=0 < hour <= 12 and not found["hour"].startswith("0")))


def _part(found: re.Match[str]) -> PartOfDay | None:
    return cast("PartOfDay", found["part"].casefold()) if found["part"] else None


def _number(words: str) -> int:
    return int(words) if words.isdecimal() else _NUMBERS[words.casefold()]


Reader = Callable[[re.Match[str], date], Spoken | None]
_BY_DAY: Final = "(?:(?:on|by|for) )?"
_BY_TIME: Final = "(?:(?:at|by|around|for) )?"
_ABOUT: Final = rf"(?P<minutes>{_NUMBER})(?: minutes)? (?P<side>past|to)|(?:a )?(?P<about>{_any(_PAST_THE_HOUR)})"
_HOUR: Final = rf"(?P<hour>{_NUMBER})"
_TIME: Final = rf"{_HOUR}(?:[: .](?P<minute>[0-5]\d|{_any(_NUMBERS)}))?"
_O_CLOCK: Final = "(?: o.?clock)?"
_READERS: Final[Mapping[str, Reader]] = {
    rf"in (?P<delay>{_AMOUNTS_IN_A_ROW})(?: from now)?": _delay,
    rf"(?:for )?(?P<day>the day after tomorrow|today|tomorrow|tonight){_DAY_PART}": _relative,
    r"(?:this|in the|at) (?P<part>morning|afternoon|evening|night)": _part_of_day,
    rf"{_BY_DAY}(?:(?P<next>next) |this |coming )?(?P<weekday>{_any(_WEEKDAYS)}){_DAY_PART}": _weekday,
    rf"{_BY_DAY}(?:the )?(?P<day>{_ORDINAL})(?: of)? {_MONTH}": _date,
    rf"{_BY_DAY}{_MONTH} (?:the )?(?P<day>{_ORDINAL})": _date,
    rf"{_BY_TIME}(?P<named>noon|midday|midnight)": _named,
    rf"{_BY_TIME}(?:{_ABOUT}) {_HOUR}{_O_CLOCK}{_HALF_DAY}": _past,
    rf"(?:at|by|around|for) (?P<about>half) {_HOUR}{_O_CLOCK}{_HALF_DAY}": _past,
    # A bare number is no time: something must stand before it, or behind it.
    rf"(?:at|by|around|for) {_TIME}{_O_CLOCK}{_HALF_DAY}": _clock,
    rf"{_TIME}(?= o.?clock| ?[ap] ?\.?m\b){_O_CLOCK}{_HALF_DAY}": _clock,
    rf"{_HOUR}:(?P<minute>[0-5]\d){_HALF_DAY}": _clock,
}
_PATTERNS: Final = [(re.compile(rf"(?:{text})(?!\w)", re.IGNORECASE), read) for text, read in _READERS.items()]


def read(text: str, at: int, today: date) -> tuple[Spoken, int] | None:
    """What the text says of a moment from this character on, and where that ends."""
    for pattern, reader in _PATTERNS:
        if (found := pattern.match(text, at)) and (spoken := reader(found, today)):
            return spoken, found.end()
    return None
