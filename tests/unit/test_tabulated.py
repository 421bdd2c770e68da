"""Sentence templates that an earlier start has left."""

import logging
import os

import pytest

from roomtone_server.agent import tabulated, understanding
from roomtone_server.agent.intents import HANDLERS
from roomtone_server.agent.understanding import Understanding, parse_sentences

HANDLED = frozenset(HANDLERS)
TEXT = "turn on the lights"


@pytest.fixture
def start(tmp_path):
    """As a process that starts anew, with the cache of those before."""

    def started():
        parse_sentences.cache_clear()
        return Understanding(parse_sentences("en", HANDLED, tmp_path)).understand(TEXT, "Kitchen")

    yield started
    parse_sentences.cache_clear()


def kept_in(folder):
    [file] = (folder / "sentences").iterdir()
    return file


def never(*_):
    raise AssertionError("parsed once more")


def test_a_start_finds_what_the_one_before_has_tabulated(start, tmp_path, monkeypatch):
    first = start()
    assert first.intent == "HassTurnOn"
    assert kept_in(tmp_path).parent.stat().st_mode & 0o077 == 0
    monkeypatch.setattr(understanding, "_parsed", never)
    assert start() == first


def test_what_is_torn_is_made_again(start, tmp_path):
    first, file = start(), kept_in(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert start() == first
    assert kept_in(tmp_path).stat().st_size == len(whole)


def test_a_file_of_somebody_else_is_not_read(start, tmp_path, monkeypatch, caplog):
    start()
    with caplog.at_level(logging.WARNING):
        monkeypatch.setattr(os, "getuid", lambda: kept_in(tmp_path).stat().st_uid + 1)
        assert tabulated.read(kept_in(tmp_path)) is None
    assert "belongs to somebody else" in caplog.text


def test_other_intents_another_language_another_version_are_kept_apart(tmp_path, monkeypatch):
    files = {
        tabulated.file_of("en", HANDLED, tmp_path),
        tabulated.file_of("en", HANDLED - {"HassTurnOn"}, tmp_path),
        tabulated.file_of("de", HANDLED, tmp_path),
    }
    monkeypatch.setattr(tabulated, "version", lambda _: "another")
    files.add(tabulated.file_of("en", HANDLED, tmp_path))
    assert len(files) == 4


def test_who_cannot_keep_them_starts_all_the_same(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        tabulated.keep(tmp_path / "no such folder" / "x.pickle", "tabulated")
    assert "cannot be kept" in caplog.text


def test_no_more_than_some_are_kept(tmp_path):
    for number in range(tabulated.MAX_KEPT + 3):
        file = tmp_path / f"{number:02}.pickle"
        tabulated.keep(file, number)
        os.utime(file, (number, number))
    assert max(each.stem for each in tmp_path.iterdir()) == f"{tabulated.MAX_KEPT + 2:02}"
    assert len(list(tmp_path.iterdir())) == tabulated.MAX_KEPT
