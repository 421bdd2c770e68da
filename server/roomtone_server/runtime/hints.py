"""What the grammar says of a text while it is being heard: which command it is, and whether more must come."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from roomtone_server.agent.several import pieces_of
from roomtone_server.engines.stt.automata import automaton_for
from roomtone_server.grammar import automaton
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.languages.language import language_of
from roomtone_server.turn.events import FINISHED, Completeness

_OF_GRAMMAR: Final = {
    automaton.Completeness.COMPLETE: Completeness.COMPLETE,
    automaton.Completeness.EXTENDABLE: Completeness.EXTENDABLE,
    automaton.Completeness.OPEN: Completeness.OPEN,
    # Not one of the home's everyday sentences; the agent may know more.
    automaton.Completeness.IMPOSSIBLE: Completeness.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Hint:
    key: str
    completeness: Completeness


class Hints:
    """Serves any recogniser's text. Until it has learned a home it knows nothing."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._automaton: automaton.Automaton | None = None

    async def learn(self, vocabulary: Vocabulary) -> None:
        """Some ms when the recogniser has compiled the home before. Raises EngineError for a language without
        templates."""
        self._automaton = await asyncio.to_thread(automaton_for, vocabulary, self._cache)

    def of(self, text: str, *, finished: bool = True) -> Hint:
        """Of what the recogniser heard, and whether it sounds finished. Microseconds."""
        if not text or self._automaton is None:
            return Hint(text, Completeness.UNKNOWN)
        completeness = _OF_GRAMMAR[_hint(text, self._automaton)]
        if not finished and completeness in FINISHED:
            completeness = Completeness.UNFINISHED
        return Hint(self._automaton.normalise(text), completeness)


def _hint(text: str, sentences: automaton.Automaton) -> automaton.Completeness:
    """Of one command, or of several: those before the last must be whole, and after "and" more must come."""
    hint = sentences.hint(text)
    if hint is not automaton.Completeness.IMPOSSIBLE:
        return hint
    said = sentences.words(text)
    if said and said[-1] in language_of(sentences.language).conjunctions:
        return automaton.Completeness.OPEN
    *before, last = (text[piece] for piece in pieces_of(text, sentences.language))
    whole = {automaton.Completeness.COMPLETE, automaton.Completeness.EXTENDABLE}
    return sentences.hint(last) if all(sentences.hint(each) in whole for each in before) else hint
