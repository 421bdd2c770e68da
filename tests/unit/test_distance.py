"""How a claim is compared with what a phone loop hears."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomtone_server.engines.stt.sphinx.distance import LENIENCE_PHONES, Phones, doubt, edit_distance

strings = st.lists(st.sampled_from(["T", "ER", "N", "AO"]), max_size=8)


def phones(names, frames=100, log_likelihood=-5000.0):
    return Phones(names.split(), spoken_frames=80, frames=frames, log_likelihood=log_likelihood)


CLAIMED = phones("T ER N AO N DH AH L AY T")


class TestEditDistance:
    @pytest.mark.parametrize(
        ("one", "other", "edits"),
        [("", "", 0), ("", "T ER", 2), ("T ER N", "", 3), ("T ER N", "T AO N", 1), ("S T AA P", "T AA P S", 2)],
    )
    def test_it_counts_edits(self, one, other, edits):
        assert edit_distance(one.split(), other.split()) == edits

    @given(strings, strings, strings)
    def test_it_is_a_metric(self, one, other, third):
        assert edit_distance(one, other) == edit_distance(other, one)
        assert (edit_distance(one, other) == 0) is (one == other)
        assert edit_distance(one, third) <= edit_distance(one, other) + edit_distance(other, third)

    @given(strings, strings)
    def test_it_is_no_longer_than_the_longer_one(self, one, other):
        assert abs(len(one) - len(other)) <= edit_distance(one, other) <= max(len(one), len(other))


class TestDoubt:
    def test_what_both_hear_alike_is_not_doubted(self):
        assert doubt(CLAIMED, CLAIMED) == -LENIENCE_PHONES / 10

    def test_it_grows_with_the_phones_that_differ(self):
        heard = phones("S IH NG M IY AE N")
        assert doubt(CLAIMED, heard) == pytest.approx(
            doubt(CLAIMED, CLAIMED) + edit_distance(CLAIMED.names, heard.names) / 10
        )

    def test_it_grows_with_how_much_better_the_loop_fits(self):
        better, far_better = (replace(CLAIMED, log_likelihood=value) for value in (-4900.0, -4500.0))
        assert doubt(CLAIMED, CLAIMED) < doubt(CLAIMED, better) < doubt(CLAIMED, far_better)

    def test_some_more_silence_behind_the_words_changes_nothing(self):
        longer = replace(CLAIMED, frames=110, log_likelihood=-5500.0)
        assert doubt(CLAIMED, longer) == pytest.approx(doubt(CLAIMED, CLAIMED))

    def test_few_phones_are_doubted_less(self):
        short, long = phones("S T AA P"), phones("S T AA P DH AH T AY M ER")
        assert doubt(short, phones("T AA P")) < doubt(long, phones("T AA P DH AH T AY M ER"))

    def test_nothing_claimed_and_nothing_heard_are_not_doubted(self):
        nothing = Phones([], 0, 0, 0.0)
        assert doubt(nothing, CLAIMED) == 0
        assert doubt(CLAIMED, nothing) == 0
