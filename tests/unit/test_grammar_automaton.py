"""Small automata by chance, against the plain set of their sentences."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomtone_server.grammar.automaton import FORMAT, Automaton, Completeness, minimal

WORDS = ("a", "b", "c")


@st.composite
def drawn(draw):
    """Arcs, final and extendable states of an acyclic automaton; from some states nothing may lead to an end."""
    size = draw(st.integers(1, 6))
    arcs = [
        draw(st.dictionaries(st.sampled_from(WORDS), st.integers(state + 1, size - 1))) if state + 1 < size else {}
        for state in range(size)
    ]
    final = draw(st.sets(st.integers(0, size - 1)))
    return arcs, final, draw(st.sets(st.sampled_from(sorted(final)))) if final else set()


def sentences(arcs, final, extendable, state=0, said=()):
    """Each sentence, with whether it may become another: it must be marked so, and go on."""
    behind = {}
    for word, to in arcs[state].items():
        behind |= sentences(arcs, final, extendable, to, (*said, word))
    return behind | ({said: state in extendable and bool(behind)} if state in final else {})


def sentences_of(automaton):
    return sentences(automaton.arcs, automaton.final, automaton.extendable)


@given(drawn())
def test_the_smallest_automaton_has_the_same_sentences(plain):
    automaton = minimal(*plain, "en")
    assert sentences_of(automaton) == sentences(*plain)
    behind = [
        repr(sorted(sentences(automaton.arcs, automaton.final, automaton.extendable, state).items()))
        for state in range(len(automaton.arcs))
    ]
    assert len(set(behind)) == len(behind), "two states with the same sentences behind them"
    assert automaton.extendable <= automaton.final
    assert minimal(automaton.arcs, automaton.final, automaton.extendable, "en") == automaton


@given(drawn())
def test_a_hint_says_what_a_beginning_is(plain):
    automaton, known = minimal(*plain, "en"), sentences(*plain)
    assert automaton.hint("x") is Completeness.IMPOSSIBLE
    for sentence, is_extendable in known.items():
        expected = Completeness.EXTENDABLE if is_extendable else Completeness.COMPLETE
        assert automaton.hint(" ".join(sentence)) is expected
        assert automaton.accepts(sentence)
        for length in range(len(sentence)):
            if sentence[:length] not in known:
                assert automaton.hint(" ".join(sentence[:length])) is Completeness.OPEN
                assert not automaton.accepts(sentence[:length])


@given(drawn(), st.sets(st.sampled_from(WORDS)))
def test_what_cannot_be_said_is_left_out_and_nothing_else(plain, unsayable):
    automaton = minimal(*plain, "en")
    left = automaton.without(unsayable)
    assert set(sentences_of(left)) == {said for said in sentences_of(automaton) if unsayable.isdisjoint(said)}
    assert left.vocabulary() == {word for said in sentences_of(left) for word in said}
    assert {word for _, _, word in left.transitions()} == left.vocabulary()


@given(drawn())
def test_it_survives_being_written_down(plain):
    automaton = minimal(*plain, "en", ("please",))
    assert Automaton.loads(automaton.dumps()) == automaton


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": 0}',
        f'{{"format": {FORMAT}, "language": "en"}}',
        minimal([{}], {0}, set(), "en").dumps()[:-1],
    ],
)
def test_what_it_did_not_write_it_does_not_read(text):
    with pytest.raises(ValueError):
        Automaton.loads(text)


def test_what_it_did_not_write_may_be_of_another_version():
    older = json.loads(minimal([{}], {0}, set(), "en").dumps()) | {"format": 1}
    with pytest.raises(ValueError, match="not an automaton of this version"):
        Automaton.loads(json.dumps(older))
