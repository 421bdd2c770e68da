"""Where the server says that its page is, and to whom it says how to come in."""

import sys
import time

import pytest

from roomtone_server.ports.web.auth.links import Links
from roomtone_server.settings import WebSettings
from roomtone_server.web_doors import _welcome, page_addresses


@pytest.mark.parametrize(
    ("settings", "ports", "here", "others"),
    [
        ({}, (8760, 8763), ["http://localhost:8760"], ["https://192.0.2.7:8763"]),
        ({}, (8760, None), ["http://localhost:8760"], ["http://192.0.2.7:8760"]),
        ({"host": "127.0.0.1"}, (8760, 8763), ["http://127.0.0.1:8760"], []),
        ({"host": "192.0.2.9"}, (8760, 8763), [], ["https://192.0.2.9:8763"]),
        ({"host": "2001:db8::7"}, (8760, 8763), [], ["https://[2001:db8::7]:8763"]),
        (
            {"names": ["voice.example.org"]},
            (8760, 8763),
            ["http://localhost:8760"],
            ["https://voice.example.org:8763", "https://192.0.2.7:8763"],
        ),
        (
            {"names": ["voice.example.org"], "proxies": ["127.0.0.1"], "host": "127.0.0.1"},
            (8760, 8763),
            ["http://127.0.0.1:8760"],
            ["https://voice.example.org"],
        ),
        ({}, (None, None), [], []),
    ],
)
def test_where_the_page_is(settings, ports, here, others, monkeypatch):
    monkeypatch.setattr("roomtone_server.web_doors.own_addresses", lambda: ["192.0.2.7", "2001:db8::7"])
    assert page_addresses(WebSettings(**settings), *ports, in_container=False) == (here, others)


def test_from_within_a_container_nobody_knows():
    assert page_addresses(WebSettings(), 8760, 8763, in_container=True) == (["http://localhost:8760"], [])


def test_whoever_starts_it_in_a_terminal_is_given_the_link(monkeypatch, capsys, caplog):
    caplog.set_level("DEBUG")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    links = Links()
    _welcome(links, ["http://localhost:8760", "https://192.0.2.7:8763"])
    urls = [line.strip() for line in capsys.readouterr().out.splitlines()[1:]]
    assert [url.partition("/#/enter/")[0] for url in urls] == ["http://localhost:8760", "https://192.0.2.7:8763"]
    [secret] = {url.partition("/#/enter/")[2] for url in urls}
    assert links.take(secret, "owner", time.monotonic())
    assert secret not in caplog.text


def test_a_service_says_in_its_log_how_to_get_one(capsys, caplog):
    caplog.set_level("INFO")
    _welcome(Links(), ["http://localhost:8760"])
    assert "`roomtone web link`" in caplog.text
    assert "enter" not in caplog.text + capsys.readouterr().out
