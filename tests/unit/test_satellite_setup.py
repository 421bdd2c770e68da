"""What a satellite is asked when it is put in its room: levels, microphones by name, the file that answers make."""

import pytest
import yaml

from roomtone.errors import SettingsError
from roomtone_satellite.devices.pyaudio import PyAudioMicrophoneSettings
from roomtone_satellite.setup.draft import Draft
from roomtone_satellite.setup.levels import BAR_CHARACTERS, Hearing, bar, hearing
from roomtone_satellite.setup.microphones import lasting, named


def test_a_voice_is_among_the_loudest_and_the_room_among_the_faintest():
    levels = [-60.0] * 80 + [-30.0] * 19 + [-1.0]  # a click, too
    assert hearing(levels) == Hearing(voice_dbfs=-30, room_dbfs=-60)
    assert hearing([-40.0]) == Hearing(-40, -40)


@pytest.mark.parametrize(
    ("voice", "room", "trouble"),
    [
        (-30, -60, None),
        (-80, -90, "hears nothing"),
        (-50, -70, "faint"),
        (-2, -40, "too loud"),
        (-35, -38, "stands out"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_do(voice, room, trouble):
    heard = Hearing(voice, room)
    assert (heard.trouble is None) if trouble is None else (trouble in heard.trouble)
    assert f"{voice} dBFS" in str(heard)


def test_the_meter_is_as_wide_for_any_level():
    bars = [bar(level) for level in (-100, -80, -45, -20, 0, 3)]
    assert {len(each) for each in bars} == {BAR_CHARACTERS + 2}
    assert [each.count("#") for each in bars] == sorted(each.count("#") for each in bars)
    assert all(each.count("|") == 1 for each in bars)


def test_a_card_keeps_its_name_when_alsa_counts_anew():
    cards = ["USB PnP Sound Device: Audio (hw:1,0)", "HDMI (hw:0,3)", "HDMI (hw:0,7)", "pulse"]
    assert [lasting(card, cards) for card in cards] == [
        "USB PnP Sound Device: Audio",
        "HDMI (hw:0,3)",
        "HDMI (hw:0,7)",
        "pulse",
    ]


@pytest.mark.parametrize(("name", "wanted"), [("USB", "USB"), ("2", 2)])
def test_a_microphone_by_a_part_of_its_name_or_its_number(name, wanted):
    assert named(name) == PyAudioMicrophoneSettings(device="pyaudio", name=wanted)


def test_answers_change_what_they_are_about_and_nothing_else(tmp_path, monkeypatch):
    monkeypatch.setenv("SERVER", "roomtone.lan")
    file = tmp_path / "satellite.yaml"
    file.write_text("name: den\nserver: {host: '${SERVER}'}\n")
    draft = Draft.of(file)
    assert draft.settings.server.host == "roomtone.lan"
    draft.put("area", "Den")
    draft.put_microphone(named("auto"))
    draft.put_wake_word("hey_jarvis")
    settings = draft.save()
    assert (settings.area, settings.wake.options["words"]) == ("Den", ["hey_jarvis"])
    assert yaml.safe_load(file.read_text()) == {
        "name": "den",
        "server": {"host": "${SERVER}"},
        "area": "Den",
        "microphone": {"device": "auto"},
        "wake": {"engine": "microwakeword", "words": ["hey_jarvis"]},
    }


def test_nothing_answered_leaves_the_file_as_it_is(tmp_path):
    file = tmp_path / "satellite.yaml"
    file.write_text("# mine\nname: den\n")
    draft = Draft.of(file)
    draft.put("name", "den")
    draft.save()
    assert file.read_text() == "# mine\nname: den\n"


def test_a_file_without_answers_is_a_file_of_defaults(tmp_path):
    file = tmp_path / "satellite.yaml"
    Draft.of(file).save()
    assert yaml.safe_load(file.read_text()) is None


def test_an_answer_that_cannot_be_changes_nothing(tmp_path):
    file = tmp_path / "satellite.yaml"
    file.write_text("name: den\n")
    draft = Draft.of(file)
    draft.put_wake_word("abracadabra")
    with pytest.raises(SettingsError):
        draft.save()
    assert file.read_text() == "name: den\n"
    assert list(tmp_path.iterdir()) == [file]
