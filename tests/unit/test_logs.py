import logging

import pytest

from roomtone import logs


@pytest.fixture(autouse=True)
def _logging_as_it_was():
    root = logging.getLogger()
    before = root.handlers[:], root.level, {name: logging.getLogger(name).level for name in logs.OURS}
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    for name, level in before[2].items():
        logging.getLogger(name).setLevel(level)


def test_a_record_is_one_line_with_its_satellite_and_turn(capsys):
    logs.setup("info")
    logging.getLogger("roomtone_server.x").info("the worker %s", "died", extra={"satellite": "kitchen", "turn": 7})
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("INFO roomtone_server.x: the worker died satellite=kitchen turn=7")


def test_a_record_of_nobody_names_nobody(capsys):
    logs.setup("info")
    logging.getLogger("roomtone.x").warning("hm")
    assert capsys.readouterr().err.endswith("WARNING roomtone.x: hm\n")


def test_what_a_peer_sent_cannot_forge_a_line_or_drive_the_terminal(capsys):
    logs.setup("info")
    satellite = "\x1b[2J\u202ekit\ufeffchen"
    logging.getLogger("roomtone.x").info("hello from %s", "a\r\nERROR roomtone: fire", extra={"satellite": satellite})
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(r"hello from a\r\nERROR roomtone: fire satellite=\x1b[2J\u202ekit\ufeffchen")


def test_libraries_are_heard_from_warning_on(capsys):
    logs.setup("debug")
    logging.getLogger("zeroconf").info("chatter")
    logging.getLogger("zeroconf").warning("trouble")
    logging.getLogger("roomtone.x").debug("detail")
    assert [line.partition(": ")[2] for line in capsys.readouterr().err.splitlines()] == ["trouble", "detail"]


@pytest.mark.parametrize(("level", "lines"), [("info", 1), ("debug", 2)])
def test_an_exception_is_one_line_and_its_traceback_is_for_debugging(capsys, level, lines):
    logs.setup(level)
    try:
        raise ValueError("no\nway")  # noqa: TRY301 - what is logged is what is tested
    except ValueError:
        logging.getLogger("roomtone.x").exception("it failed")
    told = capsys.readouterr().err.splitlines()
    assert told[0].endswith(r"ERROR roomtone.x: it failed (ValueError: no\nway)")
    assert (len(told) >= lines) if level == "debug" else (len(told) == lines)


def test_setting_up_twice_does_not_say_things_twice(capsys):
    logs.setup("debug")
    logs.setup("info")
    logging.getLogger("roomtone.x").info("once")
    logging.getLogger("roomtone.x").debug("never")
    assert len(capsys.readouterr().err.splitlines()) == 1
