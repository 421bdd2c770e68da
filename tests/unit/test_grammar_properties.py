"""The automaton accepts what hassil understands of the heard sentences and nothing else, and never says "complete" of
what can become another command."""

import functools
import random
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.grammars import sampled, walked
from support.vocabularies import ODD

from roomtone_server.agent.intents import HANDLERS
from roomtone_server.agent.understanding import Understanding, parse_sentences
from roomtone_server.grammar.automaton import Completeness
from roomtone_server.grammar.compiler import compile_automaton
from roomtone_server.home.home_file import read_home_file
from roomtone_server.home.names import vocabulary_of

SENTENCES = {Completeness.COMPLETE, Completeness.EXTENDABLE}
with resources.as_file(resources.files("roomtone_server.home") / "home.yaml") as example:
    HOMES = {"example": vocabulary_of(*read_home_file(example).parts(), "en"), "odd": ODD}

seeds = st.integers(0, 2**32 - 1)
homes = pytest.mark.parametrize("home", HOMES)


@functools.cache
def automaton_of(home):
    return compile_automaton(HOMES[home])


@functools.cache
def understanding_of(home):
    understanding = Understanding(parse_sentences("en", frozenset(HANDLERS)))
    understanding.learn(HOMES[home])
    return understanding


@functools.cache
def understood(home, text):
    """The intent and its slots, as the agent has them from hassil; None for what is no command. Where the only thing of
    a name is does not count."""
    command = understanding_of(home).understand(text, "Attic")
    if command is None:
        return None
    values = dict(command.values)
    if sum(values.get("name") in thing.names for thing in HOMES[home].things) == 1:
        values = {slot: value for slot, value in values.items() if slot not in {"area", "floor"}}
    return command.intent, values


@homes
@settings(max_examples=2)
@given(seed=seeds)
def test_every_sentence_of_the_templates_is_one_and_so_may_its_beginnings_be(home, seed):
    automaton = automaton_of(home)
    for text in sampled(HOMES[home], random.Random(seed)):
        assert automaton.hint(text) in SENTENCES, text
        said = automaton.words(text)
        for length in range(len(said)):
            assert automaton.hint(" ".join(said[:length])) is not Completeness.IMPOSSIBLE, said[:length]


@homes
@settings(max_examples=100)
@given(seed=seeds)
def test_every_sentence_of_the_automaton_is_understood(home, seed):
    text = " ".join(walked(automaton_of(home), random.Random(seed)))
    assert understood(home, text), text


def mutated(said, vocabulary, draw):
    """A sentence with a word dropped, doubled, swapped with the next, replaced, or put in."""
    at = draw.randrange(len(said))
    before, word, after = said[:at], said[at : at + 1], said[at + 1 :]
    other = [draw.choice(vocabulary)]
    return draw.choice(
        [
            before + after,
            before + word + word + after,
            before + after[:1] + word + after[1:],
            before + other + after,
            before + other + word + after,
        ]
    )


@homes
@settings(max_examples=20)
@given(seed=seeds)
def test_what_is_not_understood_is_no_sentence(home, seed):
    automaton, draw = automaton_of(home), random.Random(seed)
    vocabulary = sorted(automaton.vocabulary())
    for _ in range(100):
        said = draw.choices(vocabulary, k=draw.randint(1, 4)) if draw.random() < 0.2 else walked(automaton, draw)
        for _ in range(draw.randint(1, 3)):
            said = mutated(said, vocabulary, draw) or said
        if automaton.hint(" ".join(said)) in SENTENCES:
            assert understood(home, " ".join(said)), said


@homes
@settings(max_examples=100)
@given(seed=seeds)
def test_nothing_that_may_follow_what_is_complete_changes_the_command(home, seed):
    automaton = automaton_of(home)
    said = walked(automaton, random.Random(seed), going_on=0.9)
    for length in range(1, len(said)):
        beginning = " ".join(said[:length])
        if automaton.hint(beginning) is Completeness.COMPLETE:
            assert understood(home, beginning) == understood(home, " ".join(said)), (beginning, said)
