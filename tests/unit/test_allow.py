"""Who may speak plain Wyoming with us."""

import logging

import pytest

from roomtone.link.allow import MAX_REMEMBERED, AllowList
from roomtone.link.discovery import own_addresses

NETWORKS = ["192.168.1.5", "10.1.0.0/16", "fd00::/8", "fe80::/10", "172.30.32.9/23"]


def allowing(*networks):
    return AllowList(networks, setting="home_assistant.allow")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_loopback_always_may(address):
    assert allowing().admits(address)


@pytest.mark.parametrize(
    "address", ["192.168.1.5", "::ffff:192.168.1.5", "10.1.255.1", "fd12::3", "fe80::1%eth0", "172.30.33.1"]
)
def test_who_is_named_may(address):
    assert allowing(*NETWORKS).admits(address)


@pytest.mark.parametrize("address", ["192.168.1.6", "10.2.0.1", "2001:db8::1", "172.30.34.1", "0.0.0.0"])
def test_nobody_else_may(address):
    assert not allowing(*NETWORKS).admits(address)


def test_who_is_refused_is_logged_once_with_what_to_do(caplog):
    allow = allowing("192.168.1.5")
    for address in ("192.168.1.6", "192.168.1.6", "192.168.1.7", "192.168.1.6"):
        assert not allow.admits(address)
    assert caplog.messages == [
        f"refused {address}, which is not allowed here: to let it in, add {address} to `home_assistant.allow` in the "
        "settings"
        for address in ("192.168.1.6", "192.168.1.7")
    ]


def test_one_that_comes_from_everywhere_fills_neither_memory_nor_the_log(caplog):
    caplog.set_level(logging.WARNING)
    allow = allowing()
    for number in range(2 * MAX_REMEMBERED):
        assert not allow.admits(f"2001:db8::{number:x}")
    assert len(caplog.messages) == MAX_REMEMBERED


def test_it_listens_beyond_loopback_only_for_somebody():
    assert allowing().host == allowing("127.0.0.1", "::1").host == "127.0.0.1"
    assert allowing("127.0.0.1", "192.168.1.5").host is None


def test_what_is_no_network():
    with pytest.raises(ValueError, match="does not appear to be an IPv4 or IPv6 network"):
        allowing("kitchen")


def test_it_is_reached_where_there_is_a_way_to_those_who_may_come():
    assert allowing("127.0.0.1", "::1").reached_at() == ()
    for address in own_addresses():
        if ":" not in address and not address.startswith("127."):
            assert allowing(f"{address}/24").reached_at() == (address,)
