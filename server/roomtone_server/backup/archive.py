"""The file of a backup: a gzipped tar of plain files, the first of which is an index of the others.

    roomtone-backup.json     {"format": 1, "roomtone": "0.1.0", "made_at": "...", "files": {"state/link.pem": {...}}}
    state/...                what lay in the server's state folder
    settings/...             its settings file, and the file of a virtual home

Whoever restores it did not necessarily make it: nothing in it is believed that the index does not say, nor the index
before it is within these limits. Nothing is ever unpacked by tarfile itself.
"""

import datetime as dt
import gzip
import hashlib
import io
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from typing_extensions import override

from roomtone import __version__
from roomtone.errors import BackupError

FORMAT: Final = 1
INDEX: Final = "roomtone-backup.json"
CHUNK_BYTES: Final = 2**18

MAX_FILES: Final = 200  # a state has a handful
MAX_INDEX_BYTES: Final = 2**18
MAX_TOTAL_BYTES: Final = 2**31  # guards the disk: a database of turns has 7 MB
MAX_READ_BYTES: Final = 2**20  # guards memory: tarfile reads a name of any length that a header declares, at once

_Name = Annotated[str, Field(pattern=r"^(state|settings)/[^./\x00-\x1f][^/\x00-\x1f]{0,127}$")]


class Entry(BaseModel):
    """What a file must be."""

    model_config = ConfigDict(extra="forbid")

    bytes: Annotated[int, Field(ge=0, le=MAX_TOTAL_BYTES)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Index(BaseModel):
    format: Literal[1]
    roomtone: str
    made_at: dt.datetime
    files: Annotated[dict[_Name, Entry], Field(max_length=MAX_FILES)]

    @property
    def total_bytes(self) -> int:
        return sum(entry.bytes for entry in self.files.values())


def write(path: Path, files: Mapping[str, Path]) -> Index:
    """Puts these files, by their names in the archive, into it: readable by its owner only, and whole or not at all.
    Raises BackupError."""
    try:
        entries = {name: _entry(file) for name, file in files.items()}
        made_at = dt.datetime.now(tz=dt.UTC).replace(microsecond=0)
        index = Index(format=FORMAT, roomtone=__version__, made_at=made_at, files=entries)
        handle, temporary = mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp creates with 0600
        try:
            with os.fdopen(handle, "wb") as file:
                _write(file, index, files)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as problem:
        raise BackupError(f"the backup {path} cannot be written: {problem.strerror}") from problem
    return index


def unpack(path: Path, folder: Path) -> Index:
    """Puts the archive's files into an empty folder, each checked against the index. Raises BackupError for whatever is
    no backup, is damaged, or holds anything else; what is in the folder then is worth nothing."""
    with _blaming(path), _Bounded(path) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
        index = _read_index(tar)
        missing = dict(index.files)
        while member := tar.next():
            entry = missing.pop(member.name, None)
            if entry is None or not member.isreg() or member.issparse() or member.size != entry.bytes:
                raise BackupError(f"holds {member.name[:80]!r}, which its index does not")
            _unpack(tar, member, entry, folder / member.name)
        if missing:
            raise BackupError(f"lacks {', '.join(missing)}")
        if any(stream.read(MAX_READ_BYTES)):  # the last of it is zeros, and behind them gzip's own checksum
            raise BackupError("goes on behind its end")
        return index


def _entry(path: Path) -> Entry:
    with path.open("rb") as file:
        return Entry(sha256=hashlib.file_digest(file, "sha256").hexdigest(), bytes=file.tell())


def _write(file: io.BufferedIOBase, index: Index, files: Mapping[str, Path]) -> None:
    with gzip.GzipFile(filename="", fileobj=file, mode="wb") as packed, tarfile.open(fileobj=packed, mode="w:") as tar:
        text = index.model_dump_json(indent=1).encode()
        tar.addfile(_member(INDEX, len(text)), io.BytesIO(text))
        for name, path in files.items():
            with path.open("rb") as content:
                tar.addfile(_member(name, index.files[name].bytes), content)


def _member(name: str, size_bytes: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size_bytes, 0o600
    return member


def _read_index(tar: tarfile.TarFile) -> Index:
    first = tar.next()
    if first is None or first.name != INDEX or not first.isreg() or first.size > MAX_INDEX_BYTES:
        raise BackupError("is no backup of Roomtone's")
    content = tar.extractfile(first)
    assert content is not None, "a regular file has content"
    try:
        index = Index.model_validate_json(content.read(MAX_INDEX_BYTES))
    except ValidationError as problem:
        where = ".".join(str(part) for part in problem.errors()[0]["loc"])
        remedy = f"it may be of a newer version: this Roomtone, {__version__}, knows format {FORMAT}"
        raise BackupError(f"has an index that cannot be used ({where[:80]}): {remedy}") from problem
    if index.total_bytes > MAX_TOTAL_BYTES:
        raise BackupError(f"would take {index.total_bytes} bytes, more than any state of a server")
    return index


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, entry: Entry, target: Path) -> None:
    content = tar.extractfile(member)
    assert content is not None, "a regular file has content"
    digest = hashlib.sha256()
    target.parent.mkdir(mode=0o700, exist_ok=True)
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:  # noqa: PTH123 - Path.open takes no descriptor
        while data := content.read(CHUNK_BYTES):
            digest.update(data)
            out.write(data)
        out.flush()
        os.fsync(out.fileno())
    if digest.hexdigest() != entry.sha256:
        raise BackupError(f"is damaged: {member.name} is not what it was")


class _Bounded(gzip.GzipFile):
    """Gives no more at once than a backup of ours ever asks for."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, "rb")

    @override
    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= MAX_READ_BYTES:
            raise tarfile.ReadError("a header that no backup has")
        return super().read(size)


@contextmanager
def _blaming(path: Path) -> Iterator[None]:
    """Every failure as a BackupError that names the file."""
    try:
        yield
    except BackupError as problem:
        raise BackupError(f"{path} {problem}") from problem
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError) as problem:
        raise BackupError(f"{path} is no backup of Roomtone's, or is damaged") from problem
    except OSError as problem:
        raise BackupError(f"{path} cannot be unpacked: {problem.strerror}") from problem
