"""Which moment is meant: "at six" is the next six o'clock that makes sense."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal

PartOfDay = Literal["morning", "afternoon", "evening", "night"]

# Who says an hour between these without saying which half of the day means the one when people are awake.
_FIRST_WAKING_HOUR: Final = 6

# A part of the day without a time, and a day without either.
_HOURS: Final[Mapping[PartOfDay | None, int]] = {"morning": 8, "afternoon": 15, "evening": 19, "night": 21, None: 9}


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day as it was said: `hour` 0 to 24 (24: the midnight that ends the day)."""

    hour: int
    minute: int = 0
    twelve_hours: bool = True  # six may be in the morning or in the evening


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said of a moment; None where nothing was said of it."""

    delay: timedelta | None = None
    days: Sequence[date] | None = None  # the day; of "friday", the coming one and the one after it
    part: PartOfDay | None = None
    clock: Clock | None = None

    def with_more(self, more: "Spoken") -> "Spoken | None":
        """Both together; None when both say something of the same."""
        parts = [(getattr(self, each.name), getattr(more, each.name)) for each in fields(self)]
        if any(None not in both for both in parts):
            return None
        return Spoken(*(mine if mine is not None else others for mine, others in parts))

    @property
    def has_time(self) -> bool:
        return self.delay is not None or self.clock is not None

    def moment(self, now: datetime, usual: PartOfDay | None = None) -> datetime | None:
        """The next moment after `now` (aware) that fits, in its zone; None when it is over, or is said too vaguely.

        `usual` is the part of the day that is meant where "six" leaves it open; None: whichever comes next.
        """
        if usual is not None and self._ambiguous:
            return replace(self, part=usual).moment(now)
        if self.delay is not None:
            # Added to UTC: two hours are two hours, in the night too in which the clock is set.
            return (now.astimezone(UTC) + self.delay).astimezone(now.tzinfo)
        if self == Spoken() or (self.clock is None and self.part is None and self.days == [now.date()]):
            return None  # "today" says no time, and nine o'clock may be over
        coming = [at for at in self._candidates(now) if at > now]
        awake = [at for at in coming if at.hour >= _FIRST_WAKING_HOUR]
        return next(iter(awake or coming), None) if self._ambiguous else next(iter(coming), None)

    @property
    def _ambiguous(self) -> bool:
        return self.clock is not None and self.clock.twelve_hours and self.part is None

    def _candidates(self, now: datetime) -> Iterator[datetime]:
        days = self.days if self.days is not None else [now.date(), now.date() + timedelta(days=1)]
        for day in days:
            for hour, minute in self._times():
                # "Tonight at one" is after midnight.
                ahead = 1 if hour == 24 or (self.part == "night" and hour < _FIRST_WAKING_HOUR) else 0
                yield datetime.combine(day + timedelta(days=ahead), time(hour % 24, minute), now.tzinfo)

    def _times(self) -> Iterator[tuple[int, int]]:
        if self.clock is None:
            yield _HOURS[self.part], 0
            return
        hour, minute = self.clock.hour, self.clock.minute
        hours = [hour] if not self.clock.twelve_hours else [hour % 12, hour % 12 + 12]
        yield from ((each, minute) for each in hours if self._in_part(each))

    def _in_part(self, hour: int) -> bool:
        match self.part:
            case "morning":
                return hour < 12
            case "afternoon" | "evening":
                return hour >= 12
            case "night":
                return hour >= 18 or hour < _FIRST_WAKING_HOUR
            case None:
                return True
