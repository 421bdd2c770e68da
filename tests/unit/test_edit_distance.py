"""Sequences are compared by edits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomtone_server.edit_distance import edit_distance

strings = st.lists(st.sampled_from(["T", "ER", "N", "AO"]), max_size=8)


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("", "", 0), ("", "T ER", 2), ("T ER N", "", 3), ("T ER N", "T AO N", 1), ("S T AA P", "T AA P S", 2)],
)
def test_it_counts_edits(one, other, edits):
    assert edit_distance(one.split(), other.split()) == edits


@given(strings, strings, strings)
def test_it_is_a_metric(one, other, third):
    assert edit_distance(one, other) == edit_distance(other, one)
    assert (edit_distance(one, other) == 0) is (one == other)
    assert edit_distance(one, third) <= edit_distance(one, other) + edit_distance(other, third)


@given(strings, strings)
def test_it_is_no_longer_than_the_longer_one(one, other):
    assert abs(len(one) - len(other)) <= edit_distance(one, other) <= max(len(one), len(other))
