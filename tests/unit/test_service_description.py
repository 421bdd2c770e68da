"""What is told of the services."""

import json

import pytest
from wyoming.info import Info

from roomtone.link.codec import encode
from roomtone_server.ports.services.description import (
    FILE_NAME,
    MAX_VOICES,
    KeptDescription,
    Offer,
    OfferedVoice,
    at_start,
    described,
)
from roomtone_server.ports.services.port import LIMITS
from roomtone_server.settings import HomeAssistantSettings, ServerSettings

SETTINGS = ServerSettings(name="attic", language="de")
OFFER = Offer(
    "attic", ["de"], ["de"], ["whisper"], [OfferedVoice("thorsten", ["de"], "Thorsten", ["a"])], ["okay_nabu"]
)


def test_everything_is_offered_by_the_servers_name():
    info = Info.from_event(described(OFFER, endpointing=True))
    for programs in (info.asr, info.tts, info.wake, info.handle, info.intent):
        (program,) = programs
        assert (program.name, program.installed) == ("attic", True)
    assert info.satellite is None, "Home Assistant would look at nothing else"
    assert not info.asr[0].requires_external_vad
    assert info.asr[0].models[0].languages == ["de"]
    assert info.tts[0].supports_synthesize_streaming
    assert [speaker.name for speaker in info.tts[0].voices[0].speakers] == ["a"]
    assert info.wake[0].models[0].phrase == "okay nabu"
    assert info.handle[0].supports_home_control


def test_without_endpointing_somebody_else_has_to_end_utterances():
    assert Info.from_event(described(OFFER, endpointing=False)).asr[0].requires_external_vad


def test_without_an_engine_no_wake_words_are_offered():
    assert Info.from_event(described(Offer("attic", ["en"], wake_words=None), endpointing=True)).wake == []


def test_as_many_voices_as_are_told_fit_into_an_event():
    voices = [OfferedVoice(f"voice-number-{number}", ["en-gb"], "A voice" * 10) for number in range(2 * MAX_VOICES)]
    event = described(Offer("attic", ["en"], voices=voices), endpointing=True)
    assert len(Info.from_event(event).tts[0].voices) == MAX_VOICES
    assert encode(event, LIMITS)


def test_the_settings_alone_tell_the_languages():
    info = Info.from_event(at_start(SETTINGS))
    assert info.asr[0].models[0].languages == info.tts[0].voices[0].languages == ["de"]
    languages = Info.from_event(at_start(ServerSettings(language="auto"))).handle[0].models[0].languages
    assert languages[0] == "en"
    assert {"de", "hi"} < set(languages)


def test_a_host_is_no_name_to_choose_a_voice_by():
    assert Info.from_event(at_start(ServerSettings())).tts[0].name == "Roomtone"


def test_that_of_the_last_start_is_kept(tmp_path):
    description = described(OFFER, endpointing=True)
    KeptDescription(tmp_path, SETTINGS).keep(description)
    assert KeptDescription(tmp_path, SETTINGS).load() == description


@pytest.mark.parametrize(
    "changed",
    [
        {"language": "en"},
        {"name": "cellar"},
        {"home_assistant": HomeAssistantSettings(endpointing=False)},
    ],
)
def test_with_other_settings_it_is_of_no_use(tmp_path, changed):
    KeptDescription(tmp_path, SETTINGS).keep(described(OFFER, endpointing=True))
    assert KeptDescription(tmp_path, SETTINGS.model_copy(update=changed)).load() is None


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b"{}", b'{"key": 1}', b"null"])
def test_what_is_none_is_not_used(tmp_path, content):
    (tmp_path / FILE_NAME).write_bytes(content)
    assert KeptDescription(tmp_path, SETTINGS).load() is None


def test_a_description_that_is_none_is_not_used(tmp_path):
    kept = KeptDescription(tmp_path, SETTINGS)
    kept.keep(described(OFFER, endpointing=True))
    written = json.loads((tmp_path / FILE_NAME).read_text())
    (tmp_path / FILE_NAME).write_text(json.dumps({**written, "info": 3}))
    assert kept.load() is None


def test_a_folder_that_cannot_be_written_costs_nothing_else(tmp_path, caplog):
    KeptDescription(tmp_path / "none", SETTINGS).keep(described(OFFER, endpointing=True))
    assert "cannot be kept" in caplog.text
