"""The satellite's settings and its two examples."""

from pathlib import Path

import pytest
import yaml

from roomtone.errors import SettingsError
from roomtone.settings import load
from roomtone_satellite.devices.wav import WavMicrophoneSettings
from roomtone_satellite.settings import EXAMPLE, SatelliteSettings

ROOT = Path(__file__).parents[2]


def test_the_example_says_what_is_the_default_anyway():
    assert load(SatelliteSettings, EXAMPLE) == load(SatelliteSettings, None)


def test_the_example_shows_every_key():
    def keys(model, shown):
        for name, field in model.model_fields.items():
            if name == "name":
                assert "# name:" in EXAMPLE.read_text()
                continue
            assert name in shown
            if isinstance(shown[name], dict) and hasattr(field.annotation, "model_fields"):
                keys(field.annotation, shown[name])

    keys(SatelliteSettings, yaml.safe_load(EXAMPLE.read_text()))


def test_both_examples_are_the_same():
    assert (ROOT / "config" / "satellite.yaml").read_bytes() == EXAMPLE.read_bytes()


def written(tmp_path, text: str) -> SatelliteSettings:
    path = tmp_path / "satellite.yaml"
    path.write_text(text)
    return load(SatelliteSettings, path)


@pytest.mark.parametrize("value", ["null", "'null'", "{device: 'null'}"])
def test_a_device_may_be_named_alone(tmp_path, value):
    assert written(tmp_path, f"microphone: {value}").microphone.device == "null"


def test_a_device_has_its_own_options(tmp_path):
    settings = written(tmp_path, "microphone:\n  device: wav\n  file: a.wav\n  then: repeat\n")
    assert settings.microphone == WavMicrophoneSettings(device="wav", file=Path("a.wav"), then="repeat")


def test_the_preroll_is_whole_frames(tmp_path):
    assert written(tmp_path, "preroll_ms: 515").for_machine().preroll_samples == 8_000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("microphone:\n  device: wav\n  fiel: a.wav\n", r"satellite.yaml:3: microphone.fiel: .*did you mean file"),
        ("speaker: loud\n", r"satellite.yaml:1: speaker.*auto, command, null, pyaudio, wav"),
        ('\nevents:\n  wake: "say \'hello"\n', r"satellite.yaml:3: events.wake: .*quotation"),
        ("events:\n  wake: ''\n", r"satellite.yaml:2: events.wake: .*empty"),
        ("name: ''\n", r"satellite.yaml:1: name"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(tmp_path, text, says):
    with pytest.raises(SettingsError, match=says):
        written(tmp_path, text)


def test_who_may_drive_it_is_an_address_or_a_network(tmp_path):
    file = tmp_path / "satellite.yaml"
    file.write_text(
        "mode: home-assistant\nhome_assistant:\n  allow: [192.168.1.10, fd00::/8]\n  wake: home-assistant\n"
    )
    settings = load(SatelliteSettings, file)
    assert settings.home_assistant.allow == ("192.168.1.10", "fd00::/8")
    assert settings.for_home_assistant().remote_wake
    file.write_text("mode: alone\nhome_assistant:\n  allow: [kitchen]\n")
    with pytest.raises(SettingsError) as refused:
        load(SatelliteSettings, file)
    mode, allow = str(refused.value).splitlines()
    assert mode.endswith('satellite.yaml:1: mode: found "alone", allowed: one of server, home-assistant')
    assert "satellite.yaml:3: home_assistant.allow" in allow
    assert '"kitchen"' in allow
