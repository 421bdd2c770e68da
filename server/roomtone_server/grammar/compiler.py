"""Sentence templates and the home's names, compiled to a word automaton.

A template's pieces may end inside a word ("light[s]", "{brightness}[ percent]"), and the ways to one piece may fill
different slots: a place in a template is a node of the graph, the beginning of a word, and the slots filled so far.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

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

from roomtone.errors import EngineError
from roomtone_server.grammar.automaton import Automaton
from roomtone_server.grammar.graph import Graph, Outcome
from roomtone_server.grammar.numbers import number_words
from roomtone_server.grammar.sentences import Templates, load_heard_sentences
from roomtone_server.grammar.slots import slot_lists
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.grammar.words import spelled


class Place(NamedTuple):
    """Where a walk through a template is, beside its node."""

    begun: str  # of a word
    slots: frozenset[str]  # those that were filled by what was said

    def with_text(self, text: str) -> "Place":
        return Place(self.begun + text, self.slots)

    def with_slot(self, slot: str) -> "Place":
        """A slot that is filled again counts as another: it changes what was said."""
        return Place(self.begun, self.slots | {slot if slot not in self.slots else f"{slot} again"})


Places = dict[Place, int]  # each to its node

_NOTHING: Final = Place("", frozenset())

# Among the slots of a place: what was named is the only thing of that name. Where it is changes nothing then.
_UNMISTAKABLE: Final = "unmistakable"
_WHERE: Final = frozenset({"area", "floor"})

# Known of the speaker, not of a name: hassil gets it with each utterance.
_SPEAKERS_CONTEXT: Final = frozenset({"area"})


def compile_automaton(vocabulary: Vocabulary, templates: Templates | None = None) -> Automaton:
    """Every sentence of some templates in one home, by default of those that are listened for.

    Takes a second, for 500 entities too: not for an event loop. A recogniser that hears freely is better served by all
    that is understood (`load_sentences`): of 500 entities five seconds, 70,000 arcs. Sentences with a wildcard are left
    out. Raises EngineError for a language without templates.
    """
    intents = possible_intents(vocabulary, templates or load_heard_sentences(vocabulary.language))
    lists: dict[str, SlotList] = {**intents.slot_lists, **slot_lists(vocabulary)}
    unmistakable = _unmistakable(lists.get("name"))
    graph = Graph()
    for intent in intents.intents.values():
        for block in intent.data:
            walker = _Walker(
                graph,
                _outcome(intent.name, block),
                block,
                {**lists, **block.slot_lists},
                {**intents.expansion_rules, **block.expansion_rules},
                unmistakable,
                vocabulary.language,
            )
            for sentence in block.sentences:
                walker.add(sentence)
    return graph.determinised(vocabulary.language, intents.skip_words)


def possible_intents(vocabulary: Vocabulary, templates: Templates) -> Intents:
    """The templates without those that speak of domains or of classes of covers that this home lacks."""
    intents = Intents.from_dict(templates)
    present = {thing.domain for thing in vocabulary.things}
    for intent in intents.intents.values():
        intent.data[:] = [block for block in intent.data if not block.domains or block.domains & present]
    classes = intents.slot_lists.get("cover_classes")
    if isinstance(classes, TextSlotList):
        present = {thing.device_class or "" for thing in vocabulary.things if thing.domain == "cover"}
        kept = [value for value in classes.values if value.value_out in present]
        intents.slot_lists["cover_classes"] = TextSlotList("cover_classes", kept)
    return intents


def _outcome(intent: str, block: IntentData) -> Outcome:
    """What a block's sentences lead to before anything is said: its intent, and the slots that it sets itself."""
    known = {key for key, what in block.requires_context.items() if isinstance(what, Mapping) and what.get("slot")}
    return Outcome(intent, frozenset(known | {f"{slot}={value}" for slot, value in block.slots.items()}))


def _unmistakable(names: SlotList | None) -> frozenset[str]:
    """The names that one thing alone has."""
    things: dict[str, set[str]] = {}
    for value in names.values if isinstance(names, TextSlotList) else ():
        things.setdefault(_spelling(value), set()).add((value.metadata or {})["id"])
    return frozenset(name for name, ids in things.items() if len(ids) == 1)


def _spelling(name: TextSlotValue) -> str:
    assert isinstance(name.text_in, TextChunk), "names are no templates"
    return name.text_in.text.lower()


@dataclass(frozen=True, slots=True)
class _Walker:
    """Draws the sentences of one block of templates into a graph."""

    graph: Graph
    outcome: Outcome  # the block's, before anything is said
    block: IntentData
    lists: Mapping[str, SlotList]
    rules: Mapping[str, Sentence]
    unmistakable: frozenset[str]  # names
    language: str

    def add(self, sentence: Sentence) -> None:
        start: Places = {_NOTHING: 0}
        self.graph.accepting.update(self._word_ended(self._walk(sentence.expression, start)).values())

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
                return self._walk(self.rules[expression.rule_name].expression, here)
            case ListReference():
                return self._filled(expression.slot_name, self._joined(self._list(expression, here)))
            case _:
                raise EngineError(
                    f"a sentence template has a part of a kind unknown to this version: {type(expression).__name__}"
                )

    def _in_order(self, items: Iterable[Expression], here: Places, *, apart: bool = False) -> Places:
        for item in items:
            here = self._walk(item, self._word_ended(here) if apart else here)
        return self._word_ended(here) if apart else here

    def _list(self, reference: ListReference, here: Places) -> Iterable[Places]:
        values = self.lists.get(reference.list_name)
        if isinstance(values, TextSlotList):
            for value in filter(self._fits, values.values):
                said = self._walk(value.text_in, here)
                if reference.list_name == "name" and _spelling(value) in self.unmistakable:
                    said = {place.with_slot(_UNMISTAKABLE): node for place, node in said.items()}
                yield said
        elif isinstance(values, RangeSlotList):
            for number in values.get_numbers():
                yield from (self._text(said, here) for said in number_words(number, self.language))
        # A wildcard cannot be listened for: nothing leads on, and its sentences fall away.

    def _fits(self, value: TextSlotValue) -> bool:
        """Whether a value's context is what the block asks for."""
        if not value.context:
            return True
        required = {key: what for key, what in self.block.requires_context.items() if key not in _SPEAKERS_CONTEXT}
        return check_required_context(required, value.context) and check_excluded_context(
            self.block.excludes_context, value.context
        )

    def _filled(self, slot: str, here: Places) -> Places:
        """The places behind a slot's value; between words, those are new nodes: the old ones are without the slot."""
        filled: Places = {}
        for place, node in here.items():
            behind = place.with_slot(slot)
            filled[behind] = node if place.begun else self._join({node}, behind.slots)
        return filled

    def _text(self, text: str, here: Places) -> Places:
        pieces = text.split()
        if not pieces:
            return self._word_ended(here) if text else here
        if text[0].isspace():
            here = self._word_ended(here)
        here = {place.with_text(pieces[0]): node for place, node in here.items()}
        for piece in pieces[1:]:
            here = {place.with_text(piece): node for place, node in self._word_ended(here).items()}
        return self._word_ended(here) if text[-1].isspace() else here

    def _word_ended(self, here: Places) -> Places:
        """One place for all places with the same slots."""
        alike: dict[frozenset[str], list[Place]] = {}
        for place in here:
            alike.setdefault(place.slots, []).append(place)
        ended: Places = {}
        for slots, places in alike.items():
            between = Place("", slots)
            ended[between] = here[between] if places == [between] else self._node(slots)
            for place in places:
                if place.begun:
                    self.graph.arcs[here[place]].append((place.begun, ended[between]))
                elif here[place] != ended[between]:
                    self.graph.free[here[place]].append(ended[between])
        return ended

    def _joined(self, branches: Iterable[Places]) -> Places:
        nodes: dict[Place, set[int]] = {}
        for branch in branches:
            for place, node in branch.items():
                nodes.setdefault(place, set()).add(node)
        return {
            place: self._join(ends, place.slots) if len(ends) > 1 else next(iter(ends)) for place, ends in nodes.items()
        }

    def _join(self, nodes: set[int], slots: frozenset[str]) -> int:
        join = self._node(slots)
        for node in nodes:
            self.graph.free[node].append(join)
        return join

    def _node(self, slots: frozenset[str]) -> int:
        telling = slots - _WHERE - {_UNMISTAKABLE} if _UNMISTAKABLE in slots else slots
        return self.graph.node(replace(self.outcome, slots=self.outcome.slots | telling))
