"""`roomtone satellite setup`, `microphones` and `try-wake` as their user runs them; the microphone is a recording."""

import json

import pytest
import yaml
from support.command_line import ROOMTONE, refuses, roomtone
from support.terminal import at_a_terminal


@pytest.fixture
def config(tmp_path, recordings):
    """Settings whose microphone hears a wake word again and again."""
    file = tmp_path / "satellite.yaml"
    word = str(recordings / "wake" / "okay_nabu_2.wav")
    file.write_text(json.dumps({"microphone": {"device": "wav", "file": word, "then": "repeat"}, "speaker": "null"}))
    return file


async def test_a_wake_word_is_tried(config):
    status, out, err = await roomtone("satellite", "--config", config, "try-wake", "--seconds", "10")
    assert status == 0, err
    assert 'Heard: "okay nabu", ' in out
    assert '"hey mycroft" or "okay nabu"' in err


async def test_no_wake_word_is_heard_in_silence(tmp_path):
    file = tmp_path / "satellite.yaml"
    file.write_text("microphone: 'null'")
    status, out, _ = await roomtone("satellite", "--config", file, "try-wake", "--seconds", "1")
    assert (status, out) == (1, "No wake word was heard.\n")


async def test_how_well_a_microphone_hears(config, tmp_path):
    status, out, _ = await roomtone("satellite", "--config", config, "microphones", "--seconds", "2")
    assert status == 0, out
    assert out.splitlines()[0].startswith("as now: the file ")
    assert out.endswith(": good.\n")
    silent = tmp_path / "silent.yaml"
    silent.write_text("microphone: 'null'")
    status, out, _ = await roomtone("satellite", "--config", silent, "microphones", "--seconds", "1")
    assert status == 1
    assert "it hears nothing" in out


async def test_it_asks_and_writes_what_was_answered(config):
    async with at_a_terminal(ROOMTONE, "satellite", "setup", config) as terminal:
        await terminal.asks("What do people call this satellite?")
        terminal.answer("den")
        await terminal.asks("In which area")
        terminal.answer("Den")
        await terminal.asks("Which microphone?\n  1) as now: the file ")
        await terminal.asks("Number [1]: ")
        terminal.answer()
        await terminal.asks("#")
        await terminal.asks(": good.")
        await terminal.asks("Take this one? [Y/n]")
        terminal.answer()
        await terminal.asks("Which wake word?")
        await terminal.asks("5) only okay_nabu")
        terminal.answer("5")
        await terminal.asks('Say "okay nabu", from')
        await terminal.asks('Heard: "okay nabu"')
        await terminal.asks("Keep it? [Y/n]")
        terminal.answer()
        await terminal.asks("Who drives it?\n  1) a Roomtone server")
        terminal.answer("2")
        await terminal.asks("The address of Home Assistant")
        terminal.answer("192.168.1.10")
        assert await terminal.ends() == 0, terminal.said
    written = yaml.safe_load(config.read_text())
    assert (written["name"], written["area"]) == ("den", "Den")
    assert written["wake"] == {"engine": "microwakeword", "words": ["okay_nabu"]}
    assert written["microphone"]["then"] == "repeat"
    assert (written["mode"], written["home_assistant"]) == ("home-assistant", {"allow": ["192.168.1.10"]})


async def test_unattended_it_asks_nothing(tmp_path):
    file = tmp_path / "satellite.yaml"
    options = ("--name", "den", "--microphone", "USB", "--wake-word", "alexa", "--mode", "server")
    status, _, err = await roomtone("satellite", "setup", file, "--unattended", *options)
    assert status == 0, err
    assert yaml.safe_load(file.read_text()) == {
        "name": "den",
        "microphone": {"device": "pyaudio", "name": "USB"},
        "mode": "server",
        "wake": {"engine": "microwakeword", "words": ["alexa"]},
    }


async def test_an_answer_that_cannot_be(tmp_path):
    file = tmp_path / "satellite.yaml"
    await refuses(
        *("satellite", "setup", str(file), "--unattended", "--wake-word", "abracadabra"),
        folder=tmp_path,
        words="wake.words",
    )
    assert not file.exists()
