"""A nondeterministic automaton of words, as templates draw it, and the deterministic one that it is made into."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from roomtone_server.grammar.automaton import Automaton, minimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command is by some place in its template; the same words with equal outcomes are the same command."""

    intent: str = ""
    slots: frozenset[str] = frozenset()  # those that the template sets, with their values; of those said, the names


@dataclass(slots=True)
class Graph:
    """Arcs with words, and free ones, from node 0 on; each leads to a younger node."""

    outcomes: list[Outcome] = field(default_factory=lambda: [Outcome()])
    arcs: list[list[tuple[str, int]]] = field(default_factory=lambda: [[]])
    free: list[list[int]] = field(default_factory=lambda: [[]])
    accepting: set[int] = field(default_factory=set)

    def node(self, outcome: Outcome) -> int:
        self.outcomes.append(outcome)
        self.arcs.append([])
        self.free.append([])
        return len(self.arcs) - 1

    def determinised(self, language: str, skip_words: Iterable[str]) -> Automaton:
        """By subsets, which stay few: the templates share their beginnings. The empty sentence is none."""
        prospects = self._prospects()
        subsets = {self._closure({0}): 0}
        arcs: list[dict[str, int]] = []
        todo = list(subsets)
        for subset in todo:
            by_word: dict[str, set[int]] = {}
            for node in subset:
                for word, to in self.arcs[node]:
                    if prospects[to]:
                        by_word.setdefault(word, set()).add(to)
            row = {}
            for word, nodes in by_word.items():
                following = self._closure(nodes)
                if following not in subsets:
                    subsets[following] = len(subsets)
                    todo.append(following)
                row[word] = subsets[following]
            arcs.append(row)
        final = {state for subset, state in subsets.items() if state and not subset.isdisjoint(self.accepting)}
        extendable = {
            state for subset, state in subsets.items() if state in final and self._may_change(subset, prospects)
        }
        return minimal(arcs, final, extendable, language, tuple(skip_words))

    def _may_change(self, subset: frozenset[int], prospects: list[frozenset[Outcome]]) -> bool:
        """Whether what follows may make another command of what is one here. A text that says one intent in two ways
        stays it while only the one goes on: the light of that name, or the area's light; "... in here"."""
        going_on = frozenset[Outcome]().union(*(prospects[node] for node in subset if self.arcs[node]))
        if not going_on:
            return False
        ends = {self.outcomes[node] for node in subset & self.accepting}
        intents = {outcome.intent for outcome in ends}
        return len(going_on) > 1 or len(intents) > 1 or not going_on <= ends

    def _prospects(self) -> list[frozenset[Outcome]]:
        """Of each node: its outcome and all later ones on its ways to an end; none where no way leads to an end."""
        prospects: list[frozenset[Outcome]] = [frozenset()] * len(self.arcs)
        for node in reversed(range(len(self.arcs))):
            following = {*self.free[node], *(to for _, to in self.arcs[node])}
            later = frozenset[Outcome]().union(*(prospects[to] for to in following))
            if later or node in self.accepting:
                prospects[node] = later | {self.outcomes[node]}
        return prospects

    def _closure(self, nodes: set[int]) -> frozenset[int]:
        reached = set(nodes)
        todo = list(nodes)
        while todo:
            for node in self.free[todo.pop()]:
                if node not in reached:
                    reached.add(node)
                    todo.append(node)
        return frozenset(reached)
