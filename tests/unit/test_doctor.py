import json

import pytest
from click.testing import CliRunner
from support.entry_points import declare

from roomtone import doctor, engines, extras
from roomtone.doctor import Finding
from roomtone.paths import state_dir


@pytest.fixture(autouse=True)
def ends(monkeypatch):
    def declared(points):
        declare(monkeypatch, doctor, "roomtone.checks", points)

    declared({})
    return declared


def the(subject):
    return next(finding for finding in doctor.examine() if finding.subject == subject)


def test_the_core_checks_python_folders_engines_and_discovery():
    subjects = {finding.subject for finding in doctor.examine()}
    assert subjects >= {"python", "state folder", "cache folder", "wake engine", "vad engine", "discovery"}
    assert the("python").state == "works"
    assert the("state folder").text.startswith(str(state_dir()))


def test_it_says_which_engine_auto_picks_and_why():
    assert the("wake engine").text == "auto picks microwakeword: the best that works here"


def test_an_engine_that_cannot_work_here_is_a_note_with_its_remedy(monkeypatch):
    declare(monkeypatch, engines, "roomtone.vad", {"best": "support.paced_engines:BEST"})
    assert the("vad engine best") == Finding("vad engine best", "note", "cannot work here", "pip install best")
    assert the("vad engine").text == "none can work here"


def test_where_all_want_to_be_named_none_is_picked(monkeypatch):
    declare(monkeypatch, engines, "roomtone.vad", {"far": "support.paced_engines:FAR"})
    assert the("vad engine").text == "only those that the settings name; these can work: far"


def test_no_language_model_is_picked_where_nobody_names_one():
    assert (the("llm engine").state, the("llm engine").text[:35]) == ("note", "only those that the settings name; ")


def test_an_engine_that_is_broken_is_told(monkeypatch):
    declare(monkeypatch, engines, "roomtone.vad", {"odd": "support.paced_engines:NO_SPEC"})
    assert "its entry point is not an EngineSpec" in the("vad engine odd").remedy


def test_a_folder_that_cannot_be_used_is_broken_and_has_a_remedy(monkeypatch):
    monkeypatch.setenv("ROOMTONE_STATE", "/proc/no/such/folder")
    finding = the("state folder")
    assert (finding.state, finding.remedy) == ("broken", "make it writable, or name another folder in ROOMTONE_STATE")


def test_a_full_disk_degrades(monkeypatch):
    monkeypatch.setattr(doctor, "MIN_FREE_CACHE_BYTES", 2**62)
    assert the("cache folder").state == "degraded"


def test_an_end_that_is_not_installed_is_a_note(ends, monkeypatch):
    ends({"server": "support.checks:FINE [server]"})
    monkeypatch.setattr(extras, "lacking", lambda _: frozenset({"aiohttp"}))
    assert the("server") == Finding("server", "note", "not installed here", "pip install 'roomtone[server]'")


def test_an_end_brings_its_own_checks(ends):
    ends({"mine": "support.checks:FINE"})
    assert the("ears").text == "two"


def test_a_check_that_raises_is_itself_a_finding(ends):
    ends({"mine": "support.checks:RAISING"})
    assert the("ears").text == "one was fine"
    assert the("stumbling").text == "the check itself failed: ZeroDivisionError: one check too many"
    assert the("stumbling").state == "broken"


def test_checks_that_do_not_import_are_broken(ends):
    ends({"mine": "support.no_such_module:CHECKS"})
    assert the("mine").state == "broken"


@pytest.mark.parametrize(("checks", "status"), [("FINE", 0), ("RAISING", 1)])
def test_the_exit_status_tells_whether_something_is_broken(ends, monkeypatch, checks, status):
    monkeypatch.setattr(doctor, "CHECKS", ())
    ends({"mine": f"support.checks:{checks}"})
    assert doctor.doctor.main([], standalone_mode=False) == status


def test_the_report_is_aligned_and_has_remedies(ends, monkeypatch):
    monkeypatch.setattr(doctor, "CHECKS", ())
    ends({"mine": "support.checks:FINE"})
    assert CliRunner().invoke(doctor.doctor).stdout.splitlines() == [
        "works     ears             two",
        "degraded  sense of rhythm  none",
        "                           -> practise",
    ]


def test_libraries_that_write_to_stderr_by_themselves_are_not_heard(ends, capfd):
    ends({"mine": "support.checks:CHATTERING"})
    doctor.doctor.main(["--json"], standalone_mode=False)
    told = capfd.readouterr()
    assert told.err == ""
    assert json.loads(told.out)[-1]["subject"] == "sound"


def test_json_has_every_finding(ends):
    ends({"mine": "support.checks:FINE"})
    told = json.loads(CliRunner().invoke(doctor.doctor, ["--json"]).stdout)
    assert {"subject": "ears", "state": "works", "text": "two", "remedy": "", "fix": ""} in told


def test_it_changes_nothing_but_makes_its_folders():
    list(doctor.examine())
    assert list(state_dir().iterdir()) == []
