"""`satellite/install.sh` as far as it can be tried without installing anything."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "satellite" / "install.sh"


def test_shellcheck_finds_nothing():
    if not shutil.which("shellcheck"):
        pytest.skip("no shellcheck; on Debian: apt install shellcheck")
    checked = subprocess.run(["shellcheck", str(SCRIPT)], capture_output=True, text=True, check=False)
    assert not checked.stdout


def test_nothing_happens_where_a_download_broke_off():
    lines = SCRIPT.read_text().splitlines(keepends=True)
    cut = "".join(lines[:-1])
    ended = subprocess.run(["bash", "-s", "--", "--juggle"], input=cut, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert lines[-1] == 'main "$@"\n'


def test_its_help_can_be_read_page_by_page_and_without_root():
    shown = subprocess.run(f"bash {SCRIPT} --help | head -1", shell=True, capture_output=True, text=True, check=False)
    assert shown.stdout.startswith("install.sh [OPTIONS]")
    assert not shown.stderr
