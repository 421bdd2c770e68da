"""One language, read from its file and checked. A language without a file is known by its code alone."""

import functools
from collections.abc import Iterator
from datetime import date, time
from importlib import resources
from typing import Annotated, Any, Final, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from roomtone_server.languages.codes import primary_code

# As in `grammar.sentences`: libyaml's where PyYAML was built with it.
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SUFFIX: Final = ".yaml"

# Each language whose sentences are parsed costs 4 to 21 MB; who changes languages all day must not fill the memory.
MAX_AT_HAND: Final = 4

Word = Annotated[str, Field(min_length=1, max_length=120)]
Words = tuple[Word, ...]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Numbers(_Part):
    """Number words that Unicode's rules lack; of a language that has none here, those rules do."""

    words: Annotated[Words, Field(max_length=101)] = ()  # from 0 on; other spellings behind a slash: "पाँच/पांच"
    half: Annotated[str, Field(pattern=r"^$|\{\}")] = ""  # how 20.5 is said, with {} for 20

    def spoken(self, number: float) -> tuple[str, ...]:
        """All the words for a number, the usual first; none for one that is not here."""
        whole = int(number)
        if not 0 <= whole < len(self.words):
            return ()
        words = tuple(self.words[whole].split("/"))
        if number == whole:
            return words
        return tuple(self.half.format(each) for each in words) if self.half and number - whole == 0.5 else ()


class Clock(_Part):
    """How it is told what time it is. Patterns hold the numbers {hour} and {minute}, and {part}."""

    hours: Annotated[int, Field(ge=12, le=24)] = 24  # 12: one o'clock again after noon
    parts: dict[Annotated[int, Field(ge=0, le=23)], Word] = {}  # of the day, each from its hour on
    on_the_hour: str = "{hour}:00"
    otherwise: str = "{hour}:{minute:02}"

    def told(self, when: time) -> str:
        hour = when.hour if self.hours == 24 else when.hour % 12 or 12
        part = next((self.parts[start] for start in sorted(self.parts, reverse=True) if start <= when.hour), "")
        pattern = self.otherwise if when.minute else self.on_the_hour
        return pattern.format(hour=hour, minute=when.minute, part=part)


class Calendar(_Part):
    """How it is told what day it is. The pattern holds {weekday}, {day}, {month} and {year}."""

    months: Annotated[Words, Field(min_length=12, max_length=12)]  # as they stand in a date
    weekdays: Annotated[Words, Field(min_length=7, max_length=7)]  # from Monday on
    today: str

    def told(self, day: date) -> str:
        month, weekday = self.months[day.month - 1], self.weekdays[day.weekday()]
        return self.today.format(weekday=weekday, day=day.day, month=month, year=day.year)


class Questions(_Part):
    """What tells a question from an order, in small letters. What stands first decides; each of the first three is how
    a sentence begins."""

    tells: Words = ()  # an order that wants to be told something, which is a question: "tell me if"
    wants: Words = ()  # a question that wants something done, which is none: "can you"
    begin: Words = ()
    hold: Words = ()  # a word anywhere in it
    end: Words = ()  # how its last word ends

    def asks(self, text: str) -> bool:
        """Whether a text is a question, by its words or its mark. In doubt it is: nothing acts on a question."""
        said = " ".join(text.lower().replace(",", " ").split()).strip(" ¿¡.!।")
        if _begins(said, self.tells) or _begins(said, self.wants):
            return _begins(said, self.tells)
        if said.endswith(("?", "؟")) or _begins(said, self.begin):
            return True
        return not set(said.split()).isdisjoint(self.hold) or said.endswith(self.end)


def _begins(said: str, beginnings: Words) -> bool:
    """Whether a text begins with the words of one of them; behind an apostrophe the next word needs no space."""
    return any(said.startswith(words if words.endswith("'") else f"{words} ") for words in beginnings)


class Phrases(_Part):
    """What is said in every language, whoever answers; all else that an intent says stands in `grammar/data`."""

    one_moment: Word  # the answer takes a while
    not_understood: str
    failed: str  # something broke; nobody knows more


class Language(_Part):
    code: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
    name: Word  # as its speakers call it
    english_name: Word
    full: bool = False  # everyday commands of every kind are understood and answered, and tests hold them so
    whisper: str = ""  # the code that Whisper's models know it by
    espeak: str = ""  # the voice of espeak that most people expect
    piper: Words = ()  # voices of Piper's, the best first
    signs: dict[str, str] = {}  # what is written as a sign, as the sentence templates say it
    sentence_ends: str = ".!?"
    inflections: dict[str, Words] = {}  # how names end in a sentence, by how they end alone; "": any other end
    states: dict[str, Word] = {}  # Home Assistant's words for states, as they are spoken
    numbers: Numbers = Numbers()
    digits: Annotated[str, Field(pattern=r"^(\d{10})?$")] = ""  # its script's own, from 0 on
    clock: Clock = Clock()
    calendar: Calendar | None = None
    phrases: Phrases | None = None
    at_once: frozenset[Word] = frozenset()  # what ends an utterance without waiting for more
    backchannels: frozenset[Word] = frozenset()  # what a listener says without wishing to speak
    conjunctions: Words = ()  # join two commands, or two names
    articles: frozenset[Word] = frozenset()  # before a name, and no part of it
    pronouns: Words = ()  # stand for what was spoken of before
    anew: dict[Word, str] = {}  # says no more than what it stands for: "again", nothing; "back on", "on"
    kinds: frozenset[Word] = frozenset()  # stand for all of their kind in a room, as names do: "the light and the fan"
    no_names: frozenset[Word] = frozenset()  # stand where a name could, and are none
    questions: Questions = Questions()
    warm_up: Words = ()  # commands that use each kind of list: names, numbers, what is free

    def inflected(self, name: str) -> tuple[str, ...]:
        """The forms that a name may have in a sentence, beside the one that is written."""
        ending = max((each for each in self.inflections if name.endswith(each)), key=len, default=None)
        return () if ending is None else tuple(name.removesuffix(ending) + end for end in self.inflections[ending])

    def with_western_digits(self, text: str) -> str:
        """The text with 0 to 9 for the digits of the language's own script."""
        return text if text.isascii() or not self.digits else text.translate(str.maketrans(self.digits, "0123456789"))

    @model_validator(mode="after")
    def _speaks(self) -> Self:
        """Its patterns hold nothing that they are not given."""
        try:
            self.clock.told(time(15))
            self.clock.told(time(15, 30))
            if self.calendar is not None:
                self.calendar.told(date(2026, 3, 1))
        except KeyError as unknown:
            raise ValueError(f"a pattern cannot hold {unknown}") from None
        return self


@functools.lru_cache(maxsize=64)  # what a recogniser tells may be anything
def language_of(code: str) -> Language:
    """That of a code in any spelling (`de`, `de-AT`, `de_CH`)."""
    primary = primary_code(code)
    file = resources.files(__package__) / f"{primary}{_SUFFIX}"
    if not primary.isalpha() or not file.is_file():
        return Language.model_construct(code=primary, name=code, english_name=code)
    content: Any = yaml.load(file.read_text(encoding="utf-8"), _LOADER)  # noqa: S506 - either loader is a safe one
    return Language.model_validate({"code": primary, **content})


def languages() -> Iterator[Language]:
    """Those that have a file, by code."""
    files = sorted(file.name for file in resources.files(__package__).iterdir() if file.name.endswith(_SUFFIX))
    return (language_of(name.removesuffix(_SUFFIX)) for name in files)
