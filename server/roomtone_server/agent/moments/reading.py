"""Texts to moments, and what a text holds beside its moment."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from roomtone_server.agent.moments import english
from roomtone_server.agent.moments.spoken import PartOfDay, Spoken

# From the character on: what is said of a moment there, and where that ends. A language without a row has no moments.
_READERS: Final[Mapping[str, Callable[[str, int, date], tuple[Spoken, int] | None]]] = {"en": english.read}

# What may stand between a moment and what is to be done then.
_JOINTS: Final[Mapping[str, re.Pattern[str]]] = {
    "en": re.compile(r"(?:(?:to|about|that|of)\s+)?(?P<what>.*)", re.IGNORECASE)
}


_BETWEEN: Final = " ,;:."  # a moment and what is to be done then

# What is to be again and again, which is nothing that a moment can say.
_REPEATED: Final[Mapping[str, re.Pattern[str]]] = {"en": english.AGAIN_AND_AGAIN}


@dataclass(frozen=True, slots=True)
class Parted:
    """A text in two: what it says of a moment, and the rest."""

    spoken: Spoken
    what: str


def parted(text: str, language: str, today: date) -> Parted:
    """The moment at the beginning of a text, at its end, or at both: "tomorrow to call mum at six".

    What stands in the middle is of the rest, and so is the end where the beginning holds a time.
    """
    text = " ".join(text.split())
    spoken, end = _run(text, 0, language, today)
    rest = text[end:].strip(_BETWEEN)
    if not spoken.has_time:
        for word in re.finditer(r"\S+", rest):
            last, end = _run(rest, word.start(), language, today)
            whole = spoken.with_more(last)
            if end == len(rest) and last != Spoken() and whole is not None:
                spoken, rest = whole, rest[: word.start()].strip(_BETWEEN)
                break
    joint = _JOINTS.get(language)
    found = joint.fullmatch(rest) if joint else None
    return Parted(spoken, found["what"] if found else rest)


def is_repeated(text: str, language: str) -> bool:
    """Whether a text speaks of more than one moment: "every day at eight"."""
    repeated = _REPEATED.get(language)
    return repeated is not None and repeated.search(text) is not None


def moment_of(text: str, language: str, now: datetime, usual: PartOfDay | None = None) -> datetime | None:
    """The moment that a whole text says, in words or as in ISO 8601; a time that names no zone is one of `now`'s.

    None for a text that says none, or one that is over. `usual` as in `Spoken.moment`.
    """
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        pass
    else:
        at = at if at.tzinfo else at.replace(tzinfo=now.tzinfo)
        return at if at > now else None
    found = parted(text, language, now.date())
    return None if found.what else found.spoken.moment(now, usual)


def day_of(text: str, language: str, today: date) -> date | None:
    """The day that a whole text says, in words or as in ISO 8601; None for a text that says none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        pass
    found = parted(text, language, today)
    return None if found.what or not found.spoken.days else found.spoken.days[0]


def _run(text: str, at: int, language: str, today: date) -> tuple[Spoken, int]:
    """All that is said of a moment from a character on, one thing after the other, and where it ends."""
    spoken = Spoken()
    read = _READERS.get(language)
    while read and (found := read(text, at, today)):
        more, end = found
        whole = spoken.with_more(more)
        if whole is None:
            break
        spoken, at = whole, end
        while at < len(text) and text[at] in _BETWEEN:
            at += 1
    return spoken, at
