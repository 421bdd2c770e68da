"""A deterministic, minimal, acyclic automaton over words: every sentence that the recogniser listens for."""

import json
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from roomtone_server.grammar.words import without_courtesy, without_skip_words, words

FORMAT: Final = 3


class Completeness(StrEnum):
    """What a beginning may still become."""

    COMPLETE = "complete"  # a command, and whatever may follow changes nothing: "turn on the lights in here"
    EXTENDABLE = "extendable"  # a command that may become another: "turn on the lights", "... in the kitchen"
    OPEN = "open"  # not yet a command
    IMPOSSIBLE = "impossible"  # no sentence begins like this


@dataclass(frozen=True, slots=True)
class Automaton:
    """State 0 is the start. `arcs[state]` leads from a word to the next state; each state reaches a final one.

    `skip_words` may stand anywhere in what was said (`please`) and are no part of a sentence.
    """

    language: str
    arcs: tuple[dict[str, int], ...]
    final: frozenset[int]
    extendable: frozenset[int]  # of the final states, those that a change of the intent or of a slot may follow
    skip_words: tuple[str, ...] = ()

    def hint(self, text: str) -> Completeness:
        """What a text is as a beginning, however it is written: microseconds, and less for a text asked for before.

        It speaks of the sentences that were compiled. Where those are only what is listened for, the agent understands
        more: of a text that was heard without this grammar, IMPOSSIBLE says nothing, and COMPLETE may still go on.
        """
        state = self.after(self.words(text))
        if state is None:
            return Completeness.IMPOSSIBLE
        if state not in self.final:
            return Completeness.OPEN
        return Completeness.EXTENDABLE if state in self.extendable else Completeness.COMPLETE

    def normalise(self, text: str) -> str:
        """A key for what a text says: texts with equal keys are the same command."""
        return " ".join(self.words(text))

    def words(self, text: str) -> list[str]:
        """The words of a text, without courtesy and skip words, unless a sentence has them: "what can you do"."""
        said = words(text, self.language)
        if self.after(said) is not None:
            return said
        said = without_courtesy(" ".join(said), self.language).split()
        return said if self.after(said) is not None else without_skip_words(said, self.skip_words)

    def after(self, said: Sequence[str]) -> int | None:
        """The state that words lead to; None where they leave the automaton."""
        state = 0
        for word in said:
            following = self.arcs[state].get(word)
            if following is None:
                return None
            state = following
        return state

    def accepts(self, said: Sequence[str]) -> bool:
        return self.after(said) in self.final

    def vocabulary(self) -> set[str]:
        """Every word on some arc."""
        return {word for arcs in self.arcs for word in arcs}

    def transitions(self) -> Iterator[tuple[int, int, str]]:
        """Every arc: from state, to state, word."""
        for state, arcs in enumerate(self.arcs):
            for word, following in arcs.items():
                yield state, following, word

    def without(self, unsayable: AbstractSet[str]) -> "Automaton":
        """The sentences that need none of some words; one that others still follow stays as extendable as it was."""
        arcs = [{word: to for word, to in arcs.items() if word not in unsayable} for arcs in self.arcs]
        return minimal(arcs, self.final, self.extendable, self.language, self.skip_words)

    def dumps(self) -> str:
        """For a cache; `loads` is its inverse."""
        sets = {"final": sorted(self.final), "extendable": sorted(self.extendable)}
        plain = {"format": FORMAT, "language": self.language, "arcs": self.arcs, **sets, "skip_words": self.skip_words}
        return json.dumps(plain, separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> Self:
        """Raises ValueError for anything that `dumps` of this version did not write."""
        plain = json.loads(text)
        if not isinstance(plain, dict) or plain.get("format") != FORMAT:
            raise ValueError("not an automaton of this version")
        try:
            language, arcs, skip_words = plain["language"], tuple(plain["arcs"]), tuple(plain["skip_words"])
            return cls(language, arcs, frozenset(plain["final"]), frozenset(plain["extendable"]), skip_words)
        except (KeyError, TypeError) as problem:
            raise ValueError("not a whole automaton") from problem


def minimal(
    arcs: Sequence[dict[str, int]],
    final: AbstractSet[int],
    extendable: AbstractSet[int],
    language: str,
    skip_words: Sequence[str] = (),
) -> Automaton:
    """The smallest automaton for the sentences of an acyclic, deterministic one that starts in state 0.

    Bottom up, states that tell the same of the same sentences behind them become one (Revuz 1992); those without any
    sentence are dropped, and one that nothing follows any more is not extendable.
    """
    kept: list[dict[str, int]] = []
    kinds: list[tuple[bool, bool]] = []  # final, extendable
    by_signature: dict[tuple[bool, bool, tuple[tuple[str, int], ...]], int] = {}
    renamed: dict[int, int | None] = {}

    def rename(state: int) -> int | None:
        if state not in renamed:
            targets = {word: rename(to) for word, to in sorted(arcs[state].items())}
            alive = {word: to for word, to in targets.items() if to is not None}
            kind = (state in final, state in extendable and bool(alive))
            signature = (*kind, tuple(alive.items()))
            if not alive and state not in final:
                renamed[state] = None
            elif signature in by_signature:
                renamed[state] = by_signature[signature]
            else:
                renamed[state] = by_signature[signature] = len(kept)
                kept.append(alive)
                kinds.append(kind)
        return renamed[state]

    if rename(0) is None:
        return Automaton(language, ({},), frozenset(), frozenset(), tuple(skip_words))
    # The start was named last: turning the numbers round makes it 0.
    last = len(kept) - 1
    return Automaton(
        language,
        tuple({word: last - to for word, to in state.items()} for state in reversed(kept)),
        frozenset(last - state for state, (is_final, _) in enumerate(kinds) if is_final),
        frozenset(last - state for state, (_, is_extendable) in enumerate(kinds) if is_extendable),
        tuple(skip_words),
    )
