"""`roomtone bench intents`: a made-up home, what is said to it, and the figures."""

import json

import yaml
from click.testing import CliRunner
from support.vocabularies import SMALL

from roomtone_server.bench.commands import bench
from roomtone_server.bench.intents.large_home import large_home
from roomtone_server.bench.intents.utterances import utterances
from roomtone_server.home.home_file import read_home_file


def test_the_home_is_as_large_as_was_asked_for_always_the_same_and_a_home(tmp_path):
    home = large_home({}, 120, 6)
    assert home == large_home({}, 120, 6)
    file = tmp_path / "home.yaml"
    file.write_text(yaml.safe_dump(home))
    areas, entities = read_home_file(file).parts()
    assert (len(areas), len(entities)) == (6, 120)
    assert len({entity.name for entity in entities}) == 120


def test_a_home_may_be_made_larger():
    base = {"areas": [{"name": "Kitchen"}], "entities": [{"id": "light.a", "name": "Kitchen Light", "area": "Kitchen"}]}
    home = large_home(base, 30, 3)
    assert home["entities"][0] == base["entities"][0]
    assert [thing["name"] for thing in home["entities"]].count("Kitchen Light") == 1


def test_no_two_utterances_are_alike_and_all_are_the_same_every_time():
    said = utterances(SMALL, 100)
    assert len(set(said)) == len(said) == 100
    assert said == utterances(SMALL, 100)
    assert "tell me a joke" in said
    assert any(" and " in text for text in said)


def test_the_last_line_holds_the_figures():
    ended = CliRunner().invoke(bench, ["intents", "--entities", "40", "--utterances", "20", "--rounds", "1"])
    assert ended.exit_code == 0, ended.output
    *table, figures = ended.output.splitlines()
    result = json.loads(figures)
    assert (result["entities"], result["utterances"]) == (40, 20)
    assert result["understood"] >= 14
    assert 0 < result["ms"]["p50"] <= result["ms"]["p95"] <= result["ms"]["max"]
    assert len(table) == 2 + 5
    short = CliRunner().invoke(bench, ["intents", "--entities", "40", "--utterances", "20", "--rounds", "1", "--json"])
    assert list(json.loads(short.output)) == list(result)
