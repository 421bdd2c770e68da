"""The page's own modules: they parse, they are small, and what of them needs no browser passes its tests in Node."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "server/roomtone_server/ports/web/page/static"
MODULES = [path for path in sorted(STATIC.rglob("*.js")) if "vendor" not in path.parts]
TESTS = sorted((ROOT / "tests/javascript").glob("*.mjs"))
KIT = [*(ROOT / "tests/support").glob("*.js"), *(ROOT / "server/roomtone_server/bench").glob("*.js")]

MAX_LINES = 400
MAX_COLUMNS = 120


@pytest.fixture(scope="module")
def node() -> str:
    if (found := shutil.which("node")) is None:
        pytest.skip("Node is not installed; on Debian: apt install nodejs")
    return found


def test_they_parse(node):
    """By one process: Node takes a while to start."""
    program = """
        for (const path of process.argv.slice(1)) {
            try { new vm.SourceTextModule(fs.readFileSync(path, "utf8"), {identifier: path}) }
            catch (problem) { process.exitCode = 1; console.error(problem.stack.split("\\n").slice(0, 5).join("\\n")) }
        }"""
    command = [node, "--no-warnings", "--experimental-vm-modules", "--eval", program, *MODULES]
    parsed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert parsed.returncode == 0, parsed.stderr


@pytest.mark.parametrize("path", [*MODULES, *TESTS, *KIT], ids=lambda path: path.name)
def test_they_read_like_the_rest(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= MAX_LINES
    assert [line for line in lines if len(line) > MAX_COLUMNS] == []
    assert [line for line in lines if line != line.rstrip() or "\t" in line] == []


def test_what_needs_no_browser(node):
    ended = subprocess.run([node, "--test", *TESTS], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout
