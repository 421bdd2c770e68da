"""What was set from afar, and outlives a restart: a file in the satellite's state folder."""

import asyncio
import logging
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Final, NoReturn

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import to_json

from roomtone.link.security import write_private
from roomtone.paths import make_private, state_dir

_LOGGER = logging.getLogger(__name__)

Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, slots=True)
class Chosen:
    """A value that was set from afar. It gives way when the settings say something else than they did then."""

    value: Share
    instead_of: Share

    @staticmethod
    def over(chosen: "Chosen | None", setting: float) -> float:
        """What holds: of a value chosen from afar, if there is one, and of what the settings say now."""
        return chosen.value if chosen is not None and chosen.instead_of == setting else setting


@dataclass(frozen=True, slots=True)
class Kept:
    muted: bool = False  # from afar
    volume: Chosen | None = None
    thresholds: dict[str, Chosen] = field(default_factory=dict)  # by wake word


_KEPT: Final = TypeAdapter(Kept)


def kept_path() -> Path:
    return state_dir() / "satellite" / "kept.json"


class KeptFile:
    """`run` it as a task, which writes what was put."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._newest = Kept()
        self._changed = asyncio.Event()

    def load(self) -> Kept:
        """What was put last, before this start. A file that cannot be read costs what stood in it, and no more."""
        try:
            self._newest = _KEPT.validate_json(self._path.read_bytes(), strict=True)
        except FileNotFoundError:
            pass
        except (OSError, ValidationError):
            _LOGGER.warning("%s cannot be read: what was set from afar is forgotten", self._path)
        return self._newest

    def put(self, kept: Kept) -> None:
        """Returns at once."""
        if kept != self._newest:
            self._newest = kept
            self._changed.set()

    async def run(self) -> NoReturn:
        """For ever. Of what is put while it writes, the last is written next."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await asyncio.to_thread(self._write, self._newest)
            except OSError as problem:
                _LOGGER.warning("%s: what was set from afar will be forgotten: %s", self._path, problem.strerror)

    def _write(self, kept: Kept) -> None:
        make_private(self._path.parent)
        write_private(self._path, to_json(asdict(kept), indent=2))
