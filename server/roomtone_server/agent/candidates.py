"""Which sentence templates a text could match: a cheap, sound filter before hassil, which tries all that it is given.

A template is left out when the text begins otherwise, lacks a word that the template cannot do without, or has no name
or area in it that would fit. Whether one of the others matches is for hassil to say: the answer is the same, sooner.
"""

import copy
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hassil.expression import Sentence, TextChunk
from hassil.intents import Intent, IntentData, Intents, TextSlotList, TextSlotValue
from hassil.util import (
    check_excluded_context,
    check_required_context,
    normalize_for_matching,
    remove_skip_words_tracked,
)

from roomtone_server.grammar.needs import OF_THE_HOME, Analyst, Clause, Needs, Pieces

# hassil reads a hyphen as a space where that helps.
_AS_SPACES: Final = str.maketrans("-_", "  ")


class Names:
    """The home's lists, made ready to be looked for in many texts. Their values are plain text."""

    def __init__(self, lists: Mapping[str, TextSlotList]) -> None:
        self.lists = lists
        self._folded = {name: [(_folded(value), value) for value in values.values] for name, values in lists.items()}

    def but(self, **lists: TextSlotList) -> "Names":
        """With others instead of the lists of these names."""
        names = Names(lists)
        names.lists = {**self.lists, **lists}
        names._folded = {**self._folded, **names._folded}
        return names

    def said_in(self, text: str) -> frozenset[str]:
        """All values, casefolded, that stand somewhere in a casefolded text."""
        return frozenset(folded for values in self._folded.values() for folded, _ in values if folded in text)

    def within(self, text: str) -> dict[str, TextSlotList]:
        """The lists with those values only that stand somewhere in a casefolded text."""
        return {
            name: TextSlotList(name, [value for folded, value in values if folded in text])
            for name, values in self._folded.items()
        }


def _folded(value: TextSlotValue) -> str:
    assert isinstance(value.text_in, TextChunk)
    return value.text_in.text.strip().casefold()


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is left to be matched, for one text."""

    intents: Intents
    lists: Mapping[str, TextSlotList]


@dataclass(frozen=True, slots=True)
class _Template:
    block: int  # its number
    sentence: Sentence
    needs: Needs


class Candidates:
    """The templates of one language, tabulated."""

    def __init__(self, intents: Intents, *, names_unknown: bool = False) -> None:
        """With `names_unknown`, anything may be a name or an area, and templates without any are left out."""
        self._intents = intents
        self._anything = OF_THE_HOME if names_unknown else frozenset[str]()
        self._analyst = Analyst(intents.expansion_rules, intents.slot_lists, intents.language)
        self._blocks = [(name, block) for name, intent in intents.intents.items() for block in intent.data]
        self._templates = [template for number in range(len(self._blocks)) for template in self._tabulated(number)]
        self._by_beginning: dict[str | None, list[int]] = {}  # None: however the text begins
        for number, template in enumerate(self._templates):
            beginning = template.needs.beginning
            for each in [None] if beginning is None else beginning:
                self._by_beginning.setdefault(each, []).append(number)

    def _tabulated(self, number: int) -> Iterator[_Template]:
        _, block = self._blocks[number]
        analyst = self._analyst
        if block.expansion_rules or block.slot_lists:  # its own
            analyst = Analyst(
                {**analyst.rules, **block.expansion_rules}, {**analyst.lists, **block.slot_lists}, analyst.language
            )
        for sentence in block.sentences:
            if not self._anything or not self._anything.isdisjoint(sentence.list_names(analyst.rules)):
                yield _Template(number, sentence, analyst.needs(sentence))

    def narrowed(self, text: str, names: Names) -> Narrowed:
        """The templates that a text could match, in their order, and the names that stand in it."""
        if self._intents.settings.ignore_whitespace:
            return Narrowed(self._intents, names.lists)  # a language without words to go by
        said = _readings(text, self._intents)
        whole = "\n".join(said)
        lists = names.within(whole)
        found = _Found(whole, lists, self._anything, [] if self._anything else [_unnamed(text, lists) for text in said])
        chosen: dict[int, list[Sentence]] = {}
        for template in self._fitting(said):
            if found.has(template.needs, self._blocks[template.block][1]):
                chosen.setdefault(template.block, []).append(template.sentence)
        return Narrowed(self._only(chosen), lists)

    def _fitting(self, said: Sequence[str]) -> Iterator[_Template]:
        """The templates that begin and end as what was said does."""
        words = [text.split() or [""] for text in said]
        endings = {last[number:] for *_, last in words for number in range(len(last))}
        found: set[int] = set(self._by_beginning.get(None, ()))
        for first, *_ in words:
            found.update(*(self._by_beginning.get(first[:end], ()) for end in range(1, len(first) + 1)))
        for number in sorted(found):
            template = self._templates[number]
            if template.needs.ending is None or not template.needs.ending.isdisjoint(endings):
                yield template

    def _only(self, chosen: Mapping[int, list[Sentence]]) -> Intents:
        intents: dict[str, Intent] = {}
        for number, sentences in chosen.items():
            name, block = self._blocks[number]
            narrowed = copy.copy(block)
            vars(narrowed)["sentences"] = sentences  # hassil's own cache: nothing is parsed again
            intents.setdefault(name, Intent(name)).data.append(narrowed)
        return replace(self._intents, intents=intents)


def _unnamed(text: str, lists: Mapping[str, TextSlotList]) -> Sequence[AbstractSet[str]]:
    names = " ".join(_folded(value) for values in lists.values() for value in values.values)
    named = {*names.split(), *names.translate(_AS_SPACES).split()}
    words = [{word[:end] for end in range(1, len(word) + 1)} for word in text.split()]
    return [beginnings for beginnings in words if beginnings.isdisjoint(named)]


def _readings(text: str, intents: Intents) -> Sequence[str]:
    """A text as hassil will read it, casefolded: with skip words and without, with hyphens and with spaces instead."""
    tracked = normalize_for_matching(text)
    without = tracked.copy()
    remove_skip_words_tracked(without, intents.skip_words, ignore_whitespace=False)
    readings = {tracked.text.casefold(), without.text.casefold()}
    return [reading.strip() for reading in readings | {each.translate(_AS_SPACES) for each in readings}]


@dataclass(slots=True)
class _Found:
    """What a text has of all that templates need; each thing is looked for once."""

    text: str
    lists: Mapping[str, TextSlotList]
    anything: AbstractSet[str]  # lists that anything may be a value of
    words: Sequence[Sequence[AbstractSet[str]]]  # of each reading, those that no name explains, each as its beginnings
    _texts: dict[frozenset[str], bool] = field(default_factory=dict)

    def has(self, needs: Needs, block: IntentData) -> bool:
        known = self._texts
        for texts in needs.texts:
            if texts not in known:
                known[texts] = any(text in self.text for text in texts)
            if not known[texts]:
                return False
        return all(self._has_value(clause, block) for clause in needs.names) and self._is_explained_by(needs.pieces)

    def _is_explained_by(self, pieces: Pieces) -> bool:
        if pieces is None or not self.words:
            return True
        return any(all(not pieces.isdisjoint(word) for word in words) for words in self.words)

    def _has_value(self, clause: Clause, block: IntentData) -> bool:
        return (
            not clause.lists.isdisjoint(self.anything)
            or any(_fits(value.context, block) for name in clause.lists for value in self.lists[name].values)
            or any(text in self.text for text in clause.texts)
        )


def _fits(context: Mapping[str, Any] | None, block: IntentData) -> bool:
    """As hassil decides it, so that a value that it will refuse is none."""
    given = dict(context) if context else None
    return check_required_context(block.requires_context, given, allow_missing_keys=True) and check_excluded_context(
        block.excludes_context, given
    )
