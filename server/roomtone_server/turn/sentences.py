"""The tokens of a language model to pieces that can be spoken: the first as early as it can be, later ones longer.

Which pieces come out depends on the text alone, never on how it was cut into tokens; the cut only decides which call
hands a piece out, and that is the first one by which the piece is certain:

* A clause ends with its comma, semicolon or the like, at once, unless a digit precedes (1,000); other marks of a clause
  (a colon, a dash, a comma behind a digit) when white space follows.
* A sentence ends when a letter or digit shows behind its stop and the white space: only that tells "etc. and" from
  "etc. And". A stop that needs no white space (。, the danda) ends it with the next character that is not part of it.
* A line ends as a sentence does, but without a stop; where lower case follows, it was only wrapped. A heading, a list
  item and a paragraph end when it shows that the line behind them is a new one.

Joined, the pieces are what `markdown` makes of the text: white space becomes one space, and marks are left out where no
letter or digit is beside them to be spoken. Memory is bounded and time linear, whatever comes.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from roomtone_server.turn.abbreviations import abbreviations_of, goes_on
from roomtone_server.turn.markdown import PARAGRAPH, SpokenMarkdown

# A longer "word" (an address, a script without spaces, a hostile stream) is cut here, so that it need not be held.
LONGEST_WORD_CHARS: Final = 100

_CLOSERS: Final = "\"'”’»›)\\]}）」』】》〉"
_OPENERS_THAT_CLOSE: Final = "“«"  # in „such“ and »such« quotation marks
_STOPS: Final = (".", "!", "?", "…", "؟", "۔")  # end a sentence when white space follows, and no lower case
_HARD_STOPS: Final = "。！？｡।॥"  # end a sentence, whatever follows
_COMMAS: Final = ",;،؛："  # end a clause at once, behind anything but a digit
_HARD_COMMAS: Final = "，、；"  # end a clause at once

_ATTACHED: Final = ".,"  # what an emoji stood before is drawn to the word

_QUOTES: Final = re.compile('["„“”«»]')
_OPENING_BRACKETS: Final = re.compile(r"[(\[{（「『【《]")
_CLOSING_BRACKETS: Final = re.compile(r"[)\]}）」』】》]")

# What a piece ends with; so many of its last characters are looked at.
_TAIL_CHARS: Final = 16
_CLAUSE_END: Final = re.compile(rf"(?:[:—{_COMMAS}{_HARD_COMMAS}][{_CLOSERS}]*|\s[–-])\Z")
_HARD_END: Final = re.compile(rf"[{_HARD_STOPS}][{_CLOSERS}]*\Z")

# White space, or a word with the mark that ends it. A comma behind a digit is part of the word; « and — before it too.
_TOKENS: Final = re.compile(
    rf"""
      \s+
    | (?=\S)
      (?: «[ \u00a0\u202f] | —(?=\w) )?
      (?: \d[{_COMMAS}] | [^\s—{_COMMAS}{_HARD_COMMAS}{_HARD_STOPS}] ){{0,{LONGEST_WORD_CHARS}}}
      (?: (?P<comma> [{_COMMAS}{_HARD_COMMAS}] )
        | —{{1,2}}[{_CLOSERS}.,;:!?…]{{0,9}}
        | [{_HARD_STOPS}]{{1,9}}[{_CLOSERS}]{{0,9}}
      )?
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class SplitterSettings:
    """Lengths in characters as they sound: a full-width one (Chinese, Japanese, Korean) counts for two."""

    first_chars: int = 12  # the least that is worth speaking before its sentence ends
    # A clause is handed out alone when it is so long, compared with all that was before it: while the voice speaks
    # that, a slow model writes little more (bench/sentences.py, 5 tokens a second: 1 leaves 0.9 s of silence in a
    # reply, 0.5 leaves 0.5),
    growth: float = 0.5
    full_chars: int = 100  # or so long at any rate
    longest_chars: int = 200  # a sentence without a mark is cut between words here


class _Boundary(Enum):
    NONE = auto()
    CLAUSE = auto()
    SENTENCE = auto()


class SentenceSplitter:
    """Splits one reply. Pieces are never empty, have no white space around them, and hold a letter or digit each."""

    def __init__(self, language: str = "en", settings: SplitterSettings | None = None) -> None:
        self._settings = settings or SplitterSettings()
        self._abbreviations = abbreviations_of(language)
        self._markdown = SpokenMarkdown(ordinals=self._abbreviations.ordinals)
        self._held = ""  # a word that may still grow
        self._piece = ""
        self._length = 0  # of the piece
        self._gap = ""  # the white space between the piece and what follows: "", " " or "\n"
        self._clause_end = 0  # where the piece was last at the end of a clause
        self._spoken_chars = 0  # handed out so far
        self._pieces: list[str] = []

    def feed(self, text: str) -> list[str]:
        """Takes the next token, of any length; the pieces that are certain now."""
        self._split(self._markdown.feed(text))
        return self._handed_out()

    def finish(self) -> list[str]:
        """No more text comes; what is left."""
        self._split(self._markdown.finish())
        if self._held:
            self._add(self._held)
        self._end_piece()
        return self._handed_out()

    def _handed_out(self) -> list[str]:
        pieces, self._pieces = self._pieces, []
        return pieces

    def _split(self, plain: str) -> None:
        text, self._held = self._held + plain, ""
        for match in _TOKENS.finditer(text):
            token = match.group()
            if token.isspace():
                self._pause(token)
            elif match.end() < len(text) or match["comma"]:
                self._add(token)
            else:
                self._held = token
                self._perhaps_end_before(token)

    def _pause(self, white_space: str) -> None:
        if PARAGRAPH in white_space:
            self._end_piece()
        else:
            self._gap = "\n" if "\n" in white_space else self._gap or " "

    def _add(self, word: str) -> None:
        self._perhaps_end_before(word)
        word = " ".join(word.split())  # of « Bonjour, the space
        while self._piece and self._length + _length(word) >= self._settings.longest_chars:
            self._end_piece(self._clause_end or len(self._piece))
        space = " " if self._gap and self._piece and word.strip(_ATTACHED) else ""
        self._piece += space + word
        self._length += _length(space + word)
        self._gap = ""
        tail = self._piece[-_TAIL_CHARS:]
        if _HARD_END.search(tail):
            self._end_piece()
        elif _CLAUSE_END.search(tail):
            self._end_clause()

    def _perhaps_end_before(self, word: str) -> None:
        opening = next(filter(str.isalnum, word), "")
        if not (opening and self._gap and self._piece):
            return
        boundary = self._boundary(opening)
        if boundary is _Boundary.SENTENCE:
            self._end_piece()
        elif boundary is _Boundary.CLAUSE:
            self._end_clause()

    def _boundary(self, opening: str) -> _Boundary:
        """What ends between the piece and a word, of which `opening` is the first letter or digit."""
        text = self._piece.rstrip(_CLOSERS + _OPENERS_THAT_CLOSE + " ")
        if text.endswith(".") and goes_on(text, opening, self._abbreviations):
            return _Boundary.NONE
        if opening.islower():
            return _Boundary.CLAUSE if text.endswith(_STOPS) else _Boundary.NONE
        return _Boundary.SENTENCE if text.endswith(_STOPS) or self._gap == "\n" else _Boundary.NONE

    def _end_clause(self) -> None:
        """Hands the clause out if it is long enough, or remembers its end in case that the sentence grows too long."""
        settings = self._settings
        if self._length < settings.first_chars or _is_open(self._piece):
            return
        self._clause_end = len(self._piece)
        if self._length >= min(settings.full_chars, settings.growth * self._spoken_chars):
            self._end_piece()

    def _end_piece(self, end: int | None = None) -> None:
        """Hands out the piece, or its beginning; what is not worth a word is dropped."""
        piece = self._piece[:end]
        self._piece = "" if end is None else self._piece[end:].lstrip()
        self._length = _length(self._piece)
        self._gap = self._gap if self._piece else ""
        self._clause_end = 0
        if any(map(str.isalnum, piece)):
            self._spoken_chars += _length(piece)
            self._pieces.append(piece)


def _is_open(text: str) -> bool:
    """Whether it ends inside quotation marks or brackets."""
    brackets = len(_OPENING_BRACKETS.findall(text)) - len(_CLOSING_BRACKETS.findall(text))
    return brackets > 0 or len(_QUOTES.findall(text)) % 2 == 1


def _length(text: str) -> int:
    """In characters as they sound."""
    return len(text) if text.isascii() else len(text) + sum(map(_is_wide, text))


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in "WF"
