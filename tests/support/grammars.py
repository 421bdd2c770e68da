"""Sentences by chance: of the heard templates, as hassil samples them, and of an automaton."""

import itertools

from hassil.intents import RangeSlotList, TextSlotList
from hassil.sample import sample_sentence

from roomtone_server.grammar.compiler import possible_intents
from roomtone_server.grammar.sentences import load_heard_sentences
from roomtone_server.grammar.slots import slot_lists


def sampled(vocabulary, draw):
    """Every way through every heard template, with one value of each list, drawn by chance for each block."""
    heard = possible_intents(vocabulary, load_heard_sentences(vocabulary.language))
    lists = {**heard.slot_lists, **slot_lists(vocabulary)}
    for block in itertools.chain.from_iterable(intent.data for intent in heard.intents.values()):
        drawn = {name: _one(values, block.requires_context, draw) for name, values in lists.items()}
        for sentence in block.sentences:
            if all(drawn[name] is not None for name in sentence.list_names(heard.expansion_rules)):
                yield from sample_sentence(sentence, drawn, heard.expansion_rules, vocabulary.language)


def _one(values, context, draw):
    """A list with one value of a list, for names one of a domain that is asked for; None where there is none."""
    if isinstance(values, RangeSlotList):
        number = draw.choice(list(values.get_numbers()))
        return TextSlotList.from_strings([str(number)])
    if isinstance(values, TextSlotList):
        domains = context.get("domain") if values.name == "name" else None
        fitting = [value for value in values.values if domains is None or value.context["domain"] in domains]
        return TextSlotList(values.name, [draw.choice(fitting)]) if fitting else None
    return None


def walked(automaton, draw, going_on=0.7):
    """A sentence of an automaton; where it could end, it goes on with that probability."""
    state, walk = 0, []
    while state not in automaton.final or (automaton.arcs[state] and draw.random() < going_on):
        word = draw.choice(sorted(automaton.arcs[state]))
        state = automaton.arcs[state][word]
        walk.append(word)
    return walk
