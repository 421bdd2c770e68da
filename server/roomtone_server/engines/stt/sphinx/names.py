"""Which of the home's names can be heard."""

from collections.abc import Set as AbstractSet
from itertools import chain

from roomtone_server.grammar.slots import said
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.grammar.words import words


def unpronounceable(vocabulary: Vocabulary, unsayable: AbstractSet[str]) -> list[str]:
    """The names of a home that cannot be heard, since each way to say them has a word that is unsayable."""
    by_thing = [area.names for area in vocabulary.areas] + [thing.names for thing in vocabulary.things]
    language = vocabulary.language

    def can_be_heard(name: str) -> bool:
        return any(unsayable.isdisjoint(words(form, language)) for form in said(name, language))

    return [name for name in dict.fromkeys(chain.from_iterable(by_thing)) if not can_be_heard(name)]
