"""Which models are installed here, and whether they are what they should be."""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

from roomtone.errors import ModelError
from roomtone.paths import models_dir
from roomtone_server.models.manifest import Kind, Model, ModelFile
from roomtone_server.models.trust import Trust

State = Literal["good", "unknown", "wrong", "missing"]

KEPT_HERE: Final[tuple[Kind, ...]] = tuple(kind for kind in get_args(Kind) if kind != "ollama")


@dataclass(frozen=True, slots=True)
class Checked:
    """A file of an installed model; `unknown`: nothing says what it should be."""

    file: str
    state: State


def models_root(cache: Path) -> Path:
    return models_dir(cache, "")


def folder_of(model: Model, cache: Path) -> Path:
    """Where it lies when it is installed."""
    return models_dir(cache, model.kind) / model.name


def installed(cache: Path) -> dict[str, Path]:
    """The folders of all installed models, by KIND/NAME."""
    return {
        f"{kind}/{folder.name}": folder
        for kind in KEPT_HERE
        for folder in sorted(models_dir(cache, kind).glob("[!.]*"))
        if folder.is_dir()
    }


def check(model: Model, cache: Path, trust: Trust) -> Iterator[Checked]:
    """Each of its files, read whole."""
    folder = folder_of(model, cache)
    for name, file in model.files.items():
        expected = expected_sha256(model, name, file, trust)
        if not (folder / name).is_file():
            yield Checked(name, "missing")
        elif expected is None:
            yield Checked(name, "unknown")
        else:
            yield Checked(name, "good" if sha256_of(folder / name) == expected else "wrong")


def expected_sha256(model: Model, name: str, file: ModelFile, trust: Trust) -> str | None:
    """What the manifest says, else what came the first time."""
    if file.sha256:
        return file.sha256
    seen = trust.of(model.url(name))
    return seen.sha256 if seen else None


def sha256_of(path: Path) -> str:
    """Of a file's content, in hex. Raises ModelError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as problem:
        raise ModelError(f"{path} cannot be read: {problem.strerror}") from problem


def remove(folder: Path) -> None:
    """Raises ModelError."""
    try:
        shutil.rmtree(folder)
    except OSError as problem:
        raise ModelError(f"{folder} cannot be removed: {problem.strerror}") from problem
