"""The languages of a house: by its settings, by what its recogniser hears, and in the documents."""

from pathlib import Path

import pytest
from support.entry_points import declare_project

from roomtone import engines
from roomtone.errors import EngineMissing
from roomtone.paths import cache_dir
from roomtone.settings import EngineChoice
from roomtone_server.engines.tts.piper_files import FOLDER
from roomtone_server.equipment import choose_ears, choose_engines, choose_voices, language_fault
from roomtone_server.languages.language import languages
from roomtone_server.settings import ServerSettings

DOCUMENT = (Path(__file__).parents[2] / "docs" / "languages.md").read_text("utf-8")


@pytest.fixture(autouse=True)
def _engines(monkeypatch):
    declare_project(monkeypatch, engines)


def test_a_house_has_one_language_or_takes_each_turn_in_its_own():
    german, any_language = ServerSettings(language="de"), ServerSettings(language="auto")
    assert (german.first_language, german.detects_language) == ("de", False)
    assert (any_language.first_language, any_language.detects_language) == ("en", True)


def test_without_a_recogniser_of_its_language_a_server_says_what_to_install():
    with pytest.raises(EngineMissing, match="roomtone models pull --for hi"):
        choose_engines(ServerSettings(language="hi"))


def test_what_hears_one_language_alone_is_told_where_each_is_to_be_heard():
    settings = ServerSettings(language="auto", tts=(EngineChoice("espeak"),))
    chosen = choose_engines(settings)
    assert (chosen.stt.name, chosen.heard) == ("pocketsphinx", "auto")
    assert "pocketsphinx hears 'en' only" in language_fault(settings, chosen.stt)
    assert language_fault(ServerSettings(), chosen.stt) is None


def test_what_a_voice_of_one_language_cannot_say_espeak_says():
    folder = cache_dir() / FOLDER
    folder.mkdir(parents=True)
    (folder / "en_US-test-low.onnx").touch()
    (folder / "en_US-test-low.onnx.json").touch()
    assert choose_voices(ServerSettings()).name == "piper"
    assert choose_voices(ServerSettings(language="auto")).name == "piper, espeak"
    assert choose_voices(ServerSettings(language="auto", tts=(EngineChoice("piper"),))).name == "piper"


def test_one_of_several_recognisers_that_hears_more_is_enough():
    choices = (EngineChoice("wyoming", {"uri": "tcp://127.0.0.1:1"}), EngineChoice("pocketsphinx"))
    settings = ServerSettings(language="auto", stt=choices)
    assert language_fault(settings, choose_ears(settings)) is None


def test_the_document_lists_every_language_as_its_file_has_it():
    rows = [line for line in DOCUMENT.splitlines() if "| `" in line and line.startswith("| ")]
    known = list(languages())
    assert len(rows) == len(known)
    for row, language in zip(rows, known, strict=True):
        _, name, code, commands, words, espeak, piper, _ = [cell.strip() for cell in row.split("|")]
        assert name == f"{language.english_name} ({language.name})"
        assert code == f"`{language.code}`"
        assert commands == ("full" if language.full else "packaged")
        assert words == ("its own" if language.numbers.words else "Unicode")
        assert espeak == f"`{language.espeak}`"
        assert piper == (", ".join(f"`{voice}`" for voice in language.piper) or "none")
