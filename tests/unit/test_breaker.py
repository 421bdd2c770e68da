import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomtone_server.engines.breaker import Breaker, State


@pytest.fixture
def breaker():
    return Breaker(first_rest_s=5, longest_rest_s=18)


def fail(breaker, now):
    breaker.failed(breaker.admit(now), now)


def test_while_it_works_everybody_is_admitted(breaker):
    tickets = [breaker.admit(0) for _ in range(3)]
    assert None not in tickets
    for ticket in tickets:
        breaker.succeeded(ticket)
    assert breaker.state(1) is State.CLOSED
    assert breaker.remaining_s(1) == 0


def test_after_a_failure_nobody_is_until_it_has_rested(breaker):
    fail(breaker, 10)
    assert breaker.state(10) is State.OPEN
    assert breaker.remaining_s(12) == 3
    assert breaker.admit(14.9) is None
    assert breaker.state(15) is State.HALF_OPEN
    assert breaker.remaining_s(15) == 0


def test_then_one_is_and_its_success_lets_everybody_in(breaker):
    fail(breaker, 0)
    probe = breaker.admit(5)
    assert probe is not None
    assert breaker.admit(5) is None
    breaker.succeeded(probe)
    assert breaker.state(5) is State.CLOSED
    assert None not in (breaker.admit(5), breaker.admit(5))


def test_each_failure_in_a_row_doubles_the_rest_up_to_the_longest(breaker):
    now, rests = 0.0, []
    for _ in range(5):
        fail(breaker, now)
        rests.append(breaker.remaining_s(now))
        now += rests[-1]
    assert rests == [5, 10, 18, 18, 18]


def test_a_success_makes_the_next_rest_the_first_again(breaker):
    fail(breaker, 0)
    fail(breaker, 5)
    breaker.succeeded(breaker.admit(15))
    fail(breaker, 100)
    assert breaker.remaining_s(100) == 5


def test_what_one_outage_ends_is_one_failure(breaker):
    tickets = [breaker.admit(0) for _ in range(10)]
    for ticket in tickets:
        breaker.failed(ticket, 1)
    assert breaker.remaining_s(1) == 5


@pytest.mark.parametrize("outcome", ["succeeded", "failed", "abandoned"])
def test_who_began_before_the_outage_decides_nothing_after_it(breaker, outcome):
    early = breaker.admit(0)
    fail(breaker, 1)
    probe = breaker.admit(6)
    getattr(breaker, outcome)(early, *((6,) if outcome == "failed" else ()))
    assert breaker.state(6) is State.HALF_OPEN
    assert breaker.admit(6) is None
    breaker.succeeded(probe)
    assert breaker.state(6) is State.CLOSED


def test_a_probe_that_was_abandoned_leaves_its_place_to_another(breaker):
    fail(breaker, 0)
    breaker.abandoned(breaker.admit(5))
    assert breaker.state(5) is State.HALF_OPEN
    breaker.succeeded(breaker.admit(6))
    assert breaker.state(6) is State.CLOSED


@given(st.lists(st.tuples(st.floats(0, 100), st.sampled_from(["succeeded", "failed", "abandoned"])), max_size=30))
def test_whatever_happened_the_longest_rest_is_enough(history):
    breaker = Breaker(first_rest_s=5, longest_rest_s=18)
    now = 0.0
    for elapsed_s, outcome in history:
        now += elapsed_s
        if (ticket := breaker.admit(now)) is not None:
            getattr(breaker, outcome)(ticket, *((now,) if outcome == "failed" else ()))
    assert breaker.admit(now + 18) is not None
