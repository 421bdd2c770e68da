"""Several commands in one sentence: where one ends and the next begins, and what they share. Pure.

"Turn off the TV and close the blinds" is two commands, and so is "turn on the kitchen and the bedroom light", which
says once what both have in common. "Turn on the salt and pepper lamp" is one: the fewest commands that make up the
whole of what was said are what was meant.
"""

import functools
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from roomtone_server.languages.language import language_of

# Who says more at once is telling something; to try every division of it would hold up the event loop.
MAX_PIECES: Final = 6
MAX_COMMANDS: Final = 4

# The intents that, said beside another command, would mean nothing, or anything.
ALONE: Final = frozenset(
    {
        "HassNevermind",
        "RoomtoneAgain",
        "RoomtoneForgetConversation",
        "RoomtoneNo",
        "RoomtoneRepeat",
        "RoomtoneUndo",
        "RoomtoneYes",
    }
)

_STOP: Final = r"\s*[,;.!?।]+(?=\s)"


def divided(text: str, language: str, names: Collection[str], is_command: Callable[[str], bool]) -> Sequence[str]:
    """The commands that a text consists of, in their order; empty when some of it is none. `names` are those of the
    home, casefolded, that stand in the text."""
    pieces = pieces_of(text, language)
    if not 1 < len(pieces) <= MAX_PIECES:
        return [text] if is_command(text) else []
    return _Division(text, pieces, names, language_of(language).articles, functools.cache(is_command)).commands(0) or []


def pieces_of(text: str, language: str) -> Sequence[slice]:
    """What stands between the words, and the stops, that may join commands."""
    pieces: list[slice] = []
    begin = 0
    for joint in [*_joints(language).finditer(text), None]:
        end = len(text) if joint is None else joint.start()
        if text[begin:end].strip():
            pieces.append(slice(begin, end))
        begin = end if joint is None else joint.end()
    return pieces


@functools.cache
def _joints(language: str) -> re.Pattern[str]:
    words = "|".join(re.escape(word) for word in sorted(language_of(language).conjunctions, key=len, reverse=True))
    if not words:
        return re.compile(_STOP)
    return re.compile(rf"(?:{_STOP})?\s+(?:{words})(?=\s)|{_STOP}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Division:
    text: str
    pieces: Sequence[slice]
    names: Collection[str]
    articles: Collection[str]
    is_command: Callable[[str], bool]

    def commands(self, first: int) -> list[str] | None:
        """Those of the pieces from `first` on, the longest commands first; None when they make up none."""
        if first == len(self.pieces):
            return []
        for end in range(len(self.pieces), first, -1):
            begun = self._one_or_alike(first, end)
            rest = self.commands(end) if begun else None
            if begun and rest is not None and len(begun) + len(rest) <= MAX_COMMANDS:
                return [*begun, *rest]
        return None

    def _one_or_alike(self, first: int, end: int) -> Sequence[str]:
        """The command that some pieces are together, or those that differ by a name only."""
        text = self.text[self.pieces[first].start : self.pieces[end - 1].stop].strip()
        if self.is_command(text):
            return [text]
        for texts in self._each_named(first, end):
            if all(map(self.is_command, texts)):
                return texts
        return []

    def _each_named(self, first: int, end: int) -> Iterator[Sequence[str]]:
        """The same with each of the names, where names are all that is joined: "set the lamp and the fan to five"."""
        if end - first < 2:
            return
        opening, *middle, closing = (self.text[piece].strip() for piece in self.pieces[first:end])
        between = [self._without_article(name) for name in middle]
        if not all(name.casefold() in self.names for name in between):
            return
        closing = self._without_article(closing)
        for first_name in self._names(lambda name: _ends_with(opening, name)):
            for last_name in self._names(lambda name: _ends_with(closing[: len(name)], name)):
                before = opening[: len(opening) - len(first_name)]
                behind = closing[len(last_name) :]
                if behind[:1].isalnum():
                    continue
                named = [opening[len(before) :], *between, closing[: len(last_name)]]
                yield [f"{before}{name}{behind}" for name in named]

    def _names(self, fits: Callable[[str], bool]) -> list[str]:
        return sorted(filter(fits, self.names), key=len, reverse=True)

    def _without_article(self, text: str) -> str:
        first, space, rest = text.partition(" ")
        return rest if space and first.casefold() in self.articles else text


def _ends_with(text: str, name: str) -> bool:
    """As a word of its own."""
    begin = len(text) - len(name)
    return text.casefold().endswith(name) and (begin == 0 or not text[begin - 1].isalnum())
