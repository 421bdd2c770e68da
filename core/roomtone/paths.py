"""Where things are kept on this machine."""

import os
from pathlib import Path


def state_dir() -> Path:
    """What must not be lost: `$ROOMTONE_STATE`, else `$XDG_STATE_HOME/roomtone`, else `~/.local/state/roomtone`."""
    return _folder("ROOMTONE_STATE", "XDG_STATE_HOME", Path.home() / ".local" / "state", "roomtone")


def cache_dir() -> Path:
    """What can be made again: `$ROOMTONE_CACHE`, else `$XDG_CACHE_HOME/roomtone`, else `~/.cache/roomtone`."""
    return _folder("ROOMTONE_CACHE", "XDG_CACHE_HOME", Path.home() / ".cache", "roomtone")


def models_dir(cache: Path, kind: str) -> Path:
    """Where the installed models of a kind (`whisper`, `piper`) lie: each in a folder of its name, which appears there
    only when it is whole."""
    return cache / "models" / kind


def _folder(own: str, xdg: str, fallback: Path, name: str) -> Path:
    if chosen := os.environ.get(own):
        return Path(chosen)
    base = os.environ.get(xdg)
    return (Path(base) if base else fallback) / name


def make_private(folder: Path) -> Path:
    """The folder, made if it was missing, readable by its owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
