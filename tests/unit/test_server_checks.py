"""What the doctor says of a server's names; nothing runs."""

import asyncio
import json
from socket import create_server

import pytest
from support.entry_points import declare_project
from support.llm_servers import OllamaServer

from roomtone import engines
from roomtone.doctor import Finding
from roomtone.paths import cache_dir, models_dir
from roomtone_server import checks
from roomtone_server.ports.control import ControlPort, control_path
from roomtone_server.settings import CONFIG_VARIABLE

HOME = """
areas: [{name: Kitchen}]
entities:
  - {id: light.lamp, name: Lamp, area: Kitchen, state: "off"}
  - {id: light.moon, name: 月, area: Kitchen, state: "off"}
  - {id: light.sun, name: 日, area: Kitchen, state: "off", aliases: [sun]}
"""


@pytest.fixture
def settings(tmp_path, monkeypatch):
    home, server = tmp_path / "home.yaml", tmp_path / "server.yaml"
    home.write_text(HOME)
    server.write_text(f"home: {{engine: virtual, file: {home}}}\n")
    monkeypatch.setenv(CONFIG_VARIABLE, str(server))


def names(findings):
    return next(finding for finding in findings if finding.subject == "names")


@pytest.mark.usefixtures("settings")
def test_names_that_nobody_can_pronounce_are_listed_with_a_remedy():
    finding = names(checks.CHECKS[0]())
    assert finding.state == "degraded"
    assert finding.text == "2 cannot be heard: 月, 日"
    assert "alias" in finding.remedy


@pytest.mark.usefixtures("settings")
def test_a_recogniser_of_a_chain_that_cannot_start_is_told(monkeypatch, tmp_path):
    declare_project(monkeypatch, engines, {"roomtone.stt": {"mute": "support.chain_engines:MUTE"}})
    with (tmp_path / "server.yaml").open("a") as file:
        file.write("stt: [mute, pocketsphinx]\n")
    findings = {finding.subject: finding for finding in checks.CHECKS[0]()}
    assert findings["recogniser"].state == "works"
    assert findings["stt engine mute"].state == "degraded"
    assert findings["stt engine mute"].text.endswith("the stt engine 'mute' cannot work here: pip install a mouth")


def findings_of(settings, tmp_path, monkeypatch):
    """Those of a server that does not run, by subject."""
    (tmp_path / "server.yaml").write_text(settings)
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "server.yaml"))
    return {finding.subject: finding for finding in checks.CHECKS[0]()}


def test_the_ports_are_those_of_the_settings(tmp_path, monkeypatch):
    with create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        settings = f"listen: {{port: {port}}}\nweb: {{enabled: false}}\nhome_assistant: {{port: 0}}\n"
        findings = findings_of(settings, tmp_path, monkeypatch)
    assert [subject for subject in findings if subject.startswith("port ")] == [f"port {port}"]
    assert (findings[f"port {port}"].state, findings[f"port {port}"].text) == (
        "broken",
        "for satellites: Address already in use",
    )


def test_settings_that_are_wrong_are_told_once(tmp_path, monkeypatch):
    findings = findings_of("lissen: {port: 1}\n", tmp_path, monkeypatch)
    assert list(findings) == ["settings", "server"]
    assert [list(check()) for check in checks.CHECKS[1:]] == [[], [], []]
    assert findings["settings"].state == "broken"
    assert "did you mean listen?" in findings["settings"].text


@pytest.mark.usefixtures("settings")
def test_without_a_language_model_it_says_what_is_understood_and_what_to_write():
    finding = next(finding for finding in checks.CHECKS[0]() if finding.subject == "language model")
    assert (finding.state, finding.text) == ("note", "the settings name none: commands alone are understood")
    assert "llm: {engine: ollama}" in finding.remedy


def test_a_voice_and_a_model_that_the_settings_name_are_tried(tmp_path, monkeypatch):
    settings = {
        "tts": [{"engine": "elevenlabs", "api_key_env": "NOBODY_HAS_SET_THIS"}, "espeak"],
        "llm": {"engine": "openai", "base_url": "http://127.0.0.1:9/v1"},
    }
    findings = findings_of(json.dumps(settings), tmp_path, monkeypatch)
    assert findings["voice"] == Finding("voice", "works", "espeak: started")
    assert "NOBODY_HAS_SET_THIS" in findings["tts engine elevenlabs"].text
    assert findings["language model"].state == "degraded"
    assert "http://127.0.0.1:9/v1 cannot be reached" in findings["language model"].text


async def test_what_ollama_has_is_told_and_what_it_lacks_has_a_remedy(tmp_path, monkeypatch):
    async with OllamaServer().serving() as server:
        settings = json.dumps({"llm": {"engine": "ollama", "host": server.url, "model": "qwen3:4b"}})
        findings = await asyncio.to_thread(findings_of, settings, tmp_path, monkeypatch)
    assert findings["language model"] == Finding("language model", "works", "its server answers, and has: large, tiny")
    assert findings["ollama/qwen3:4b"].remedy == "roomtone models pull ollama/qwen3:4b"


def test_a_home_that_cannot_be_reached_is_broken_and_says_why(tmp_path, monkeypatch):
    settings = {"engine": "home-assistant", "url": "http://127.0.0.1:9", "token": "abc"}
    (tmp_path / "server.yaml").write_text(f"home: {json.dumps(settings)}\n")
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "server.yaml"))
    findings = {finding.subject: finding for finding in checks.CHECKS[2]()}
    assert findings["home"].state == "broken"
    assert findings["home"].text == "Home Assistant at 127.0.0.1:9 cannot be reached (Connection refused): does it run?"


async def test_a_running_server_is_asked_for_them():
    async def status(_arguments):
        yield {
            "status": "ok",
            "engines": {},
            "satellites": [],
            "chains": {},
            "unheard_names": [f"Name {n}" for n in range(30)],
        }

    async with ControlPort(control_path(), {"status": status}):
        findings = await asyncio.to_thread(lambda: list(checks.CHECKS[0]()))
    assert findings[0] == Finding("server", "works", "ok; ; connected: no satellite")
    assert names(findings).text.startswith("30 cannot be heard: Name 0, Name 1,")
    assert names(findings).text.endswith("Name 19, ...")


def test_installed_models_are_listed():
    none = list(checks.CHECKS[3]())
    assert [finding.text for finding in none] == ["none installed", "none installed"]
    assert [finding.fix.split("/")[0] for finding in none] == ["pull:whisper", "pull:piper"]
    for kind, name in (("whisper", "base"), ("piper", "de_DE-thorsten-medium"), ("piper", "en_GB-alba-medium")):
        (models_dir(cache_dir(), kind) / name).mkdir(parents=True)
    assert list(checks.CHECKS[3]()) == [
        Finding("whisper models", "note", "installed: base"),
        Finding("piper voices", "note", "installed: de_DE-thorsten-medium, en_GB-alba-medium"),
    ]


def test_a_settings_file_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setenv(CONFIG_VARIABLE, "/no/such/server.yaml")
    assert any("/no/such/server.yaml" in finding.text for finding in checks.CHECKS[0]())
