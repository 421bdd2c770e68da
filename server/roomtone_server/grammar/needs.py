"""What a text must have in it to match a sentence template: necessary, and far from sufficient. Pure.

hassil knows the fixed words that a template needs. This knows how it begins and ends, too, and the values of lists:
"set the {name} to {color}" begins with "set", and needs a name of the home, and the word of some colour.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hassil.expression import (
    Alternative,
    Expression,
    Group,
    ListReference,
    Permutation,
    RuleReference,
    Sentence,
    TextChunk,
)
from hassil.intents import RangeSlotList, SlotList, TextSlotList
from hassil.util import PUNCTUATION_STR

from roomtone_server.grammar.numbers import number_words

# The lists that each home fills with its own names; all others stand in the templates.
OF_THE_HOME: Final = frozenset({"name", "area", "floor"})

# To spell out a longer range takes longer than it saves.
MAX_RANGE: Final = 500

_PUNCTUATION: Final = frozenset(PUNCTUATION_STR)
_DIGITS: Final = frozenset("0123456789")


class Clause(NamedTuple):
    """One of these must be there."""

    texts: frozenset[str] = frozenset()  # casefolded, without spaces, anywhere in the text
    lists: frozenset[str] = frozenset()  # of the home: any value of theirs


Clauses = frozenset[Clause]  # each of them

Pieces = frozenset[str] | None  # of what the words may consist of, casefolded; None: of anything

_NONE: Final = Clauses()


@dataclass(frozen=True, slots=True)
class Needs:
    beginning: frozenset[str] | None  # one of these, casefolded, stands at the very beginning; None: anything may
    ending: frozenset[str] | None
    texts: tuple[frozenset[str], ...]  # of each, one text stands somewhere
    names: Clauses  # and of each of these, a text or a value of the home's lists
    pieces: Pieces  # with one of these begins each word, or with a word of a name


class _Edge(NamedTuple):
    """How a match may begin, or end, where it is not empty."""

    texts: frozenset[str] | None
    may_be_empty: bool


_FIRST: Final = slice(1)  # of a text's words
_LAST: Final = slice(-1, None)


@dataclass(frozen=True, slots=True)
class Analyst:
    """Knows the rules and lists that templates refer to."""

    rules: dict[str, Sentence]
    lists: Mapping[str, SlotList]
    language: str
    _clauses_of_rules: dict[str, Clauses] = field(default_factory=dict)
    _clauses_of_lists: dict[str, Clauses] = field(default_factory=dict)
    _pieces_of_rules: dict[str, Pieces] = field(default_factory=dict)
    _pieces_of_lists: dict[str, Pieces] = field(default_factory=dict)

    def needs(self, template: Sentence) -> Needs:
        begins, ends = (self._edge(template.expression, at) for at in (_FIRST, _LAST))
        clauses = self._clauses(template.expression)
        texts = sorted((clause.texts for clause in clauses if not clause.lists), key=len)
        names = frozenset(clause for clause in clauses if clause.lists)
        return Needs(begins.texts, ends.texts, tuple(texts), names, self._pieces(template.expression))

    def _edge(self, expression: Expression, at: slice) -> "_Edge":
        match expression:
            case TextChunk():
                pieces = expression.text.split()
                return _Edge(frozenset(piece.casefold() for piece in pieces[at]), may_be_empty=not pieces)
            case RuleReference():
                return self._edge(self.rules[expression.rule_name].expression, at)
            case Alternative() | Permutation():
                edges = [self._edge(item, at) for item in expression.items]
                empty = any if isinstance(expression, Alternative) else all
                return _Edge(_union(edges), may_be_empty=empty(edge.may_be_empty for edge in edges))
            case Group():
                return self._edge_in_order(expression.items if at is _FIRST else expression.items[::-1], at)
            case _:
                return _Edge(None, may_be_empty=False)

    def _edge_in_order(self, items: Iterable[Expression], at: slice) -> "_Edge":
        edges: list[_Edge] = []
        for item in items:
            edges.append(self._edge(item, at))
            if not edges[-1].may_be_empty:
                return _Edge(_union(edges), may_be_empty=False)
        return _Edge(_union(edges), may_be_empty=True)

    def _pieces(self, expression: Expression) -> Pieces:
        match expression:
            case TextChunk():
                return frozenset(_before_punctuation(piece).casefold() for piece in expression.text.split())
            case RuleReference(rule_name=name):
                if name not in self._pieces_of_rules:
                    self._pieces_of_rules[name] = self._pieces(self.rules[name].expression)
                return self._pieces_of_rules[name]
            case ListReference(list_name=name):
                if name not in self._pieces_of_lists:
                    self._pieces_of_lists[name] = self._pieces_of_list(name)
                return self._pieces_of_lists[name]
            case Group():
                return _all_pieces(map(self._pieces, expression.items))
            case _:
                return None

    def _pieces_of_list(self, name: str) -> Pieces:
        values = self.lists.get(name)
        if name in OF_THE_HOME:
            return frozenset()
        if isinstance(values, TextSlotList):
            return _all_pieces(self._pieces(value.text_in) for value in values.values)
        if isinstance(values, RangeSlotList) and (said := self._number_words(values)) is not None:
            return _DIGITS | {"-"} | {word.casefold() for words in said for word in words.split()}
        return None

    def _clauses(self, expression: Expression) -> Clauses:
        match expression:
            case TextChunk():
                pieces = [piece for piece in expression.text.split() if _PUNCTUATION.isdisjoint(piece)]
                return frozenset(Clause(texts=frozenset([piece.casefold()])) for piece in pieces)
            case RuleReference(rule_name=name):
                if name not in self._clauses_of_rules:
                    self._clauses_of_rules[name] = self._clauses(self.rules[name].expression)
                return self._clauses_of_rules[name]
            case ListReference(list_name=name):
                if name not in self._clauses_of_lists:
                    self._clauses_of_lists[name] = self._clauses_of_list(name)
                return self._clauses_of_lists[name]
            case Alternative():
                return _one_of(map(self._clauses, expression.items))
            case Group():
                return _NONE.union(*map(self._clauses, expression.items))
            case _:
                return _NONE

    def _clauses_of_list(self, name: str) -> Clauses:
        if name in OF_THE_HOME:
            return Clauses([Clause(lists=frozenset([name]))])
        values = self.lists.get(name)
        if isinstance(values, TextSlotList):
            return _one_of(self._clauses(value.text_in) for value in values.values)
        if isinstance(values, RangeSlotList):
            return self._clauses_of_range(values)
        return _NONE

    def _clauses_of_range(self, numbers: RangeSlotList) -> Clauses:
        said = self._number_words(numbers)
        if said is None:
            return _NONE
        return Clauses([Clause(_DIGITS | {words.split()[0].casefold() for words in said})])

    def _number_words(self, numbers: RangeSlotList) -> frozenset[str] | None:
        """All that may be said for a range, but digits; None for one that is too long to tell."""
        said = list(numbers.get_numbers()) if numbers.words else []
        if len(said) > MAX_RANGE:
            return None
        language = numbers.words_language or self.language
        return frozenset(words for number in said for words in number_words(number, language))


def _before_punctuation(piece: str) -> str:
    """As much of a piece of text as hassil surely leaves in what was said."""
    return next((piece[:end] for end, letter in enumerate(piece) if end and letter in _PUNCTUATION), piece)


def _all_pieces(each: Iterable[Pieces]) -> Pieces:
    together: set[str] = set()
    for pieces in each:
        if pieces is None:
            return None
        together |= pieces
    return frozenset(together)


def _union(edges: Iterable[_Edge]) -> frozenset[str] | None:
    texts: set[str] = set()
    for edge in edges:
        if edge.texts is None:
            return None
        texts |= edge.texts
    return frozenset(texts)


def _one_of(branches: Iterable[Clauses]) -> Clauses:
    """What is needed when one of several ways is taken: of each way, the clause that says most."""
    ways = list(branches)
    if not all(ways):
        return _NONE
    tightest = [min(clauses, key=lambda clause: len(clause.texts) + len(clause.lists)) for clauses in ways]
    texts, lists = zip(*tightest, strict=True) if tightest else ((), ())
    return Clauses([Clause(frozenset[str]().union(*texts), frozenset[str]().union(*lists))])
