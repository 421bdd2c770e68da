"""The server's settings: the example is complete and true; what is wrong is said with its line."""

import importlib.resources
import re
from datetime import time
from pathlib import Path

import pytest
import yaml

from roomtone.engines import choose
from roomtone.errors import SettingsError
from roomtone.settings import load, render
from roomtone_server.settings import ServerSettings

ROOT = Path(__file__).parents[2]
EXAMPLE = importlib.resources.files("roomtone_server") / "server.yaml"


def test_the_example_says_the_defaults():
    with importlib.resources.as_file(EXAMPLE) as path:
        assert load(ServerSettings, path) == ServerSettings()


def test_the_example_names_every_key():
    written = yaml.safe_load(re.sub(r"^# name: attic$", "name: attic", EXAMPLE.read_text(), flags=re.MULTILINE))
    effective = yaml.safe_load(render(ServerSettings()))
    assert keys(written) == keys(effective)


def keys(value: object) -> object:
    return {key: keys(inner) for key, inner in value.items()} if isinstance(value, dict) else None


@pytest.mark.parametrize(
    "written",
    ["", "home: {engine: virtual, file: h.yaml, confirm: [alarm]}\ntts: {engine: espeak}", "tts: [espeak, auto]"],
)
def test_what_is_printed_is_a_settings_file_that_says_the_same(tmp_path, written):
    path, printed = tmp_path / "server.yaml", tmp_path / "printed.yaml"
    path.write_text(written)
    settings = load(ServerSettings, path)
    printed.write_text(render(settings))
    again = load(ServerSettings, printed)
    assert render(again) == render(settings)
    assert again.model_copy(update={"home": settings.home, "tts": settings.tts}) == settings
    assert choose("home", again.home).settings == choose("home", settings.home).settings


def test_the_copy_for_people_is_the_one_in_the_package():
    assert (ROOT / "config" / "server.yaml").read_text() == EXAMPLE.read_text()


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("lisen:\n  port: 1", "server.yaml:1: lisen: found an unknown key.*did you mean listen"),
        ("name: attic\nlisten:\n  port: 99999", "server.yaml:3: listen.port: found 99999, allowed: .*65535"),
        ("home:\n  engine: virtual\n  fiel: x", "server.yaml:3: home.fiel: found an unknown key.*did you mean file"),
        ("home: {engine: virtual, confirm: [dance]}", 'server.yaml:1: home.confirm.*found "dance", allowed: .*unlock'),
        ("tts: nobody", "server.yaml:1: tts: .*nobody.*espeak"),
        ("name: ${NOT_SET}", "server.yaml:1: name: .*NOT_SET"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, written, complaint):
    path = tmp_path / "server.yaml"
    path.write_text(written)
    with pytest.raises(SettingsError, match=complaint):
        load(ServerSettings, path)


@pytest.mark.parametrize("written", ['from: "22:00", to: "07:00", volume: 40 %', "from: 22:00, to: 07:00"])
def test_the_voice_is_lowered_in_quiet_hours(tmp_path, written):
    path = tmp_path / "server.yaml"
    path.write_text(f"agent:\n  quiet_hours: {{{written}}}")
    settings = load(ServerSettings, path)
    quiet = settings.agent.quiet_hours
    gains = [quiet.gain(time(hour, minute)) for hour, minute in ((21, 59), (22, 0), (6, 59), (7, 0))]
    assert gains == [1.0, 0.4, 0.4, 1.0]
    path.write_text(render(settings))
    assert load(ServerSettings, path) == settings


def test_quiet_hours_within_a_day_and_what_is_none(tmp_path):
    path = tmp_path / "server.yaml"
    path.write_text("agent: {quiet_hours: {from: 13:00, to: 14:30, volume: 0}}")
    quiet = load(ServerSettings, path).agent.quiet_hours
    assert [quiet.gain(time(hour)) for hour in (12, 13, 14, 15)] == [1.0, 0.0, 0.0, 1.0]
    path.write_text("agent:\n  quiet_hours: {from: night, to: 7:00}")
    with pytest.raises(SettingsError, match=r"server.yaml:2: agent.quiet_hours.from: found \"night\": .*\"22:00\""):
        load(ServerSettings, path)
