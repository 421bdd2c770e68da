"""How a download is shown: bars in a terminal, where rich is installed; else a line now and then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from roomtone_server.models.fetching import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

LINES_PER_FILE: Final = 4  # of a large one
SMALL_BYTES: Final = 2**20  # of which only the end is told


class Lines:
    """Progress in lines, for logs and for terminals without rich."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._file = ""
        self._done_bytes = 0
        self._total_bytes: int | None = None

    def begins(self, file: str, done_bytes: int, total_bytes: int | None) -> None:
        self._file, self._done_bytes, self._total_bytes = file, done_bytes, total_bytes

    def came(self, count_bytes: int) -> None:
        before = self._share()
        self._done_bytes += count_bytes
        if before < self._share() < LINES_PER_FILE:
            self._say(f"{self._file}: {in_mb(self._done_bytes)} of {in_mb(self._total_bytes or 0)}")

    def ended(self, file: str) -> None:
        self._say(f"{file}: {in_mb(self._done_bytes)}, whole")

    def note(self, words: str) -> None:
        self._say(words)

    def _share(self) -> int:
        """Of the file, in whole parts."""
        total = self._total_bytes
        return LINES_PER_FILE * self._done_bytes // total if total and total > SMALL_BYTES else 0


class _Shown:
    """Progress as bars, one for each file."""

    def __init__(self, bars: "Bars") -> None:
        self._bars = bars
        self._task: TaskID | None = None
        self._file = ""

    def begins(self, file: str, done_bytes: int, total_bytes: int | None) -> None:
        if self._task is None or file != self._file:
            self._task, self._file = self._bars.add_task(file, total=total_bytes), file
        self._bars.update(self._task, completed=done_bytes, total=total_bytes)

    def came(self, count_bytes: int) -> None:
        if self._task is not None:
            self._bars.advance(self._task, count_bytes)

    def ended(self, file: str) -> None:
        if self._task is not None and file == self._file:
            self._bars.update(self._task, description=f"{file}, whole")

    def note(self, words: str) -> None:
        self._bars.print(words, style="yellow", markup=False)


@contextmanager
def shown(say: Callable[[str], None], *, in_terminal: bool) -> Iterator[Progress]:
    """Progress to be told to; `say` prints a line."""
    if not in_terminal or find_spec("rich") is None:
        yield Lines(say)
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn())
    with Bars(*columns, TransferSpeedColumn(), TimeRemainingColumn()) as bars:
        yield _Shown(bars)


def in_mb(count_bytes: int) -> str:
    """A size as people read it; 1 MB is a million bytes."""
    if count_bytes >= 1e9:
        return f"{count_bytes / 1e9:.1f} GB"
    return f"{count_bytes / 1e6:.1f} MB" if count_bytes >= 1e5 else f"{count_bytes / 1e3:.1f} kB"
