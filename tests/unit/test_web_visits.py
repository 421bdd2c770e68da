"""Where a request comes from, what it calls us, and whose page sends it: what is believed of that, and what is not."""

import socket
import ssl

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from roomtone_server.ports.web.auth.origin import has_effect, is_foreign
from roomtone_server.ports.web.auth.visit import INGRESS_ADDRESS, INGRESS_PORT, Entrance, Visit, name_in
from roomtone_server.ports.web.problems import Problem

LAN = "192.168.1.20"
PROXY = "172.18.0.5"
HERE = {"Host": "attic.local:8763"}


class Transport:
    """What a request knows of its connection."""

    def __init__(self, peer, port):
        self._known = {"peername": (peer, 50_000), "sockname": ("192.168.1.2", port)}

    def get_extra_info(self, name, default=None):
        return self._known.get(name, default)


class Gone:
    """A connection that is no more."""

    def get_extra_info(self, _name, default=None):
        return default


def asked(peer=LAN, path="/", method="GET", headers=HERE, port=8763, *, secure=True):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER) if secure else None
    transport = Transport(peer, port)
    return make_mocked_request(method, path, CIMultiDict(headers), transport=transport, sslcontext=context)


def entrance(**options):
    return Entrance(**({"https_port": 8763, "proxies": ["172.18.0.0/16"], "names": ["Voice.example.org"]} | options))


def refusal(request, **options):
    """The status with which it is turned away."""
    with pytest.raises((Problem, web.HTTPException)) as refused:
        entrance(**options).visit(request)
    return refused.value.status


@pytest.mark.parametrize(
    "host",
    [
        "attic",
        "attic:8763",
        "ATTIC.local",
        "attic.local.",
        "roomtone.home.arpa",
        "roomtone.lan:8763",
        "localhost:8760",
        "a.localhost",
        "192.168.1.2:8763",
        "203.0.113.9",
        "[2001:db8::7]:8763",
        "voice.example.org",
        socket.gethostname(),
    ],
)
def test_addresses_and_names_that_only_a_home_has_are_ours(host):
    assert entrance().visit(asked(headers={"Host": host})).host == host.lower()


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "attic.local.evil.example",
        "voice.example.org.evil.example",
        "192.168.1.2.evil.example",
        "user@attic",
        "attic/evil",
        "attic:port",
        "",
        " ",
        "[evil]",
        "localhost:8760:80",
    ],
)
def test_any_other_name_is_how_a_page_from_elsewhere_would_reach_us(host):
    assert refusal(asked(headers={"Host": host})) == 421


def test_whoever_is_gone_already_comes_from_nowhere():
    with pytest.raises(ConnectionResetError):
        entrance().visit(make_mocked_request("GET", "/", HERE, transport=Gone()))


def test_without_a_name_nobody_comes_in():
    assert refusal(asked(headers={})) == 421


@pytest.mark.parametrize("path", ["/health", "/metrics"])
def test_what_machines_watch_is_served_by_any_name_and_without_https(path):
    visit = entrance().visit(asked(path=path, headers={"Host": "attic.fritz.box"}, secure=False))
    assert (visit.address, visit.is_secure) == (LAN, False)


@pytest.mark.parametrize(
    ("host", "path", "where"),
    [
        ("attic.local:8760", "/", "https://attic.local:8763/"),
        ("attic", "/api/turns?limit=3", "https://attic:8763/api/turns?limit=3"),
        ("[2001:db8::7]:8760", "/", "https://[2001:db8::7]:8763/"),
    ],
)
def test_a_browser_on_the_network_is_sent_to_https(host, path, where):
    with pytest.raises(web.HTTPPermanentRedirect) as sent:
        entrance().visit(asked(path=path, headers={"Host": host}, secure=False))
    assert sent.value.headers["Location"] == where


def test_what_was_sent_in_the_open_already_is_refused():
    assert refusal(asked(method="POST", secure=False)) == 403


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_needs_no_https(peer):
    request = asked(peer, headers={"Host": "localhost:8760"}, secure=False)
    assert not entrance().visit(request).is_secure
    assert refusal(asked(peer, headers={"Host": "evil.example"}, secure=False)) == 421


def test_where_the_owner_wants_no_https_nobody_does():
    assert entrance(https_port=None).visit(asked(secure=False)).host == "attic.local:8763"


FORWARDED = {
    "Host": "roomtone:8760",
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "Home.example.org",
}


def test_a_listed_proxy_is_believed():
    visit = entrance().visit(asked(PROXY, headers=FORWARDED, secure=False))
    assert visit == Visit("203.0.113.9", "home.example.org", is_secure=True)


def test_nobody_else_is_and_the_log_says_so_once(caplog):
    doors = entrance()
    for _ in range(3):
        visit = doors.visit(asked(LAN, headers=FORWARDED))
        assert visit == Visit(LAN, "roomtone:8760", is_secure=True)
    assert caplog.text.count("web.proxies") == 1
    assert refusal(asked(LAN, "/", "POST", FORWARDED, secure=False)) == 403


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9, 172.18.0.9", "203.0.113.9"),
        ("172.18.0.9", "172.18.0.9"),
        ("junk", PROXY),
        ("203.0.113.9, junk", PROXY),
        ("2001:db8::9", "2001:db8::9"),
    ],
)
def test_what_stands_before_the_proxys_own_word_anybody_may_have_written(said, address):
    visit = entrance().visit(asked(PROXY, headers=FORWARDED | {"X-Forwarded-For": said}, secure=False))
    assert visit.address == address


@pytest.mark.parametrize("proto", [{"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "https, http"}])
def test_a_proxy_that_was_asked_in_the_open_has_to_redirect_itself(proto):
    assert refusal(asked(PROXY, headers=FORWARDED | proto, secure=False)) == 403
    assert not entrance(https_port=None).visit(asked(PROXY, headers=FORWARDED | proto, secure=False)).is_secure


def test_a_listed_proxy_that_asks_for_itself_is_anybody():
    assert entrance().visit(asked(PROXY)).address == PROXY


BY_INGRESS = {"Host": "ha.local:8123", "X-Forwarded-Host": "home.example.org", "X-Forwarded-Proto": "https"}


def test_ingress_is_the_supervisors_address_at_the_port_that_it_may_ask():
    doors = entrance(ingress_port=INGRESS_PORT)
    visit = doors.visit(asked(INGRESS_ADDRESS, headers=BY_INGRESS, port=INGRESS_PORT, secure=False))
    assert visit == Visit(INGRESS_ADDRESS, "home.example.org", is_secure=True, is_ingress=True)
    assert not doors.visit(asked(INGRESS_ADDRESS, port=8763)).is_ingress, "at another port it is anybody"


@pytest.mark.parametrize("peer", ["127.0.0.1", "172.30.32.1", "172.30.32.3", LAN])
@pytest.mark.parametrize("path", ["/", "/health", "/metrics", "/api/session"])
def test_at_that_port_nobody_else_may_ask_for_anything(peer, path):
    assert refusal(asked(peer, path, port=INGRESS_PORT, secure=False), ingress_port=INGRESS_PORT) == 403


SECURE = Visit(LAN, "attic.local:8763", is_secure=True)
INGRESS = Visit(INGRESS_ADDRESS, "ha.local:8123", is_secure=False, is_ingress=True)


@pytest.mark.parametrize(
    ("method", "headers", "foreign"),
    [
        ("POST", {}, False),
        ("POST", {"Origin": "https://attic.local:8763"}, False),
        ("POST", {"Origin": "HTTPS://Attic.local:8763"}, False),
        ("POST", {"Origin": "https://attic.local"}, True),
        ("POST", {"Origin": "https://attic.local:8764"}, True),
        ("POST", {"Origin": "http://attic.local:8763"}, True),
        ("POST", {"Origin": "https://evil.example"}, True),
        ("POST", {"Origin": "null"}, True),
        ("POST", {"Origin": ""}, True),
        ("DELETE", {"Origin": "https://evil.example"}, True),
        ("GET", {"Origin": "https://evil.example"}, False),
        ("GET", {"Origin": "https://evil.example", "Upgrade": "websocket"}, True),
        ("GET", {"Origin": "https://evil.example", "Upgrade": "WebSocket"}, True),
        ("GET", {"Origin": "https://attic.local:8763", "Upgrade": "websocket"}, False),
        ("POST", {"Sec-Fetch-Site": "same-origin", "Origin": "https://attic.local:8763"}, False),
        ("POST", {"Sec-Fetch-Site": "cross-site", "Origin": "https://attic.local:8763"}, True),
        ("POST", {"Sec-Fetch-Site": "same-site"}, True),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, True),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, True),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, False),
        ("POST", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, True),
        ("GET", {"Sec-Fetch-Site": "none"}, False),
    ],
)
def test_another_origins_page_is_known_by_what_the_browser_says(method, headers, foreign):
    assert is_foreign(method, headers, SECURE) == foreign


@pytest.mark.parametrize(
    ("origin", "foreign"), [("https://ha.local:8123", False), ("http://ha.local:8123", False), ("https://evil", True)]
)
def test_through_ingress_the_page_is_home_assistants(origin, foreign):
    assert is_foreign("POST", {"Origin": origin}, INGRESS) == foreign


def test_reading_has_no_effect_and_a_conversation_has():
    assert not has_effect("GET", {})
    assert not has_effect("HEAD", {})
    assert has_effect("GET", {"Upgrade": "websocket"})
    assert all(has_effect(method, {}) for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"))


@pytest.mark.parametrize(
    ("host", "name"),
    [("Attic:80", "attic"), ("[::1]:80", "[::1]"), ("a.b.", "a.b"), (".", None), ("a b", None), ("a\n", None)],
)
def test_the_name_in_a_host(host, name):
    assert name_in(host) == name
