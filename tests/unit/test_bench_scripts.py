"""The scripts of bench/, which nobody runs for months: each can still be started, and has the options that it tells."""

import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BENCH = ROOT / "bench"
SCRIPTS = [path.stem for path in sorted(BENCH.glob("*.py")) if "__main__" in path.read_text("utf-8")]
OPTION = re.compile(r"(?<=[\s\[`])--[a-z-]+")


@pytest.fixture
def help_of(monkeypatch, capsys):
    """What a script says of itself, and apart from it what argparse adds."""
    monkeypatch.syspath_prepend(str(BENCH))

    def asked(script):
        path = BENCH / f"{script}.py"
        monkeypatch.setattr(sys, "argv", [str(path), "--help"])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(path), run_name="__main__")
        assert not ended.value.code
        usage, said, options = capsys.readouterr().out.partition(_docstring(path))
        assert said, f"{path} does not describe itself by its docstring"
        return said, usage + options

    return asked


def _docstring(path):
    return path.read_text("utf-8").split('"""')[1].strip()


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_starts_and_has_the_options_that_its_docstring_names(script, help_of):
    said, has = help_of(script)
    assert f"python bench/{script}.py" in said
    own = re.findall(rf"python bench/{script}\.py([^\n]*)", said)
    assert {option for line in own for option in OPTION.findall(line)} <= set(OPTION.findall(has))


def test_what_the_figures_were_measured_with_is_still_there(help_of):
    commands = re.findall(r"`[^`|]*python bench/(\w+)\.py([^`|]*)`", (ROOT / "docs" / "figures.md").read_text("utf-8"))
    assert len(commands) > 10
    for script, arguments in commands:
        _, has = help_of(script)
        assert set(OPTION.findall(arguments)) <= set(OPTION.findall(has)), (script, arguments)
