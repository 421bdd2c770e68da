"""A peer's clock on ours: virtual clocks, and delays of all kinds between them."""

import random
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from roomtone.link.clock import MAX_DRIFT, MAX_KEPT, MAX_LATE_S, PeerClock

PING_S = 5.0
HOUR_S = 3600.0


@dataclass
class Peer:
    """Its clock shows `zero_s` at our 0, and gains `drift` on ours."""

    zero_s: float = 86_400.0
    drift: float = 0.0

    def shows(self, at):
        return self.zero_s + at * (1 + self.drift)


def exchange(clock, peer, at, out_s=0.001, back_s=0.001):
    """A ping that leaves `at`, and its pong."""
    clock.answered(at, peer.shows(at + out_s), at + out_s + back_s)


def assert_right(clock, peer, at, now=None):
    placed = clock.place(peer.shows(at), at if now is None else now)
    assert abs(placed.at - at) <= placed.error_s + 1e-9
    return placed


def test_before_the_first_pong_nothing_is_known():
    assert PeerClock().place(5.0, 5.0) is None
    assert PeerClock().round_trip_s is None


@pytest.mark.parametrize("zero_s", [0.0, -1000.0, 1e6])
def test_the_middle_of_the_round_trip(zero_s):
    clock, peer = PeerClock(), Peer(zero_s)
    exchange(clock, peer, 2000.0, out_s=0.004, back_s=0.004)
    placed = clock.place(peer.shows(2000.004), 2000.01)
    assert placed.at == pytest.approx(2000.004)
    assert placed.error_s == pytest.approx(0.004)


def test_the_quickest_of_the_last_few_tells_most():
    clock, peer = PeerClock(), Peer()
    for number, delay_s in enumerate((0.2, 0.001, 0.2, 0.2)):
        exchange(clock, peer, 0.1 * number, out_s=0.0, back_s=delay_s)
    assert clock.round_trip_s == pytest.approx(0.001)
    assert assert_right(clock, peer, 0.3, now=0.5).error_s == pytest.approx(0.0005 + MAX_DRIFT * 0.2)


def test_what_is_old_is_forgotten():
    clock, peer = PeerClock(), Peer()
    exchange(clock, peer, 0.0, 0.0, 0.001)
    for number in range(MAX_KEPT):
        exchange(clock, peer, PING_S * (number + 1), 0.0, 0.5)
    assert clock.round_trip_s == pytest.approx(0.5)


delays_s = st.floats(0, 3)


@given(
    st.lists(st.tuples(delays_s, delays_s), min_size=1, max_size=20),
    st.floats(-300e-6, 300e-6),
    st.floats(-1e6, 1e6),
    st.floats(0, 20),
)
def test_whatever_way_the_delays_fall_the_moment_is_within_its_bound(delays, drift, zero_s, later_s):
    """Out and back may take quite different times; the bound is that of the best of those that are kept, or less."""
    clock, peer = PeerClock(), Peer(zero_s, drift)
    at = 0.0
    for out_s, back_s in delays:
        exchange(clock, peer, at, out_s, back_s)
        at += PING_S + out_s + back_s
    placed = assert_right(clock, peer, at + later_s)
    newest_s = sum(delays[-1])
    assert placed.error_s <= newest_s / 2 + MAX_DRIFT * (1 + MAX_DRIFT) * (PING_S + newest_s + later_s)


@pytest.mark.parametrize("drift", [300e-6, -300e-6])
def test_a_clock_that_drifts_is_followed_for_hours(drift):
    """300 ppm are 4.3 s in four hours. The network takes 1 ms each way, and every tenth time forty times as long."""
    chance, clock, peer = random.Random(1), PeerClock(), Peer(drift=drift)
    errors_s = []
    for number in range(round(4 * HOUR_S / PING_S)):
        out_s, back_s = (0.04 if chance.random() < 0.1 else 0.001 for _ in range(2))
        exchange(clock, peer, number * PING_S, out_s, back_s)
        at = number * PING_S + chance.uniform(0.1, PING_S)
        placed = assert_right(clock, peer, at)
        errors_s.append(abs(placed.at - at))
    assert abs(peer.shows(4 * HOUR_S) - peer.zero_s - 4 * HOUR_S) > 4
    assert sorted(errors_s)[len(errors_s) // 2] < 0.002
    assert max(errors_s) < 0.01


def test_pongs_that_are_lost_cost_certainty_and_nothing_else():
    clock, peer = PeerClock(), Peer(drift=300e-6)
    exchange(clock, peer, 0.0)
    assert assert_right(clock, peer, 1.0).error_s < 0.002
    assert assert_right(clock, peer, 600.0).error_s == pytest.approx(0.36, abs=0.01)
    exchange(clock, peer, 600.0)
    assert assert_right(clock, peer, 601.0).error_s < 0.002


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S, 0.05, -86_000.0])
def test_a_clock_that_jumps_is_mapped_anew(jump_s):
    """A machine that slept, or one that started again."""
    clock, peer = PeerClock(), Peer()
    for number in range(MAX_KEPT):
        exchange(clock, peer, number * PING_S, 0.0001, 0.0001)
    peer.zero_s += jump_s
    exchange(clock, peer, 40.0, 0.01, 0.01)
    assert_right(clock, peer, 41.0)


def test_of_a_peer_that_does_not_tell_its_clock_only_the_distance_is_known():
    clock = PeerClock()
    clock.answered(10.0, None, 10.25)
    assert clock.round_trip_s == 0.25
    assert clock.place(10.1, 10.3) is None


@pytest.mark.parametrize("away_s", [-MAX_LATE_S - 1, 1.0, 1e9, -1e9])
def test_what_cannot_have_been_is_not_placed(away_s):
    """Whatever a peer claims: the future, or what nobody would have kept so long."""
    clock, peer = PeerClock(), Peer()
    exchange(clock, peer, 100.0)
    assert clock.place(peer.shows(101.0 + away_s), 101.0) is None
    assert clock.place(peer.shows(101.0), 101.0) is not None
