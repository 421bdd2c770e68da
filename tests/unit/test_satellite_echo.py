"""What the satellite keeps of its echo, and the command that finds it out."""

import asyncio
import logging

import pytest
from click.testing import CliRunner
from support import virtual_time

from roomtone.cli import roomtone
from roomtone.ears.echo.follower import Alignment
from roomtone.engines import EngineChoice
from roomtone.errors import EngineMissing
from roomtone_satellite import checks, echo
from roomtone_satellite.echo_trial import EchoTrial

FOUND = Alignment(delay_samples=1_280.5, drift=-1.5e-4)


def test_what_was_found_is_kept():
    assert echo.load_alignment() is None
    echo.keep_alignment(FOUND)
    assert echo.load_alignment() == FOUND


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"delay_samples": 1e9}', b'{"drift": "fast"}', b"\xff"])
def test_a_file_that_is_broken_is_told_and_done_without(content, caplog):
    echo.keep_alignment(FOUND)
    echo.alignment_path().write_bytes(content)
    assert echo.load_alignment() is None
    assert "cannot be read: the delay of the echo is found out anew" in caplog.text


def test_a_file_that_cannot_be_written_is_told(caplog, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("ROOMTONE_STATE", str(tmp_path / "file"))
    echo.keep_alignment(FOUND)
    assert "cannot be kept" in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_where_nothing_is_cancelled_there_is_no_path():
    with echo.echo_path(EngineChoice("none")) as path:
        assert path is None
    with pytest.raises(EngineMissing, match="no echo engine named 'magic'"), echo.echo_path(EngineChoice("magic")):
        pass


def test_what_was_learnt_before_is_where_the_next_run_begins():
    echo.keep_alignment(FOUND)
    with echo.echo_path(EngineChoice()) as path:
        if path is None:
            pytest.skip("no engine cancels anything here")
        assert path.alignment == FOUND
        assert not path.found


def test_the_doctor_says_whether_the_delay_is_known():
    def finding():
        return next(one for check in checks.CHECKS for one in check() if one.subject == "echo")

    assert (finding().state, finding().remedy) == ("note", "roomtone satellite echo (seven seconds, aloud)")
    echo.keep_alignment(FOUND)
    assert (finding().state, finding().text) == ("works", "comes 80 ms after its sound")


def test_the_command_plays_and_listens_and_fails_where_there_is_no_echo(monkeypatch, tmp_path):
    monkeypatch.setattr(asyncio, "run", virtual_time.run)
    settings = tmp_path / "satellite.yaml"
    settings.write_text('{"microphone": "null", "speaker": "null"}')
    result = CliRunner().invoke(roomtone, ["satellite", "--config", str(settings), "echo"])
    assert result.exit_code == 1
    assert "No echo was heard: -100 dBFS while it played, -100 before." in result.output
    assert not echo.alignment_path().exists()


def test_the_report_is_in_words():
    assert EchoTrial(FOUND, -60.0, -20.4, -45.6).report().splitlines() == [
        "The echo comes 80.0 ms after its sound; the two clocks differ by -150 ppm.",
        "It is -20 dBFS loud, in a room of -60; 25 dB of it are cancelled.",
    ]
