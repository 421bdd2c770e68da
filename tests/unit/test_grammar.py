"""The automaton accepts what hassil understands of the heard sentences, and nothing else."""

import random

import pytest
from hassil import recognize
from hassil.expression import Alternative, ListReference, RuleReference, Sequence, TextChunk
from hassil.intents import Intents, RangeSlotList, TextSlotList
from hypothesis import given, settings
from hypothesis import strategies as st
from support.vocabularies import SMALL

from roomtone.errors import EngineError
from roomtone_server.grammar.automaton import Automaton, Completeness
from roomtone_server.grammar.compiler import compile_automaton, heard_intents
from roomtone_server.grammar.numbers import number_words
from roomtone_server.grammar.sentences import load_heard_sentences, load_sentences
from roomtone_server.grammar.slots import said, slot_lists
from roomtone_server.grammar.vocabulary import NamedThing, Vocabulary
from roomtone_server.grammar.words import words

AUTOMATON = compile_automaton(SMALL)
HEARD = heard_intents(SMALL)
UNDERSTOOD = Intents.from_dict(load_sentences("en"))
LISTS = slot_lists(SMALL)
SENTENCES = {Completeness.COMPLETE, Completeness.EXTENDABLE}

seeds = st.integers(0, 2**32 - 1)


def recognised(text, intents):
    return recognize(text, intents, slot_lists=LISTS, intent_context={"area": "Kitchen"}, language="en") is not None


def sampled(draw):
    """A sentence of a template chosen by chance; its names need not fit what the template asks of them."""
    block = draw.choice([block for intent in HEARD.intents.values() for block in intent.data])
    return " ".join(spelled_out(draw.choice(block.sentences).expression, draw).split())


def spelled_out(expression, draw):
    match expression:
        case TextChunk():
            return expression.original_text
        case Alternative():
            return spelled_out(draw.choice(expression.items), draw)
        case Sequence():
            return "".join(spelled_out(item, draw) for item in expression.items)
        case RuleReference():
            return spelled_out(HEARD.expansion_rules[expression.rule_name].expression, draw)
        case ListReference():
            return a_value({**HEARD.slot_lists, **LISTS}[expression.list_name], draw)
    raise TypeError(expression)


def a_value(values, draw):
    if isinstance(values, RangeSlotList):
        return str(draw.choice(list(values.get_numbers())))
    if isinstance(values, TextSlotList) and values.values:
        return spelled_out(draw.choice(values.values).text_in, draw)
    return "{nothing}"


def walked(draw):
    """A sentence of the automaton."""
    state, walk = 0, []
    while state not in AUTOMATON.final or (AUTOMATON.arcs[state] and draw.random() < 0.7):
        word = draw.choice(sorted(AUTOMATON.arcs[state]))
        state = AUTOMATON.arcs[state][word]
        walk.append(word)
    return walk


@settings(max_examples=400, deadline=None)
@given(seeds)
def test_every_sentence_of_the_templates_is_one(seed):
    text = sampled(random.Random(seed))
    if "{nothing}" not in text and recognised(text, HEARD):
        assert AUTOMATON.hint(text) in SENTENCES, text


@settings(max_examples=300, deadline=None)
@given(seeds)
def test_every_sentence_of_the_automaton_is_understood(seed):
    walk = walked(random.Random(seed))
    assert recognised(" ".join(walk), UNDERSTOOD), walk


@settings(max_examples=300, deadline=None)
@given(seeds)
def test_no_beginning_of_a_sentence_is_impossible(seed):
    walk = walked(random.Random(seed))
    for length in range(len(walk)):
        assert AUTOMATON.hint(" ".join(walk[:length])) is not Completeness.IMPOSSIBLE, walk[:length]


@settings(max_examples=400, deadline=None)
@given(seeds)
def test_no_other_sequence_of_words_is_a_sentence(seed):
    draw = random.Random(seed)
    walk = walked(draw)
    vocabulary = sorted(AUTOMATON.vocabulary())
    for _ in range(draw.randint(1, 3)):
        walk[draw.randrange(len(walk))] = draw.choice(vocabulary)
    text = " ".join(walk)
    if not recognised(text, UNDERSTOOD):
        assert AUTOMATON.hint(text) not in SENTENCES, text


@pytest.mark.parametrize(
    ("text", "completeness"),
    [
        ("nevermind", Completeness.COMPLETE),
        ("Turn on the ceiling light!", Completeness.EXTENDABLE),
        ("turn on the lights", Completeness.EXTENDABLE),
        ("turn on the lights in the kitchen", Completeness.COMPLETE),
        ("please turn on the lights in the kitchen", Completeness.COMPLETE),
        ("turn on the lights in", Completeness.OPEN),
        ("", Completeness.OPEN),
        ("turn the kitchen", Completeness.OPEN),
        ("paint the kitchen", Completeness.IMPOSSIBLE),
        ("set the brightness to 50%", Completeness.COMPLETE),
        ("set a timer for one hour and eight minutes", Completeness.COMPLETE),
        ("set a timer for 1 hour", Completeness.EXTENDABLE),
        ("turn on lamp two", Completeness.EXTENDABLE),
        ("turn on Lamp 2", Completeness.EXTENDABLE),
        ("add milk to the shopping list", Completeness.COMPLETE),
        ("yes", Completeness.COMPLETE),
        ("set the fan to twenty percent", Completeness.IMPOSSIBLE),  # this home has none
        ("unlock the kitchen blinds", Completeness.IMPOSSIBLE),
    ],
)
def test_what_a_text_is_as_a_beginning(text, completeness):
    assert AUTOMATON.hint(text) is completeness


def test_what_is_said_alike_has_one_key():
    one = AUTOMATON.normalise("Please, set the lights to 45%.")
    assert one == AUTOMATON.normalise("set the lights to forty-five percent") == "set the lights to forty five percent"
    assert one != AUTOMATON.normalise("set the lights to 46 %")


def test_numbers_are_spoken():
    assert words("21.5°", "en") == ["twenty", "one", "point", "five", "degrees"]
    assert words("1/2 an hour", "en") == ["half", "an", "hour"]
    assert words("What\u2019s the time?", "en") == ["what's", "the", "time"]
    assert number_words(30, "de") == ("dreißig",)
    assert number_words(30, "tlh") == ("30",)


def test_a_name_is_spoken_in_more_than_one_way():
    assert said("EcoBee", "en") == ["EcoBee", "Eco Bee"]
    assert said("Lamp2", "en") == ["Lamp2", "Lamp 2", "Lamp two"]


def test_a_name_may_hold_what_a_template_could_not():
    odd = Vocabulary("en", (), (NamedThing("light.odd", ("Lamp (old) [x]",)),))
    assert compile_automaton(odd).hint("turn on lamp old x") in SENTENCES


def test_it_survives_being_written_down():
    assert Automaton.loads(AUTOMATON.dumps()) == AUTOMATON
    with pytest.raises(ValueError, match="not an automaton"):
        Automaton.loads('{"format": 0}')


def test_what_cannot_be_said_is_left_out():
    poorer = AUTOMATON.without({"kitchen"})
    assert poorer.hint("turn on the lights in the kitchen") is Completeness.IMPOSSIBLE
    assert poorer.hint("turn on the lights in the lounge") is Completeness.COMPLETE
    assert poorer.vocabulary() < AUTOMATON.vocabulary()
    assert AUTOMATON.without(AUTOMATON.vocabulary()).hint("nevermind") is Completeness.IMPOSSIBLE


def test_a_language_without_a_selection_is_heard_as_it_is_understood():
    assert load_heard_sentences("nl") == load_sentences("nl")
    assert compile_automaton(Vocabulary("nl")).hint("hoe laat is het") in SENTENCES


def test_an_unknown_language_is_refused():
    with pytest.raises(EngineError, match="no sentence templates for the language 'tlh'"):
        load_sentences("tlh")
