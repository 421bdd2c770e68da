"""The figures of `roomtone bench home-assistant`, and what it turns down before it begins."""

import pytest
from click.testing import CliRunner

from roomtone.errors import UsageError
from roomtone_server.bench.commands import bench
from roomtone_server.bench.home_assistant.figures import Took, figures, table
from roomtone_server.bench.home_assistant.run import _address_of
from roomtone_server.bench.v2v.commands import Command

COMMANDS = [Command(name, name, None) for name in ("one", "two", "three")]
WAYS = {
    "ours": [Took(200.0, 210.0), Took(240.0, 250.0), Took(100.0, 120.0)],
    "ended": [Took(300.0, 500.0), None, Took(340.0, 600.0)],
    "waited": [Took(1300.0, 1500.0), Took(1.0, 2.0), Took(1260.0, 1500.0)],
}


def test_only_what_was_heard_right_in_every_way_counts():
    told = figures(COMMANDS, WAYS)
    assert told["turns"] == 2
    assert told["ended"] == {"stt_end_ms": {"p50": 320.0, "p95": 338.0}, "reply_ms": {"p50": 550.0, "p95": 595.0}}
    assert told["ratio"] == {"stt_end_ms": 0.25, "reply_ms": 0.367}
    assert told["commands"][1] == {
        "command": "two",
        "text": "two",
        "ours": {"stt_end_ms": 240.0, "reply_ms": 250.0},
        "ended": None,
        "waited": {"stt_end_ms": 1.0, "reply_ms": 2.0},
    }


def test_the_table_says_the_same_for_people():
    lines = table(figures(COMMANDS, WAYS)).splitlines()
    assert lines[0] == "turns: 2 of 3"
    assert lines[3].split()[:5] == ["ended", "320", "338", "550", "595"]
    assert lines[5].split()[:3] == ["ratio", "0.25", "0.37"]


def test_nothing_that_counts_has_no_figures():
    told = figures(COMMANDS[:1], {way: [None] for way in WAYS})
    assert told["ratio"] == {"stt_end_ms": None, "reply_ms": None}
    assert table(told) == "turns: 0 of 1"


def test_a_host_that_nobody_knows():
    with pytest.raises(UsageError, match=r"nowhere\.invalid. is no host that can be found"):
        _address_of("http://nowhere.invalid:8123")


def test_it_asks_for_a_home_assistant():
    answer = CliRunner().invoke(bench, ["home-assistant"])
    assert answer.exit_code == 2
    assert "Missing option '--url'" in answer.output
