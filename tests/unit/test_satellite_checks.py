"""What the doctor says of a satellite."""

import pytest

from roomtone.errors import DeviceError
from roomtone.link.pairing import Credentials
from roomtone_satellite import checks
from roomtone_satellite.connection import credentials_path
from roomtone_satellite.devices import choose, pyaudio
from roomtone_satellite.devices.command import ARECORD, CommandMicrophoneSettings, CommandSpeakerSettings
from roomtone_satellite.devices.pyaudio import PyAudioMicrophoneSettings


def found() -> dict[str, tuple[str, str]]:
    return {one.subject: (one.state, one.text) for check in checks.CHECKS for one in check()}


@pytest.fixture
def one_microphone(monkeypatch):
    def no_speaker():
        raise DeviceError("nothing sounds here")

    monkeypatch.setattr(choose, "auto_microphone", lambda: PyAudioMicrophoneSettings(device="pyaudio"))
    monkeypatch.setattr(pyaudio, "cards", {"input": ["USB", "HDMI"]}.get)
    monkeypatch.setattr(choose, "auto_speaker", no_speaker)


@pytest.mark.usefixtures("one_microphone")
def test_an_unpaired_satellite_is_no_fault():
    report = found()
    assert report["microphone"] == ("works", "auto picks pyaudio: USB (there are also: HDMI)")
    assert report["speaker"] == ("note", "none was found")
    assert report["pairing"][0] == "note"
    assert "server" not in report


def test_without_a_sound_card_the_program_is_named_that_stands_in(monkeypatch):
    monkeypatch.setattr(choose, "auto_microphone", lambda: CommandMicrophoneSettings(device="command"))
    monkeypatch.setattr(choose, "auto_speaker", lambda: CommandSpeakerSettings(device="command", command="play -"))
    report = found()
    assert report["microphone"] == ("works", f"auto picks command: {ARECORD}")
    assert report["speaker"] == ("works", "auto picks command: play -")


@pytest.mark.usefixtures("one_microphone")
def test_a_server_that_is_not_heard_is_named_with_the_place_it_was_last_seen_at(monkeypatch):
    monkeypatch.setattr("roomtone_satellite.connection.FIND_S", 0.01)
    Credentials("id", "token", "ab" * 32, "attic", "127.0.0.1", 4711).save(credentials_path())
    report = found()
    assert report["pairing"] == ("works", "paired with attic")
    assert report["server"][0] == "degraded"
    assert "127.0.0.1, port 4711" in report["server"][1]


@pytest.mark.usefixtures("one_microphone")
def test_a_broken_pairing_says_so():
    credentials_path().parent.mkdir(parents=True)
    credentials_path().write_text("{")
    assert found()["pairing"][0] == "broken"
