"""What a backup holds of a server, and how a server gets it back."""

import datetime as dt
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from roomtone.errors import AlreadyRunning, BackupError
from roomtone.link.security import CERTIFICATE_FILE, make_certificate
from roomtone.paths import make_private
from roomtone.settings import load
from roomtone_server.backup import archive
from roomtone_server.ports.control import control_path, only_server
from roomtone_server.settings import ServerSettings
from roomtone_server.store import database

SETTINGS: Final = "server.yaml"
ASIDE: Final = "before-restore"

# Of a running server, and nothing to any other.
_PASSING: Final = (".sock", ".lock", "-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Restored:
    index: archive.Index
    aside: Path | None  # where the files lie that were in the state folder before
    settings: tuple[Path, ...]  # the settings file, and the home's


def back_up(file: Path, state: Path, config: Path | None) -> archive.Index:
    """Puts the state folder of a server, running or not, into a file, and the settings with it. Folders in it stay out:
    what lies in them can be fetched again. Raises BackupError, StoreError, SettingsError."""
    with TemporaryDirectory(prefix="roomtone-backup-") as folder:
        files = {f"settings/{name}": path for name, path in _settings(config).items()}
        for path in _kept(state):
            if path.name == database.FILE_NAME:
                copied = Path(folder) / path.name
                database.copy(path, copied)
                database.check(copied)
                files[f"state/{path.name}"] = copied
            else:
                files[f"state/{path.name}"] = path
        if not files:
            raise BackupError(f"there is nothing to back up: no server has run with the state in {state}")
        return archive.write(file, files)


def restore(file: Path, state: Path, config: Path | None) -> Restored:
    """Puts the state as it was backed up in place of what is there, which is kept aside; the settings at `config`, or
    else in the state folder. Nothing is touched before all of the archive is known to be good; when something fails
    then, all is put back. Raises BackupError, StoreError, LinkError, AlreadyRunning."""
    make_private(state)
    with _no_server(state), TemporaryDirectory(prefix=".restoring-", dir=state) as folder:
        unpacked = Path(folder)
        index = archive.unpack(file, unpacked)
        _check(unpacked)
        settings_folder = config.parent if config else state
        named = {SETTINGS: config.name} if config else {}
        aside = state / f"{ASIDE}-{dt.datetime.now().astimezone():%Y%m%d-%H%M%S-%f}"
        moves = {path: aside / path.name for path in _of_any_kind(state)}
        settings = {}
        for path in sorted((unpacked / "settings").glob("*")):
            target = settings_folder / named.get(path.name, path.name)
            if target.exists() and target not in moves:
                moves[target] = target.with_name(f"{target.name}.{aside.name}")
            settings[path] = target
        moves |= {path: state / path.name for path in (unpacked / "state").glob("*")} | settings
        _move(moves)
        return Restored(index, aside if aside.exists() else None, tuple(settings.values()))


def _kept(state: Path) -> Iterator[Path]:
    if state.is_dir():
        yield from (path for path in _of_any_kind(state) if not path.name.endswith(_PASSING))


def _of_any_kind(state: Path) -> list[Path]:
    """All files of the state but the lock that is held, and sockets."""
    return sorted(path for path in state.glob("[!.]*") if path.is_file() and path.suffix != ".lock")


def _settings(config: Path | None) -> Mapping[str, Path]:
    """The settings file, and that of a virtual home."""
    if config is None:
        return {}
    options = load(ServerSettings, config).home.options
    home = Path(options["file"]).expanduser() if options.get("file") else None
    return {SETTINGS: config} | ({home.name: home} if home else {})


def _check(unpacked: Path) -> None:
    """Raises RoomtoneError for a part that a server could not start with."""
    if (path := unpacked / "state" / database.FILE_NAME).exists():
        database.check(path)
    if (unpacked / "state" / CERTIFICATE_FILE).exists():
        make_certificate(unpacked / "state")


def _move(moves: Mapping[Path, Path]) -> None:
    """In this order; when one fails, those before it are undone."""
    done: list[tuple[Path, Path]] = []
    try:
        for source, target in moves.items():
            make_private(target.parent)
            shutil.move(source, target)
            done.append((source, target))
    except OSError as problem:
        for source, target in reversed(done):
            shutil.move(target, source)
        raise BackupError(f"the state cannot be restored: {problem}; all is as it was") from problem


@contextmanager
def _no_server(state: Path) -> Iterator[None]:
    """None runs, and none starts meanwhile."""
    try:
        with only_server(control_path(state.parent)):
            yield
    except AlreadyRunning as problem:
        raise AlreadyRunning(f"a server is running with the state in {state}: stop it first") from problem
