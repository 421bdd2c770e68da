"""A file of a model that is not all there yet, as it lies on the disk."""

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from roomtone.errors import ModelError
from roomtone_server.models.resuming import Answer, Part

_PART: Final = TypeAdapter(Part)


class PartFile:
    """A file that is not all there, and beside it what its source said."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self.path = target.with_name(f"{target.name}.part")
        self._note = target.with_name(f"{target.name}.part.json")
        self._said = self._read_note()

    @property
    def state(self) -> Part:
        """As it lies on the disk now."""
        return replace(self._said, bytes=self.path.stat().st_size if self.path.exists() else 0)

    def begin(self, url: str, answer: Answer) -> None:
        """Makes ready to append what the answer brings."""
        if answer.first_byte == 0:
            self.path.write_bytes(b"")
        self._said = Part(0, url, answer.validator, answer.total_bytes, answer.stated_sha256)
        self._note.write_bytes(_PART.dump_json(self._said))

    def append(self, data: bytes, limit_bytes: int) -> None:
        """Raises ModelError when it grows beyond the limit, and it is discarded; or the disk is full, and it stays."""
        if self.state.bytes + len(data) > limit_bytes:
            self.discard()
            raise ModelError(f"{self._target.name}: more comes than its {limit_bytes} bytes: it was thrown away")
        try:
            with self.path.open("ab") as out:
                out.write(data)
        except OSError as problem:
            full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
            why = "the disk is full: make room, and pull again" if full else problem.strerror
            raise ModelError(f"{self.path} cannot be written: {why}; what came is kept") from problem

    def ended(self) -> None:
        """The source has no more: where it did not say beforehand how long the file is, it is as long as this."""
        if self._said.total_bytes is None:
            self._said = replace(self._said, total_bytes=self.state.bytes)

    def discard(self) -> None:
        self.path.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)
        self._said = Part()

    def finish(self) -> None:
        """It is what it should be."""
        with self.path.open("rb") as file:
            os.fsync(file.fileno())
        self.path.replace(self._target)
        self._note.unlink(missing_ok=True)

    def _read_note(self) -> Part:
        try:
            return _PART.validate_json(self._note.read_bytes())
        except (OSError, ValidationError):  # then nobody knows what the part is of: it comes afresh
            return Part()
