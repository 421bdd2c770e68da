"""The satellite's own voice, kept out of its ear: the speaker is tapped, and what was learnt of the echo is kept."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from roomtone import engines
from roomtone.ears.echo.follower import Alignment
from roomtone.ears.echo.path import EchoPath
from roomtone.engines import EngineChoice, Surroundings
from roomtone.paths import cache_dir, make_private, state_dir
from roomtone_satellite.devices.base import Speaker

_LOGGER = logging.getLogger(__name__)
_ALIGNMENT: Final = TypeAdapter(Alignment)


class TappedSpeaker:
    """A Speaker, whose every sample is told to an echo path when the device takes it."""

    def __init__(self, speaker: Speaker, path: EchoPath) -> None:
        self._speaker = speaker
        self._path = path

    @property
    def rate_hz(self) -> int:
        return self._speaker.rate_hz

    async def open(self) -> None:
        await self._speaker.open()
        self._path.open(self._speaker.rate_hz)

    async def write(self, pcm: bytes, turn: int | None) -> None:
        now = asyncio.get_running_loop().time()
        self._path.play(pcm, self._speaker.pending(), now, self._speaker.place())
        await self._speaker.write(pcm, turn)

    def pending(self) -> int:
        return self._speaker.pending()

    def place(self) -> int | None:
        return self._speaker.place()

    def flush(self) -> int:
        never = self._speaker.flush()
        self._path.take_back(never)
        return never

    async def close(self) -> None:
        await self._speaker.close()


@contextmanager
def echo_path(choice: EngineChoice) -> Iterator[EchoPath | None]:
    """The echo path that the settings choose, as it was when it was last used; None when it would cancel nothing.

    Raises EngineMissing. In the end, what was learnt of the echo is kept.
    """
    chosen = engines.choose("echo", choice)
    with closing(chosen.make(Surroundings(state_dir(), cache_dir()))) as canceller:
        _LOGGER.info("echo cancellation with %s: %s", chosen.spec.name, chosen.why)
        if not canceller.tail_samples:
            yield None
            return
        path = EchoPath(canceller, load_alignment())
        try:
            yield path
        finally:
            if path.found:
                keep_alignment(path.alignment)


def alignment_path() -> Path:
    """Where it is kept how late the echo comes."""
    return state_dir() / "satellite" / "echo.json"


def load_alignment() -> Alignment | None:
    """What was kept; None when there is nothing, or nothing that can be read: it is found out anew."""
    try:
        return _ALIGNMENT.validate_json(alignment_path().read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        _LOGGER.warning("%s cannot be read: the delay of the echo is found out anew", alignment_path())
        return None


def keep_alignment(alignment: Alignment) -> None:
    """Writes the file. One that cannot be written is a warning: it only makes the next start slower."""
    path = alignment_path()
    try:
        make_private(path.parent)
        whole = path.with_suffix(".part")
        whole.write_bytes(_ALIGNMENT.dump_json(alignment))
        whole.replace(path)
    except OSError as problem:
        _LOGGER.warning("the delay of the echo cannot be kept in %s: %s", path, problem.strerror)
