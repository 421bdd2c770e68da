"""What a text must have in it to match a sentence template: necessary, and far from sufficient. Pure.

hassil knows the fixed words that a template needs. This knows how it begins and ends, too, and the values of lists:
"set the {name} to {color}" begins with "set", and needs a name of the home, and the word of some colour.
"""

from collections.abc import Callable, Iterable, Mapping
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

_NONE: Final = Clauses()


@dataclass(frozen=True, slots=True)
class Needs:
    beginning: frozenset[str] | None  # one of these, casefolded, stands at the very beginning; None: anything may
    ending: frozenset[str] | None
    texts: tuple[frozenset[str], ...]  # of each, one text stands somewhere
    names: Clauses  # and of each of these, a text or a value of the home's lists


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
    _known: dict[str, Clauses] = field(default_factory=dict)  # of rules and lists, by <name> and {name}

    def needs(self, template: Sentence) -> Needs:
        begins, ends = (self._edge(template.expression, at) for at in (_FIRST, _LAST))
        clauses = self._clauses(template.expression)
        texts = sorted((clause.texts for clause in clauses if not clause.lists), key=len)
        names = frozenset(clause for clause in clauses if clause.lists)
        return Needs(begins.texts, ends.texts, tuple(texts), names)

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

    def _clauses(self, expression: Expression) -> Clauses:
        match expression:
            case TextChunk():
                pieces = [piece for piece in expression.text.split() if _PUNCTUATION.isdisjoint(piece)]
                return frozenset(Clause(texts=frozenset([piece.casefold()])) for piece in pieces)
            case RuleReference():
                return self._remembered(f"<{expression.rule_name}>", self._clauses_of_rule, expression.rule_name)
            case ListReference():
                return self._remembered(f"{{{expression.list_name}}}", self._clauses_of_list, expression.list_name)
            case Alternative():
                return _one_of(map(self._clauses, expression.items))
            case Group():
                return _NONE.union(*map(self._clauses, expression.items))
            case _:
                return _NONE

    def _remembered(self, key: str, clauses_of: Callable[[str], Clauses], name: str) -> Clauses:
        if key not in self._known:
            self._known[key] = clauses_of(name)
        return self._known[key]

    def _clauses_of_rule(self, name: str) -> Clauses:
        return self._clauses(self.rules[name].expression)

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
        said = list(numbers.get_numbers()) if numbers.words else []
        if len(said) > MAX_RANGE:
            return _NONE
        language = numbers.words_language or self.language
        first_words = {words.split()[0].casefold() for number in said for words in number_words(number, language)}
        return Clauses([Clause(_DIGITS | first_words)])


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
