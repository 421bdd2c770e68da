"""What a file was when it came for the first time, where nothing else says what it must be: trust on first use."""

import contextlib
import datetime as dt
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from roomtone.errors import ModelError
from roomtone.link.security import write_private
from roomtone.paths import make_private
from roomtone_server.models.locks import alone

FILE_NAME: Final = "first-seen.json"
MAX_FILE_BYTES: Final = 2**20  # guards memory; each file takes 200 bytes


class Seen(BaseModel):
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    bytes: int
    on: dt.date


_SEEN: Final = TypeAdapter(dict[str, Seen])


class Trust:
    """Kept in a folder, by URL, across processes."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME

    def of(self, url: str) -> Seen | None:
        """Raises ModelError when the record is damaged."""
        return self._read().get(url)

    def remember(self, url: str, sha256: str, count_bytes: int) -> None:
        """What came from there today."""
        with self._changed() as known:
            known[url] = Seen(sha256=sha256, bytes=count_bytes, on=dt.datetime.now(tz=dt.UTC).date())

    def forget(self, urls: Iterable[str]) -> None:
        """The next that comes is the first again."""
        with self._changed() as known:
            for url in urls:
                known.pop(url, None)

    @contextlib.contextmanager
    def _changed(self) -> Iterator[dict[str, Seen]]:
        make_private(self._path.parent)
        with alone(self._path.with_suffix(".lock"), wait=True):
            before = self._read()
            known = dict(before)
            yield known
            if known != before:
                text = json.dumps(_SEEN.dump_python(known, mode="json"), indent=1)
                write_private(self._path, text.encode())

    def _read(self) -> dict[str, Seen]:
        try:
            with self._path.open("rb") as file:
                return _SEEN.validate_json(file.read(MAX_FILE_BYTES))
        except FileNotFoundError:
            return {}
        except (OSError, ValidationError) as problem:
            why = problem.strerror if isinstance(problem, OSError) else "it is damaged"
            raise ModelError(f"what is known of models, {self._path}, cannot be read: {why}; delete it") from problem
