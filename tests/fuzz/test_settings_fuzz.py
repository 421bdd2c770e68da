"""Whatever a settings file holds: settings, or one SettingsError, each line of it a place and what is wrong there."""

import re

from hypothesis import HealthCheck, given, settings, strategies
from pydantic import SecretStr

from roomtone.engines import EngineChoice
from roomtone.errors import SettingsError
from roomtone.settings import Settings, WakeChoice, load

STRUCTURE = [
    "port",
    "name",
    "wake",
    "token",
    "rooms",
    ": ",
    ":",
    "\n",
    "\n  ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "? ",
    "\t",
]
SCALARS = ["'", '"', "#", "|", "~", "yes", "0x", "1e9", "2026-13-01", "12:30", "\\n", "\x07", "é", "\ufeff", "\u202e"]
FEATURES = ["&a ", "*a", "<<", "!!int ", "!x ", "---\n", "${", "${HOME}", "${NOPE:-1}", "$${A}"]
ENGINES = ["engine", "microwakeword", "words", "alexa"]
PIECES = [*STRUCTURE, *SCALARS, *FEATURES, *ENGINES]
A_PROBLEM = re.compile(r"house\.yaml(:\d+)?: \S")


class House(Settings):
    name: str = ""
    port: int | None = None
    token: SecretStr | None = None
    rooms: dict[str, tuple[float, ...]] = {}  # noqa: RUF012 - pydantic copies it
    wake: tuple[WakeChoice, ...] = (EngineChoice(),)


def check(folder, data):
    path = folder / "house.yaml"
    path.write_bytes(data)
    try:
        load(House, path)
    except SettingsError as refused:
        for line in str(refused).splitlines():
            assert A_PROBLEM.match(line.removeprefix(f"{folder}/")), line
            assert line.isprintable(), line


shared_folder = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@shared_folder
@given(strategies.lists(strategies.sampled_from(PIECES), max_size=40))
def test_any_shuffled_yaml(tmp_path, pieces):
    check(tmp_path, "".join(pieces).encode())


@shared_folder
@given(strategies.binary(max_size=200))
def test_any_bytes(tmp_path, data):
    check(tmp_path, data)


@shared_folder
@given(strategies.text(max_size=60))
def test_any_value(tmp_path, text):
    check(tmp_path, f"port: 1\nname: {text}\n".encode(errors="replace"))
