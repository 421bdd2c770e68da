"""Sentence templates as they were parsed and tabulated at an earlier start: that takes most of a second.

They are pickled, which is as safe as the folder is: it lies in the server's own cache, and a file that somebody else
owns is not read.
"""

import hashlib
import json
import logging
import os
import pickle
import sys
from collections.abc import Collection, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from roomtone.paths import make_private
from roomtone_server import grammar, languages
from roomtone_server.agent import candidates

_LOGGER: Final = logging.getLogger(__name__)

# Languages come and go; what versions before this one have left need not be kept.
MAX_KEPT: Final = 8


def file_of(language: str, handled: Collection[str], cache: Path) -> Path:
    """Where those of a language are kept, for these intents, as this version of everything makes them."""
    made_by = [*sys.version_info[:3], version("hassil"), version("home-assistant-intents")]
    digest = hashlib.sha256(json.dumps([made_by, language, sorted(handled)]).encode())
    for source in _sources():
        digest.update(source.read_bytes())
    return make_private(cache / "sentences") / f"{digest.hexdigest()[:32]}.pickle"


def _sources() -> Iterator[Path]:
    """What decides how templates are tabulated, and what they are."""
    yield Path(candidates.__file__)
    for package in (grammar, languages):
        for folder in package.__path__:
            yield from sorted(each for each in Path(folder).rglob("*") if each.suffix in {".py", ".yaml"})


def read(file: Path) -> Any:  # noqa: ANN401 - whatever was kept
    """What was kept there; None where nothing is, or nothing of use."""
    try:
        with file.open("rb") as kept:
            if os.fstat(kept.fileno()).st_uid != os.getuid():
                _LOGGER.warning("%s belongs to somebody else: it is not read", file)
                return None
            return pickle.load(kept)  # noqa: S301 - our own file: see above
    except FileNotFoundError:
        return None
    except Exception as problem:  # noqa: BLE001 - a torn pickle can raise anything; it is made again
        _LOGGER.info("%s is of no use: %s", file, problem)
        return None


def keep(file: Path, tabulated: object) -> None:
    """Whole or not at all; a disk that is full costs the next start its time, and this one nothing."""
    unfinished = file.with_suffix(f".{os.getpid()}")
    try:
        unfinished.write_bytes(pickle.dumps(tabulated, pickle.HIGHEST_PROTOCOL))
        unfinished.replace(file)
        for old in sorted(file.parent.glob("*.pickle"), key=lambda each: each.stat().st_mtime)[:-MAX_KEPT]:
            old.unlink(missing_ok=True)
    except OSError as problem:
        _LOGGER.warning("the tabulated sentences cannot be kept: %s", problem)
