"""What is heard of one home, and how what is written becomes what is said."""

import pytest
from hassil.expression import Expression
from hassil.intents import TextSlotList, TextSlotValue
from hassil.util import remove_skip_words
from hypothesis import given
from hypothesis import strategies as st
from support.vocabularies import ODD, SMALL

from roomtone.errors import EngineError
from roomtone_server.grammar import compiler, sentences
from roomtone_server.grammar.automaton import Completeness
from roomtone_server.grammar.compiler import compile_automaton, possible_intents
from roomtone_server.grammar.numbers import number_words, said_number
from roomtone_server.grammar.sentences import load_heard_sentences, load_sentences
from roomtone_server.grammar.slots import said
from roomtone_server.grammar.vocabulary import NamedArea, NamedThing, Vocabulary
from roomtone_server.grammar.words import without_skip_words, words

AUTOMATON = compile_automaton(SMALL)
ODD_AUTOMATON = compile_automaton(ODD)


@pytest.mark.parametrize(
    ("text", "completeness"),
    [
        ("nevermind", Completeness.COMPLETE),
        ("turn on the lights", Completeness.EXTENDABLE),
        ("turn on the lights in", Completeness.OPEN),
        ("turn on the lights in the kitchen", Completeness.COMPLETE),
        ("turn the kitchen", Completeness.OPEN),
        ("paint the kitchen", Completeness.IMPOSSIBLE),
        ("", Completeness.OPEN),
        ("add milk to the shopping list", Completeness.COMPLETE),
        ("set a timer for 1 hour", Completeness.EXTENDABLE),
        ("set a timer for one hour and eight minutes", Completeness.COMPLETE),
        # What may follow changes nothing.
        ("yes", Completeness.COMPLETE),
        ("turn on the lights in here", Completeness.COMPLETE),
        ("what's the date", Completeness.COMPLETE),
        ("cancel all timers", Completeness.COMPLETE),
        ("how cold is it", Completeness.COMPLETE),
        ("set the brightness to fifteen", Completeness.COMPLETE),
        ("turn on the ceiling light", Completeness.COMPLETE),  # there is but one, wherever it is
        ("turn on Lamp 2", Completeness.COMPLETE),
        ("turn on lamp two", Completeness.COMPLETE),
        # What may follow is another number, name, state or intent.
        ("set the brightness to fifty", Completeness.EXTENDABLE),
        ("is the front door", Completeness.OPEN),
        ("stop", Completeness.EXTENDABLE),
        ("turn on lamp", Completeness.OPEN),
        # However it is written, and however kindly.
        ("Turn on the ceiling light in the kitchen!", Completeness.COMPLETE),
        ("Hey, could you turn on the lights in the kitchen, please?", Completeness.COMPLETE),
        ("okay turn on the lights in the kitchen right away thank you", Completeness.COMPLETE),
        ("what can you do", Completeness.COMPLETE),
        ("please", Completeness.OPEN),
        ("set the brightness to 50 %", Completeness.COMPLETE),
        # Of what was spoken of before.
        ("make it", Completeness.OPEN),
        ("now make it red", Completeness.COMPLETE),
        ("turn it off", Completeness.COMPLETE),
        ("set it to fifty", Completeness.EXTENDABLE),
        ("set it to", Completeness.OPEN),
        # What this home lacks.
        ("set the fan to twenty percent", Completeness.IMPOSSIBLE),
        ("unlock the kitchen blinds", Completeness.IMPOSSIBLE),
    ],
)
def test_what_a_text_is_as_a_beginning(text, completeness):
    assert AUTOMATON.hint(text) is completeness


@pytest.mark.parametrize(
    ("text", "completeness"),
    [
        ("turn on the lamp", Completeness.EXTENDABLE),
        ("turn on lamp two", Completeness.EXTENDABLE),
        ("turn on lamp 2 left", Completeness.COMPLETE),
        ("toggle lamp 2b", Completeness.COMPLETE),
        ("dim Küche 2 lights to 15%", Completeness.COMPLETE),
        ("turn on lampe (old) [x] {y} in the küche 2", Completeness.COMPLETE),
        ("toggle straßenlampe", Completeness.COMPLETE),
        ("switch TV and radio on", Completeness.COMPLETE),
        ("raise the shutter 50 percent", Completeness.COMPLETE),
        ("turn on the", Completeness.OPEN),
        ("turn on the lights in the", Completeness.OPEN),
    ],
)
def test_what_is_heard_of_odd_names(text, completeness):
    assert ODD_AUTOMATON.hint(text) is completeness


def test_what_is_said_alike_has_one_key():
    one = AUTOMATON.normalise("Please, set the lights to 45%.")
    assert one == AUTOMATON.normalise("set the lights to forty-five percent") == "set the lights to forty five percent"
    assert one != AUTOMATON.normalise("set the lights to 46 %")


def test_what_cannot_be_said_is_left_out():
    poorer = AUTOMATON.without({"kitchen"})
    assert poorer.hint("turn on the lights in the kitchen") is Completeness.IMPOSSIBLE
    assert poorer.hint("turn on the lights in the lounge") is Completeness.COMPLETE
    assert poorer.vocabulary() < AUTOMATON.vocabulary()
    assert AUTOMATON.without(AUTOMATON.vocabulary()).hint("nevermind") is Completeness.IMPOSSIBLE


@pytest.mark.parametrize(
    ("text", "language", "said"),
    [
        ("Set it to 50%!", "en", ["set", "it", "to", "fifty", "percent"]),
        ("21.5°", "en", ["twenty", "one", "point", "five", "degrees"]),
        ("1/2 an hour", "en", ["half", "an", "hour"]),
        ("What\u2019s the time?", "en", ["what's", "the", "time"]),
        ("Hi-Fi_System.", "en", ["hi", "fi", "system"]),
        ("20 %", "tlh", ["20", "%"]),
        ("Ku\u0308che", "de", ["küche"]),
        ("रसोई की बत्ती।", "hi", ["रसोई", "की", "बत्ती"]),
        ("\N{CHRISTMAS TREE}", "en", []),
        ("9" * 40, "en", ["9" * 40]),
    ],
)
def test_text_becomes_words(text, language, said):
    assert words(text, language) == said


@given(st.text())
def test_any_text_becomes_words(text):
    assert AUTOMATON.hint(text) in Completeness
    assert words(" ".join(words(text, "en")), "en") == words(text, "en")


@given(st.lists(st.sampled_from(["please", "can", "could", "you", "i'd", "like", "to", "turn", "for", "me"])))
def test_skip_words_are_those_that_hassil_leaves_out(said):
    skipped = AUTOMATON.skip_words
    assert (
        without_skip_words(said, skipped) == remove_skip_words(" ".join(said), skipped, ignore_whitespace=False).split()
    )


def test_numbers_are_spoken():
    assert number_words(30, "de") == ("dreißig",)
    assert number_words(30, "tlh") == ("30",)
    assert said_number("2,5", "en") == "two point five"
    assert said_number("1" + "0" * 15, "en") == "one quadrillion"
    assert said_number("1" + "0" * 16, "en") == "1" + "0" * 16


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Ceiling Light", ["Ceiling Light"]),
        ("EcoBee", ["EcoBee", "Eco Bee"]),
        ("Lamp2", ["Lamp2", "Lamp 2", "lamp two"]),
        ("TV & Radio", ["TV & Radio", "tv and radio"]),
        ("Straße", ["Straße", "strasse"]),
        ("?!", []),
    ],
)
def test_a_name_is_spoken_in_more_than_one_way(name, forms):
    assert said(name, "en") == forms


@pytest.mark.parametrize(
    ("sentences", "text", "completeness"),
    [
        (["go [on]"], "go", Completeness.COMPLETE),
        (["go", "go on"], "go", Completeness.COMPLETE),
        (["go [{colour}]"], "go", Completeness.EXTENDABLE),
        (["paint {colour}"], "paint blue", Completeness.EXTENDABLE),  # blue green
        (["paint {colour}"], "paint red", Completeness.COMPLETE),
        (["paint {colour}[ly] [now]"], "paint red", Completeness.COMPLETE),
        (["paint {colour}[ly] [now]"], "paint redly", Completeness.COMPLETE),
        (["paint {colour} [and {colour}]"], "paint red", Completeness.EXTENDABLE),
        (["paint {colour} [{shade}]"], "paint red", Completeness.EXTENDABLE),
        (["paint [{colour}] {shade} [please]"], "paint dark", Completeness.COMPLETE),
        (
            ["paint {shade} [please]"],
            "paint dim",
            Completeness.EXTENDABLE,
        ),  # as dusk: who knows whether that is another
        (["paint {shade} [please]"], "paint dim as dusk", Completeness.COMPLETE),
        (["paint (it;{shade})"], "paint it dark", Completeness.COMPLETE),
        (["paint (it;{shade})"], "paint dark it", Completeness.COMPLETE),
        (["paint (it;{shade})"], "paint dark", Completeness.OPEN),
        (["paint {unknown} red", "paint it"], "paint it", Completeness.COMPLETE),
        (["[{colour}]"], "", Completeness.OPEN),
    ],
)
def test_what_may_change_a_command(sentences, text, completeness):
    colours = ["red", "blue", "blue green"]
    lists = {"colour": {"values": colours}, "shade": {"values": ["dark", "dim [as dusk]"]}}
    templates = {"language": "en", "intents": {"Paint": {"data": [{"sentences": sentences}]}}, "lists": lists}
    assert compile_automaton(Vocabulary(), templates).hint(text) is completeness


def in_two_rooms(*things):
    """Each thing: its name, and its area."""
    named = (NamedThing(f"light.{number}", (name,), area) for number, (name, area) in enumerate(things))
    return compile_automaton(Vocabulary(areas=(NamedArea(("Kitchen",)), NamedArea(("Bedroom",))), things=tuple(named)))


def test_where_a_thing_is_tells_those_of_one_name_apart():
    lamps = in_two_rooms(("Lamp", "Kitchen"), ("lamp", "Bedroom"), ("Candle", "Kitchen"))
    assert lamps.hint("turn on the lamp") is Completeness.EXTENDABLE
    assert lamps.hint("turn on the lamp in the bedroom") is Completeness.COMPLETE
    assert lamps.hint("turn on the candle") is Completeness.COMPLETE


def test_what_may_be_meant_in_two_ways_is_complete_when_nothing_more_can_be_meant():
    """The light of that name, or the area's light."""
    assert in_two_rooms(("Kitchen Light", "Kitchen")).hint("turn on the kitchen light") is Completeness.COMPLETE


def test_another_intent_changes_a_command():
    intents = {name: {"data": [{"sentences": [text]}]} for name, text in {"Go": "go", "GoOn": "go on"}.items()}
    automaton = compile_automaton(Vocabulary(), {"language": "en", "intents": intents})
    assert automaton.hint("go") is Completeness.EXTENDABLE


def test_a_language_without_a_selection_is_heard_as_it_is_understood():
    assert load_heard_sentences("vi") == load_sentences("vi")
    assert compile_automaton(Vocabulary("vi")).hint("mấy giờ") is Completeness.COMPLETE


def test_what_is_understood_and_not_listened_for_can_be_compiled_too():
    understood = load_sentences("en")
    few = {name: understood["intents"][name] for name in ("HassMediaNext", "HassListAddItem")}
    free = compile_automaton(SMALL, {**understood, "intents": few})
    assert AUTOMATON.hint("next track on the radio") is Completeness.IMPOSSIBLE
    assert AUTOMATON.hint("next track") is Completeness.COMPLETE
    assert free.hint("next track on the radio") is Completeness.COMPLETE
    assert free.hint("next track") is Completeness.EXTENDABLE
    assert free.hint("add") is Completeness.IMPOSSIBLE  # what is to be added is a wildcard


def test_a_language_may_know_no_kinds_of_covers():
    assert "cover_classes" not in possible_intents(Vocabulary("hi"), load_sentences("hi")).slot_lists


def test_an_unknown_language_is_refused():
    with pytest.raises(EngineError, match="no sentence templates for the language 'tlh'"):
        load_sentences("tlh")


def test_a_template_of_a_kind_to_come_is_refused(monkeypatch):
    strange = TextSlotList("area", [TextSlotValue(Expression(), "")])
    monkeypatch.setattr(compiler, "slot_lists", lambda _: {"area": strange})
    with pytest.raises(EngineError, match="unknown to this version: Expression"):
        compile_automaton(SMALL)


def test_a_cache_can_tell_that_templates_changed(monkeypatch):
    before = sentences.templates_version("en")
    assert before == sentences.templates_version("en")
    assert before != sentences.templates_version("de")
    monkeypatch.setattr(sentences, "_text", lambda name: f"another {name}")
    assert sentences.templates_version("en") != before
