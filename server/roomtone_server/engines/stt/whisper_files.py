"""Whisper's models as they lie on disk, converted for CTranslate2: a folder each."""

from pathlib import Path
from typing import Final

from roomtone.errors import EngineError
from roomtone.paths import models_dir

KIND: Final = "whisper"
# Without the second the library would fetch one from a model hub.
NEEDED: Final = ("model.bin", "tokenizer.json")


def installed(cache: Path) -> list[str]:
    """The names of those that are, the largest first."""
    folders = [file.parent for file in models_dir(cache, KIND).glob(f"[!.]*/{NEEDED[0]}")]
    whole = [folder for folder in folders if not _lacking(folder)]
    return [folder.name for folder in sorted(whole, key=lambda each: (-_size(each), each.name))]


def folder_of(model: str, cache: Path) -> Path:
    """Of a model by name, or by the path of its folder; for an empty one the largest that is installed. Raises
    EngineError."""
    known = installed(cache)
    if not model and not known:
        raise EngineError(f"faster-whisper has no model in {models_dir(cache, KIND)}: `roomtone models pull base`")
    if model in known or not model:
        return models_dir(cache, KIND) / (model or known[0])
    if "/" not in model:
        has = ", ".join(known) or "none"
        raise EngineError(f"faster-whisper has no model {model!r}; it has: {has}. `roomtone models pull {model}`")
    folder = Path(model).expanduser()
    if missing := _lacking(folder):
        raise EngineError(f"the model {folder} cannot be used: it lacks {', '.join(missing)}")
    return folder


def _lacking(folder: Path) -> list[str]:
    return [name for name in NEEDED if not (folder / name).is_file()]


def _size(folder: Path) -> int:
    return (folder / NEEDED[0]).stat().st_size
