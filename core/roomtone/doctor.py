"""`roomtone doctor`: what works on this machine, what does not, and what to do about it.

Each part of the product brings checks of its own, by entry point: a sequence of `Check` in the group `roomtone.checks`.
"""

import json
import os
import shutil
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

import click

from roomtone import extras
from roomtone.errors import RoomtoneError
from roomtone.paths import cache_dir, make_private, state_dir

if TYPE_CHECKING:
    from roomtone import (
        engines,
    )  # for types only: `roomtone --help` imports this module, and need not wait for pydantic

State = Literal["works", "degraded", "broken", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `broken` makes the doctor fail; `note` is neither good nor bad."""

    subject: str  # a few words, lower case: "wake engine"
    state: State
    text: str
    remedy: str = ""  # what to do, as a command or a sentence
    fix: str = ""  # what the server can do about it when it is asked to: "pull:MODEL"


Check = Callable[[], Iterable[Finding]]

NEVER_UNNAMED: Final = frozenset({"llm"})  # a server has none of these where its settings are silent

MIN_FREE_STATE_BYTES: Final = 10 * 1024**2  # settings, certificates, a database of turns
MIN_FREE_CACHE_BYTES: Final = 200 * 1024**2  # compiled grammars and a small model


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as one JSON list.")
def doctor(as_json: bool) -> int:  # noqa: FBT001 - click passes options so
    """Say what works on this machine, what does not, and what to do about it.

    Checks Python, the folders for state and models, which engines can work and which of them would be picked, and
    whatever the installed ends (server, satellite) check of their own. Changes nothing but to make missing folders.

    Exit status: 0 when nothing is broken, 1 otherwise. A degraded part works, less well than it could.
    """
    with _libraries_silent():
        findings = list(examine())
    click.echo(json.dumps([asdict(finding) for finding in findings], indent=2) if as_json else _report(findings))
    return int(any(finding.state == "broken" for finding in findings))


@contextmanager
def _libraries_silent() -> Iterator[None]:
    """On a machine without a sound card, sound libraries in C write pages to stderr; the findings say it all."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def examine() -> Iterator[Finding]:
    """Every finding of the core and of each installed end. Never raises for a check that does."""
    for check in CHECKS:
        yield from _findings(check)
    for point in sorted(entry_points(group="roomtone.checks"), key=lambda point: point.name):
        yield from _end(point)


def _end(point: EntryPoint) -> Iterator[Finding]:
    """An end's own checks; one that is not installed on this machine is no fault."""
    missing = [extra for extra in point.extras if extras.lacking(extra)]
    if missing:
        yield Finding(point.name, "note", "not installed here", extras.remedy(missing[0]))
        return
    try:
        checks: Sequence[Check] = point.load()
    except ImportError as problem:
        yield Finding(point.name, "broken", f"its checks cannot be imported: {problem}", extras.remedy(point.name))
        return
    for check in checks:
        yield from _findings(check)


def _findings(check: Check) -> Iterator[Finding]:
    try:
        yield from check()
    except Exception as problem:  # noqa: BLE001 - what a check dies of is what its reader needs to know
        name = getattr(check, "__name__", repr(check)).strip("_").replace("_", " ")
        yield Finding(name, "broken", f"the check itself failed: {type(problem).__name__}: {problem}")


def _python() -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    if struct.calcsize("P") * 8 == 64:
        yield Finding("python", "works", f"{version}, 64-bit")
    else:
        yield Finding("python", "broken", f"{version}, 32-bit", "install a 64-bit operating system")


def _folders() -> Iterator[Finding]:
    yield _folder("state folder", state_dir(), MIN_FREE_STATE_BYTES, "ROOMTONE_STATE")
    yield _folder("cache folder", cache_dir(), MIN_FREE_CACHE_BYTES, "ROOMTONE_CACHE")


def _folder(subject: str, folder: Path, needed_bytes: int, variable: str) -> Finding:
    remedy = f"make it writable, or name another folder in {variable}"
    try:
        make_private(folder)
    except OSError as problem:
        return Finding(subject, "broken", f"{folder} cannot be made: {problem.strerror}", remedy)
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(subject, "broken", f"{folder} is not writable", remedy)
    free_bytes = shutil.disk_usage(folder).free
    text = f"{folder}, {free_bytes / 1024**3:.1f} GiB free"
    if free_bytes < needed_bytes:
        return Finding(subject, "degraded", text, f"free {needed_bytes // 1024**2} MiB there, or set {variable}")
    return Finding(subject, "works", text)


def _engines() -> Iterator[Finding]:
    from roomtone import engines

    for kind in get_args(engines.Kind):
        if names := engines.names(kind):
            yield from _engines_of(kind, names)


def _engines_of(kind: "engines.Kind", names: Sequence[str]) -> Iterator[Finding]:
    """One finding for the kind, and a note for each engine that cannot work here."""
    from roomtone import engines

    able = []
    for name in names:
        try:
            remedy = engines.load(kind, name).missing()
        except RoomtoneError as problem:
            remedy = str(problem)
        if remedy:
            yield Finding(f"{kind} engine {name}", "note", "cannot work here", remedy)
        else:
            able.append(name)
    if able and (kind in NEVER_UNNAMED or not any(engines.load(kind, name).auto for name in able)):
        yield Finding(f"{kind} engine", "note", f"only those that the settings name; these can work: {', '.join(able)}")
        return
    try:
        chosen = engines.choose(kind, engines.EngineChoice())
    except RoomtoneError as problem:
        yield Finding(f"{kind} engine", "note", "none can work here", str(problem))
    else:
        yield Finding(f"{kind} engine", "works", f"auto picks {chosen.spec.name}: {chosen.why}")


def _discovery() -> Iterator[Finding]:
    from zeroconf import Zeroconf

    try:
        Zeroconf().close()
    except OSError as problem:
        remedy = "give the satellites the server's address in their settings"
        yield Finding("discovery", "degraded", f"zeroconf cannot open its sockets: {problem.strerror}", remedy)
    else:
        yield Finding("discovery", "works", "zeroconf can open its sockets")


CHECKS: Final[Sequence[Check]] = (_python, _folders, _engines, _discovery)

_COLOURS: Final[dict[State, str]] = {"works": "green", "degraded": "yellow", "broken": "red", "note": "blue"}


def _report(findings: Sequence[Finding]) -> str:
    width = max(len(finding.subject) for finding in findings)
    lines = []
    for finding in findings:
        state = click.style(f"{finding.state:8}", fg=_COLOURS[finding.state])
        lines.append(f"{state}  {finding.subject:{width}}  {finding.text}")
        if finding.remedy:
            lines.append(f"{'':8}  {'':{width}}  -> {finding.remedy}")
    return "\n".join(lines)
