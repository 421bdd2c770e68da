"""One-time links, and how often somebody may try a secret: both on a clock that the test turns."""

import pytest

from roomtone_server.ports.web.auth.limits import MAX_REMEMBERED, Rate, Tries
from roomtone_server.ports.web.auth.links import MAX_LINKS, VALID_S, Links

NOW = 1000.0


def test_a_link_is_good_once():
    links = Links()
    secret = links.make("owner", NOW)
    assert links.find(secret, NOW).purpose == "owner"
    assert links.take(secret, "owner", NOW)
    assert links.find(secret, NOW) is None
    assert not links.take(secret, "owner", NOW)


def test_a_link_is_good_for_an_hour_and_for_its_purpose():
    links = Links()
    secret = links.make("family", NOW)
    assert not links.take(secret, "owner", NOW)
    assert links.find(secret, NOW + VALID_S - 1) is not None
    assert links.find(secret, NOW + VALID_S) is None
    assert not links.take(secret, "family", NOW + VALID_S)
    assert links.find("", NOW) is None


def test_there_is_one_link_for_an_owner_and_some_for_the_family():
    links = Links()
    first, guests = links.make("owner", NOW), [links.make("family", NOW) for _ in range(MAX_LINKS - 1)]
    second = links.make("owner", NOW)
    assert links.find(first, NOW) is None
    assert links.find(second, NOW) is not None
    links.make("family", NOW)
    assert [links.find(guest, NOW) is None for guest in guests] == [True] + [False] * (MAX_LINKS - 2)


def test_links_that_are_too_old_are_forgotten():
    links = Links()
    for _ in range(MAX_LINKS):
        links.make("family", NOW)
    fresh = links.make("family", NOW + VALID_S)
    assert len(links._open) == 1
    assert links.find(fresh, NOW + VALID_S) is not None


def test_no_secret_is_kept():
    links = Links()
    assert links.make("owner", NOW) not in repr(links._open)


def tries(burst=3, refill_s=10.0, together=100):
    return Tries(Rate(burst, refill_s), Rate(together, 1.0))


def test_some_tries_at_once_then_one_after_another():
    bucket = tries()
    assert [bucket.take("192.0.2.1", NOW) for _ in range(4)] == [0.0, 0.0, 0.0, 10.0]
    assert bucket.take("192.0.2.1", NOW + 4) == pytest.approx(6.0)
    assert bucket.take("192.0.2.1", NOW + 10) == 0.0
    assert bucket.take("192.0.2.1", NOW + 10) == pytest.approx(10.0)


def test_waiting_for_long_gives_no_more_than_the_first_tries():
    bucket = tries()
    bucket.take("192.0.2.1", NOW)
    assert [bucket.take("192.0.2.1", NOW + 9999) for _ in range(4)] == [0.0, 0.0, 0.0, 10.0]


def test_one_that_was_right_counts_for_nothing():
    bucket = tries()
    for _ in range(20):
        assert bucket.take("192.0.2.1", NOW) == 0.0
        bucket.give_back("192.0.2.1")


def test_one_address_does_not_spend_anothers_tries():
    bucket = tries()
    for _ in range(9):
        bucket.take("192.0.2.1", NOW)
    assert bucket.take("192.0.2.2", NOW) == 0.0


def test_many_addresses_together_have_a_limit_too():
    bucket = tries(together=5)
    waits = [bucket.take(f"192.0.2.{number}", NOW) for number in range(7)]
    assert waits == [0.0] * 5 + [1.0] * 2


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_who_has_one_ipv6_address_has_its_whole_network(one, other, same):
    bucket = tries(burst=1)
    bucket.take(one, NOW)
    assert (bucket.take(other, NOW) > 0.0) == same


def test_only_so_many_are_remembered():
    bucket = tries(together=10 * MAX_REMEMBERED)
    for number in range(2 * MAX_REMEMBERED):
        bucket.take(f"10.0.{number // 256}.{number % 256}", NOW)
    assert len(bucket._buckets) == MAX_REMEMBERED
