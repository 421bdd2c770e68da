"""Sentence templates and the home's names, compiled to a word automaton.

A template's pieces may end inside a word ("light[s]", "{brightness}[ percent]"), so that a place in a template is a
node of the graph and the beginning of a word: `Places` maps each such beginning to its node.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hassil.expression import (
    Alternative,
    Expression,
    ListReference,
    Permutation,
    RuleReference,
    Sentence,
    Sequence,
    TextChunk,
)
from hassil.intents import IntentData, Intents, RangeSlotList, SlotList, TextSlotList, TextSlotValue
from hassil.util import check_excluded_context, check_required_context

from roomtone_server.grammar.automaton import Automaton, minimal
from roomtone_server.grammar.sentences import load_heard_sentences
from roomtone_server.grammar.slots import number_words, slot_lists
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.grammar.words import spelled

Places = dict[str, int]

# Known of the speaker, not of a name: hassil gets it with each utterance.
_SPEAKERS_CONTEXT = frozenset({"area"})


def compile_automaton(vocabulary: Vocabulary) -> Automaton:
    """Everything that a recogniser listens for in one home. Takes about a second: not for an event loop.

    Raises EngineError for a language without templates.
    """
    intents = heard_intents(vocabulary)
    lists: dict[str, SlotList] = {**intents.slot_lists, **slot_lists(vocabulary)}
    graph = _Graph()
    for intent in intents.intents.values():
        for block in intent.data:
            walker = _Walker(graph, block, {**lists, **block.slot_lists}, intents.expansion_rules, vocabulary.language)
            for sentence in block.sentences:
                walker.add(sentence)
    return graph.determinised(vocabulary.language, intents.skip_words)


def heard_intents(vocabulary: Vocabulary) -> Intents:
    """The heard templates, without those that speak of domains or of classes of covers that this home lacks."""
    intents = Intents.from_dict(load_heard_sentences(vocabulary.language))
    present = {thing.domain for thing in vocabulary.things}
    for intent in intents.intents.values():
        intent.data[:] = [block for block in intent.data if not block.domains or block.domains & present]
    classes = intents.slot_lists.get("cover_classes")
    if isinstance(classes, TextSlotList):
        present = {thing.device_class or "" for thing in vocabulary.things if thing.domain == "cover"}
        kept = [value for value in classes.values if value.value_out in present]
        intents.slot_lists["cover_classes"] = TextSlotList("cover_classes", kept)
    return intents


@dataclass(slots=True)
class _Graph:
    """A nondeterministic automaton: arcs with words, and free ones. Node 0 is its start, node 1 its end."""

    arcs: list[list[tuple[str, int]]] = field(default_factory=lambda: [[], []])
    free: list[list[int]] = field(default_factory=lambda: [[], []])

    def node(self) -> int:
        self.arcs.append([])
        self.free.append([])
        return len(self.arcs) - 1

    def determinised(self, language: str, skip_words: Iterable[str]) -> Automaton:
        """By subsets, which stay few: the templates share their beginnings."""
        subsets: dict[frozenset[int], int] = {self._closure({0}): 0}
        arcs: list[dict[str, int]] = []
        todo = list(subsets)
        for subset in todo:
            by_word: dict[str, set[int]] = {}
            for node in subset:
                for word, to in self.arcs[node]:
                    by_word.setdefault(word, set()).add(to)
            row = {}
            for word, nodes in by_word.items():
                following = self._closure(nodes)
                if following not in subsets:
                    subsets[following] = len(subsets)
                    todo.append(following)
                row[word] = subsets[following]
            arcs.append(row)
        final = {state for subset, state in subsets.items() if 1 in subset}
        return minimal(arcs, final - {0}, language, tuple(skip_words))

    def _closure(self, nodes: set[int]) -> frozenset[int]:
        reached = set(nodes)
        todo = list(nodes)
        while todo:
            for node in self.free[todo.pop()]:
                if node not in reached:
                    reached.add(node)
                    todo.append(node)
        return frozenset(reached)


@dataclass(frozen=True, slots=True)
class _Walker:
    """Draws the sentences of one block of templates into a graph."""

    graph: _Graph
    block: IntentData
    lists: Mapping[str, SlotList]
    rules: Mapping[str, Sentence]
    language: str

    def add(self, sentence: Sentence) -> None:
        for node in self._word_ended(self._walk(sentence.expression, {"": 0})).values():
            self.graph.free[node].append(1)

    def _walk(self, expression: Expression, here: Places) -> Places:
        match expression:
            case TextChunk():
                return self._text(spelled(expression.text, self.language), here)
            case Alternative():
                return self._joined(self._walk(item, here) for item in expression.items)
            case Permutation():
                orders = itertools.permutations(expression.items)
                return self._joined(self._in_order(order, here, apart=True) for order in orders)
            case Sequence():
                return self._in_order(expression.items, here)
            case RuleReference():
                rules = {**self.rules, **self.block.expansion_rules}
                return self._walk(rules[expression.rule_name].expression, here)
            case ListReference():
                return self._joined(self._list(expression, here))
            case _:
                raise TypeError(f"a template holds a {type(expression).__name__}, which this version cannot read")

    def _in_order(self, items: Iterable[Expression], here: Places, *, apart: bool = False) -> Places:
        for item in items:
            here = self._walk(item, self._word_ended(here) if apart else here)
        return self._word_ended(here) if apart else here

    def _list(self, reference: ListReference, here: Places) -> Iterable[Places]:
        values = self.lists.get(reference.list_name)
        if isinstance(values, TextSlotList):
            yield from (self._walk(value.text_in, here) for value in values.values if self._fits(value))
        elif isinstance(values, RangeSlotList):
            for number in values.get_numbers():
                yield from (self._text(said, here) for said in number_words(number, self.language))
        # A wildcard cannot be listened for: nothing leads on, and its sentences fall away.

    def _fits(self, value: TextSlotValue) -> bool:
        """Whether a value's context is what the block asks for."""
        context = value.context or {}
        required = {key: what for key, what in self.block.requires_context.items() if key not in _SPEAKERS_CONTEXT}
        if not context:
            return True
        return check_required_context(required, context) and check_excluded_context(
            self.block.excludes_context, context
        )

    def _text(self, text: str, here: Places) -> Places:
        pieces = text.split()
        if not here:
            return here
        if not pieces:
            return self._word_ended(here) if text else here
        if text[0].isspace():
            here = self._word_ended(here)
        here = {begun + pieces[0]: node for begun, node in here.items()}
        for piece in pieces[1:]:
            here = {piece: self._word_ended(here)[""]}
        return self._word_ended(here) if text[-1].isspace() else here

    def _word_ended(self, here: Places) -> Places:
        if not here or set(here) == {""}:
            return here
        node = self.graph.node()
        for begun, before in here.items():
            if begun:
                self.graph.arcs[before].append((begun, node))
            else:
                self.graph.free[before].append(node)
        return {"": node}

    def _joined(self, branches: Iterable[Places]) -> Places:
        nodes: dict[str, set[int]] = {}
        for branch in branches:
            for begun, node in branch.items():
                nodes.setdefault(begun, set()).add(node)
        return {begun: self._one(ends) for begun, ends in nodes.items()}

    def _one(self, nodes: set[int]) -> int:
        if len(nodes) == 1:
            return next(iter(nodes))
        join = self.graph.node()
        for node in nodes:
            self.graph.free[node].append(join)
        return join
