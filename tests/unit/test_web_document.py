"""docs/web.md says what is so: its settings load, its commands exist, its limits are the code's."""

import re
from pathlib import Path
from typing import get_args

import pytest
import yaml
from click.testing import CliRunner

from roomtone import cli
from roomtone.settings import load
from roomtone_server.ports.web.auth.certificate import RENEWED_BEFORE, VALID_FOR
from roomtone_server.ports.web.auth.keys import DAY_S, IDLE_S, LIFE_S
from roomtone_server.ports.web.auth.limits import EACH_ADDRESS
from roomtone_server.ports.web.auth.links import VALID_S
from roomtone_server.ports.web.auth.passwords import LEAST_CHARACTERS
from roomtone_server.ports.web.auth.visit import _PRIVATE
from roomtone_server.ports.web.route import FAMILY_SCOPES, Scope
from roomtone_server.settings import HTTPS_PORT, WEB_PORT, ServerSettings
from roomtone_server.web_commands import SCOPES

TEXT = (Path(__file__).parents[2] / "docs" / "web.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", re.findall(r"^    web:\n(?:      .*\n)+", TEXT, re.MULTILINE))
def test_its_settings_load(block, tmp_path):
    (tmp_path / "server.yaml").write_text(block.replace("\n    ", "\n").removeprefix("    "))
    assert load(ServerSettings, tmp_path / "server.yaml").web.names == ("voice.example.org",)


@pytest.mark.parametrize("block", re.findall(r"^    (?:http|scrape_configs):\n(?:      .*\n)+", TEXT, re.MULTILINE))
def test_what_it_says_to_others_is_yaml(block):
    assert yaml.safe_load(block)


def test_its_commands_exist():
    for command in re.findall(r"roomtone (web(?: [a-z]+)*)", TEXT):
        done = CliRunner().invoke(cli.roomtone, [*command.split(), "--help"])
        assert done.exit_code == 0, command


def test_its_scopes_are_all_there_are():
    assert re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE) == list(SCOPES) == list(get_args(Scope))
    assert {"read", "speak", "control"} == FAMILY_SCOPES


def test_its_figures_are_the_codes():
    assert (VALID_S, LEAST_CHARACTERS, EACH_ADDRESS.burst, 60 / EACH_ADDRESS.refill_s) == (3600, 8, 5, 2)
    assert {kind: each / DAY_S for kind, each in IDLE_S.items()} == {"owner": 30, "family": 90}
    assert (LIFE_S["owner"] / DAY_S, LIFE_S["family"] / DAY_S) == (180, 400)
    assert (VALID_FOR.days, RENEWED_BEFORE.days) == (800, 30)
    assert {str(WEB_PORT), str(HTTPS_PORT)} <= set(re.findall(r"\b87\d\d\b", TEXT))
    assert set(_PRIVATE) - {".localhost"} <= set(re.findall(r"`(\.[a-z.]+)`", TEXT))
