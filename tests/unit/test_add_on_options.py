"""The add-on's options: they become settings that the server takes, and a wrong one is told by its name."""

import json
import re
import stat
from typing import get_args

import pytest
from click.testing import CliRunner

from roomtone import cli
from roomtone.settings import load
from roomtone_server.add_on.options import AddOnOptions, Language, Whisper, settings_of, written
from roomtone_server.languages.language import languages
from roomtone_server.models import manifest
from roomtone_server.settings import ServerSettings


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """The server's settings for some options, by way of both files."""
    monkeypatch.setenv("SUPERVISOR_TOKEN", "a" * 64)

    def by(**options):
        path = tmp_path / "server.yaml"
        path.write_text(written(settings_of(AddOnOptions(**options))))
        return load(ServerSettings, path)

    return by


def test_without_any_the_home_is_home_assistants_and_nothing_is_fetched(settings):
    found = settings()
    assert found.name == "Roomtone"
    assert (found.home.engine, found.home.options["fallback"]) == ("home-assistant", "home-assistant")
    assert found.home_assistant.allow == ("172.30.32.1",)
    assert [choice.engine for choice in found.tts] == ["espeak"]
    assert found.llm == ()
    assert found.models.download == "never"


@pytest.mark.parametrize(
    ("options", "stt"),
    [
        ({}, "auto"),
        ({"whisper_model": "base"}, "cascade"),
        ({"whisper_model": "base", "language": "auto"}, "cascade"),
        ({"whisper_model": "base", "language": "hi"}, "faster-whisper"),
    ],
)
def test_a_whisper_model_hears_what_is_no_command(settings, options, stt):
    found = settings(**options)
    assert [choice.engine for choice in found.stt] == [stt]
    assert found.models.download == ("auto" if options else "never")


def test_a_neural_voice_has_another_behind_it(settings):
    found = settings(voice="piper")
    assert [choice.engine for choice in found.tts] == ["piper", "espeak"]
    assert found.models.download == "auto"


@pytest.mark.parametrize(
    ("options", "model"),
    [
        ({"llm": "ollama", "llm_url": "http://nas:11434"}, {"host": "http://nas:11434"}),
        (
            {"llm": "openai", "llm_url": "http://nas/v1", "llm_model": "m", "llm_api_key": "k"},
            {"base_url": "http://nas/v1", "model": "m", "api_key": "k"},
        ),
    ],
)
def test_a_language_model(settings, options, model):
    (found,) = settings(**options).llm
    assert (found.engine, found.options) == (options["llm"], model)


def test_what_an_option_says_is_taken_literally(settings):
    assert settings(name='"a": ${HOME} #').name == '"a": ${HOME} #'


def test_further_settings_stand_for_those_of_the_options(settings):
    found = settings(follow_up="never", settings="{follow_up_s: 8, follow_up: always, home: virtual}")
    assert (found.follow_up_s, found.follow_up, found.home.engine) == (8, "always", "virtual")


def test_further_settings_leave_their_neighbours_as_they_are(settings):
    further = (
        "{home_assistant: {endpointing: false}, home: {fallback: llm}, llm: {engine: openai, base_url: 'http://x/v1'}}"
    )
    found = settings(llm="ollama", llm_url="http://nas:11434", allow=["10.0.0.1"], settings=further)
    assert found.home_assistant.allow == ("172.30.32.1", "10.0.0.1")
    assert not found.home_assistant.endpointing
    assert (found.home.engine, found.home.options["fallback"]) == ("home-assistant", "llm")
    assert found.llm[0].options == {"base_url": "http://x/v1"}


def test_fields_of_the_form_that_were_cleared(settings):
    assert settings(llm_url="", llm_model="", llm_api_key="", settings="") == settings()


WRONG = [
    ({"language": "xx"}, 'language: found "xx", allowed: one of auto, bn,'),
    ({"patience": 3}, "patience: found 3, allowed: one of aggressive,"),
    ({"name": ""}, 'name: found "", allowed:'),
    ({"store_transcripts": "maybe"}, "store_transcripts: found"),
    ({"allow": ["192.168.1.0/99"]}, "allow.0: found"),
    ({"llm": "ollama"}, "llm_url is needed"),
    ({"llm": "ollama", "llm_url": ""}, "llm_url is needed"),
    ({"llm_url": "nas:11434"}, 'llm_url: found "nas:11434", allowed:'),
    ({"settings": "[1]"}, "settings: found"),
    ({"settings": "{a"}, "settings: found .*broken YAML"),
    ({"voise": "piper"}, "voise: found an unknown key.*did you mean voice"),
]


@pytest.mark.parametrize(("options", "complaint"), WRONG)
def test_a_wrong_option_is_told_by_its_name_and_nothing_is_written(tmp_path, options, complaint):
    given, made = tmp_path / "options.json", tmp_path / "server.yaml"
    given.write_text(json.dumps(options))
    refused = CliRunner().invoke(cli.roomtone, ["add-on", str(given), str(made)])
    assert refused.exit_code == 2
    assert re.match(f"roomtone: {given}:1: .*{complaint}", refused.stderr)
    assert not made.exists()


def test_the_settings_are_their_owners_alone(tmp_path):
    given, made = tmp_path / "options.json", tmp_path / "server.yaml"
    given.write_text("{}")
    done = CliRunner().invoke(cli.roomtone, ["add-on", str(given), str(made)])
    assert done.exit_code == 0
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_every_language_can_be_chosen():
    assert set(get_args(Language)) == {"auto", *(language.code for language in languages())}


def test_every_whisper_model_can_be_chosen():
    known = {model.name for model in manifest.read().models if model.kind == "whisper"}
    assert set(get_args(Whisper)) == {"none", *known}
