"""Whisper's models as they lie on disk, converted for CTranslate2: a folder each."""

from pathlib import Path
from typing import Final

from roomtone.errors import EngineError
from roomtone.paths import models_dir
from roomtone_server.languages.codes import primary_code

KIND: Final = "whisper"
# Without the second the library would fetch one from a model hub.
NEEDED: Final = ("model.bin", "tokenizer.json")


def installed(cache: Path) -> list[str]:
    """The names of those that are, the largest first."""
    folders = [file.parent for file in models_dir(cache, KIND).glob(f"[!.]*/{NEEDED[0]}")]
    whole = [folder for folder in folders if not _lacking(folder)]
    return [folder.name for folder in sorted(whole, key=lambda each: (-_size(each), each.name))]


def fitting(cache: Path, language: str) -> list[str]:
    """Of these, those that hear a language. The models of English alone have it in their name: base.en."""
    return [name for name in installed(cache) if primary_code(language) == "en" or not name.endswith(".en")]


def folder_of(model: str, cache: Path, language: str) -> Path:
    """Of a model by name, or by the path of its folder; for an empty one the largest that hears the house's language.
    Raises EngineError."""
    known = installed(cache)
    name = model or next(iter(fitting(cache, language)), "")
    if name in known:
        return models_dir(cache, KIND) / name
    if "/" not in name:
        lacking = f"no model {name!r}" if name else f"no model for {language!r}"
        pull = name or f"--for {language}"
        has = ", ".join(known) or "none"
        raise EngineError(f"faster-whisper has {lacking}; it has: {has}. `roomtone models pull {pull}`")
    folder = Path(model).expanduser()
    if missing := _lacking(folder):
        raise EngineError(f"the model {folder} cannot be used: it lacks {', '.join(missing)}")
    return folder


def _lacking(folder: Path) -> list[str]:
    return [name for name in NEEDED if not (folder / name).is_file()]


def _size(folder: Path) -> int:
    return (folder / NEEDED[0]).stat().st_size
