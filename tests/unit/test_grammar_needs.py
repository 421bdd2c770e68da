"""What a text must have in it to match a template."""

import pytest
from hassil.expression import Expression, Sentence, Sequence
from hassil.intents import RangeSlotList, TextSlotList, WildcardSlotList
from hassil.parse_expression import parse_sentence

from roomtone_server.grammar.needs import MAX_RANGE, Analyst, Clause

LISTS = {
    "color": TextSlotList.from_strings(["red", "(light|dark) blue", "black[ish]"]),
    "brightness": RangeSlotList("brightness", start=1, stop=3),
    "kelvin": RangeSlotList("kelvin", start=0, stop=MAX_RANGE),
    "item": WildcardSlotList("item"),
}
RULES = {"set": parse_sentence("(set|change)"), "please": parse_sentence("[please]")}


def needs_of(template):
    return Analyst(RULES, LISTS, "en").needs(parse_sentence(template))


@pytest.mark.parametrize(
    ("template", "beginning", "ending"),
    [
        ("turn on the lights", {"turn"}, {"lights"}),
        ("[please] turn on", {"please", "turn"}, {"on"}),
        ("<please> <set> light[s]", {"set", "change", "please"}, {"light", "s"}),
        ("(off|out);lamp", {"off", "out", "lamp"}, {"off", "out", "lamp"}),
        ("{name} on", None, {"on"}),
        ("[the] {name}", None, None),
        ("set to {brightness}[ percent]", {"set"}, None),
    ],
)
def test_how_it_begins_and_ends(template, beginning, ending):
    needs = needs_of(template)
    assert (needs.beginning, needs.ending) == (beginning, ending)


@pytest.mark.parametrize(
    ("template", "texts"),
    [
        ("turn on the lights", [{"on"}, {"the"}, {"turn"}, {"lights"}]),
        ("<set> [the] lamp", [{"lamp"}, {"set", "change"}]),
        ("make it {color}", [{"it"}, {"make"}, {"red", "blue", "black"}]),
        ("[(red|blue)] (|{color}) lamp", [{"lamp"}]),
        ("a.m. light", [{"light"}]),
        ("add {item}", [{"add"}]),
        ("{kelvin} kelvin", [{"kelvin"}]),
        ("<set> {color} or <set> {color}", [{"or"}, {"set", "change"}, {"red", "blue", "black"}]),
    ],
)
def test_the_texts_that_it_cannot_do_without(template, texts):
    assert sorted(map(sorted, needs_of(template).texts)) == sorted(map(sorted, texts))


def test_numbers_are_digits_or_words():
    [texts] = needs_of("{brightness}").texts
    assert texts == {*"0123456789", "one", "two", "three"}


def test_names_are_values_of_the_home_or_whatever_else_may_stand_there():
    [clause] = needs_of("turn on ({name}|everything)").names
    assert clause == Clause(texts=frozenset({"everything"}), lists=frozenset({"name"}))
    assert needs_of("turn on [{name}]").names == frozenset()


@pytest.mark.parametrize(
    ("template", "pieces"),
    [
        ("<set> light[s] in {area}", {"set", "change", "light", "s", "in"}),
        ("make it {color}", {"make", "it", "red", "light", "dark", "blue", "black", "ish"}),
        ("a.m. light", {"a", "light"}),
        ("add {item}", None),
        ("{kelvin} kelvin", None),
        (
            "<set> {brightness} or <set> {brightness}",
            {*"0123456789", "-", "set", "change", "or", "one", "two", "three"},
        ),
    ],
)
def test_what_its_words_consist_of(template, pieces):
    assert needs_of(template).pieces == pieces


def test_what_hassil_may_yet_learn_can_be_anything():
    needs = Analyst(RULES, LISTS, "en").needs(Sentence(expression=Sequence(items=[Expression()])))
    assert (needs.beginning, needs.ending, needs.texts, needs.pieces) == (None, None, (), None)
