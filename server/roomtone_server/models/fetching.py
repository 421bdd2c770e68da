"""A model, fetched over HTTP: into a workshop beside the installed ones, and among them once it is whole and checked.

What was interrupted, by whatever, goes on from there the next time.
"""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

import aiohttp

from roomtone.errors import ModelError
from roomtone.paths import make_private
from roomtone_server.models.installed import expected_sha256, folder_of, models_root, sha256_of
from roomtone_server.models.locks import alone
from roomtone_server.models.manifest import MAX_FILE_BYTES, Model
from roomtone_server.models.part_file import PartFile
from roomtone_server.models.resuming import Answer, Outdated, Part, Unusable, read_answer, request_headers
from roomtone_server.models.trust import Trust

WORKSHOP: Final = ".pulling"  # beside the kinds' folders
CONNECT_S: Final = 15.0
SILENCE_S: Final = 60.0  # of a source, in the middle of a file
CHUNK_BYTES: Final = 2**18
MARGIN_BYTES: Final = 64 * 2**20  # stays free on the disk, for everybody else


class Progress(Protocol):
    """Is told how a download fares."""

    def begins(self, file: str, done_bytes: int, total_bytes: int | None) -> None:
        """A file is coming, from that byte on: for the first time, or again after it broke off."""

    def came(self, count_bytes: int) -> None:
        """So many more bytes of it."""

    def ended(self, file: str) -> None:
        """All of it is there, and is what it should be."""

    def note(self, words: str) -> None:
        """Something that whoever waits should know."""


@dataclass(frozen=True, slots=True)
class Fetched:
    folder: Path
    first_seen: tuple[str, ...]  # the files of which nobody could say beforehand what they should be


class _BrokeOff(Exception):
    """What came so far is kept."""


async def fetch(
    model: Model, cache: Path, trust: Trust, progress: Progress, *, silence_s: float = SILENCE_S
) -> Fetched:
    """Installs a model, in place of one of its name. Raises ModelError, and what came is kept for the next time, unless
    it is wrong. May be cancelled at any time."""
    workshop = make_private(models_root(cache) / WORKSHOP / model.kind / model.name)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S, sock_read=silence_s)
    with alone(workshop.with_name(f"{model.name}.lock")):
        _check_room(model, workshop)
        async with aiohttp.ClientSession(timeout=timeout, auto_decompress=False, trust_env=True) as session:
            download = _Download(session, model, workshop, trust, progress)
            first_seen = [name for name in model.files if await download.file(name)]
        return Fetched(_put(workshop, folder_of(model, cache)), tuple(first_seen))


class _Download:
    """The files of one model, one after the other."""

    def __init__(
        self, session: aiohttp.ClientSession, model: Model, workshop: Path, trust: Trust, progress: Progress
    ) -> None:
        self._session = session
        self._model = model
        self._workshop = workshop
        self._trust = trust
        self._progress = progress

    async def file(self, name: str) -> bool:
        """Leaves it in the workshop, checked; whether nobody could say beforehand what it should be."""
        file, path, part = self._model.files[name], self._workshop / name, PartFile(self._workshop / name)
        expected = expected_sha256(self._model, name, file, self._trust)
        if path.is_file() and await asyncio.to_thread(sha256_of, path) == expected:
            return False
        await self._transfer(name, part)
        found = await asyncio.to_thread(sha256_of, part.path)
        self._check(name, found, expected or part.state.stated_sha256, part)
        part.finish()
        if expected is None:
            self._trust.remember(self._model.url(name), found, path.stat().st_size)
        self._progress.ended(name)
        return expected is None

    async def _transfer(self, name: str, part: PartFile) -> None:
        """Until all of it is there; whenever it breaks off after some bytes came, from there on."""
        url = self._model.url(name)
        while not (part.state.is_whole and part.state.url == url):
            before = part.state
            try:
                await self._attempt(name, part)
            except (_BrokeOff, Unusable) as problem:
                if isinstance(problem, Outdated) and before.bytes:
                    part.discard()
                elif isinstance(problem, Unusable) or part.state.bytes <= before.bytes:
                    raise ModelError(f"{self._where(name)} {problem}{_kept(part.state)}") from problem
                self._progress.note(f"{self._where(name)} {problem}; it is asked once more")

    async def _attempt(self, name: str, part: PartFile) -> None:
        url, exact_bytes = self._model.url(name), self._model.files[name].bytes
        try:
            async with self._session.get(url, headers=request_headers(part.state, url)) as response:
                self._check_place(name, url, str(response.url))
                sent_on = [each.headers for each in response.history]
                answer = read_answer(response.status, response.headers, part.state, sent_on)
                self._check_size(name, exact_bytes, answer)
                part.begin(url, answer)
                self._progress.begins(name, answer.first_byte, answer.total_bytes)
                async for data in response.content.iter_chunked(CHUNK_BYTES):
                    part.append(data, exact_bytes or MAX_FILE_BYTES)
                    self._progress.came(len(data))
            part.ended()
        except TimeoutError as problem:
            raise _BrokeOff("was silent for too long") from problem
        except aiohttp.ClientSSLError as problem:
            raise ModelError(f"{self._where(name)} has no certificate that can be trusted") from problem
        except aiohttp.ClientConnectorError as problem:
            raise _BrokeOff(f"cannot be reached ({problem.os_error.strerror or problem.os_error})") from problem
        except aiohttp.ClientResponseError as problem:
            raise Unusable("sends on without end, or does not speak HTTP") from problem
        except aiohttp.InvalidURL as problem:
            raise ModelError(f"{self._where(name)} is no address that can be asked: look at the manifest") from problem
        except aiohttp.ClientError as problem:
            raise _BrokeOff("broke off in the middle of it") from problem

    def _check(self, name: str, found: str, expected: str | None, part: PartFile) -> None:
        if expected is None or found == expected:
            return
        part.discard()
        seen = self._trust.of(self._model.url(name)) if self._model.files[name].sha256 is None else None
        what = f"what it was on {seen.on}" if seen else "what it should be"
        remedy = f"; if it is known to be new: `roomtone models pull --renew {self._model.name}`" if seen else ""
        raise ModelError(
            f"{self._where(name)} sent something that is not {what} (sha256 {found[:12]}…, not {expected[:12]}…): "
            f"it was thrown away{remedy}"
        )

    def _check_size(self, name: str, exact_bytes: int | None, answer: Answer) -> None:
        total = answer.total_bytes or 0
        if total > MAX_FILE_BYTES or (exact_bytes and total and total != exact_bytes):
            expected = exact_bytes or f"{MAX_FILE_BYTES} at most"
            raise ModelError(f"{self._where(name)} has {total} bytes for it, not {expected}: is its address right?")
        _check_free(self._model, total - answer.first_byte, self._workshop)

    def _check_place(self, name: str, asked: str, came_from: str) -> None:
        if urlsplit(asked).scheme == "https" != urlsplit(came_from).scheme:
            raise ModelError(f"{self._where(name)} sends on to {came_from.partition(':')[0]}, where anybody may answer")

    def _where(self, name: str) -> str:
        return f"{self._model.title}: {name}: {urlsplit(self._model.url(name)).hostname}"


def _check_room(model: Model, workshop: Path) -> None:
    """Raises ModelError when the disk cannot hold what is still to come."""
    there = {path.name.removesuffix(".part"): path.stat().st_size for path in workshop.iterdir()}
    sizes: Mapping[str, int] = {name: file.bytes or file.about_bytes or 0 for name, file in model.files.items()}
    _check_free(model, sum(max(0, size - there.get(name, 0)) for name, size in sizes.items()), workshop)


def _check_free(model: Model, needed_bytes: int, folder: Path) -> None:
    free_bytes = shutil.disk_usage(folder).free
    if needed_bytes + MARGIN_BYTES > free_bytes:
        raise ModelError(
            f"{model.title} needs {_mb(needed_bytes + MARGIN_BYTES)} on the disk of {folder}, and {_mb(free_bytes)} "
            "are free: make room, or name another folder in ROOMTONE_CACHE"
        )


def _put(workshop: Path, folder: Path) -> Path:
    """Among the installed ones, in one step."""
    make_private(folder.parent)
    old = workshop.with_name(f"{workshop.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    workshop.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
    return folder


def _kept(part: Part) -> str:
    return f"; {_mb(part.bytes)} are kept, and the next pull goes on from there" if part.bytes else ""


def _mb(count_bytes: int) -> str:
    return f"{count_bytes / 1e6:,.0f} MB"
