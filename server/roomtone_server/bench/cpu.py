"""CPU time, of an engine that works in calls, in threads and in processes of its own."""

import os
import resource
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
# In /proc/PID/stat behind the name: see proc_pid_stat(5). utime, stime, and those of its ended children.
_PARENT, _TIMES = 1, slice(11, 15)


class EngineMeter:
    """What one engine in this process takes while nothing else works in it but one event loop.

    Counted are all processes that descend from this one, all threads but that of the loop, and on it what happens
    within `call`. Not counted is the rest of the loop: whoever feeds the engine, and the clock by which that is done.
    """

    def __init__(self) -> None:
        self._calls_s = 0.0

    @contextmanager
    def call(self) -> Iterator[None]:
        """Around each call of the engine, on the loop's thread."""
        began_s = time.thread_time()
        try:
            yield
        finally:
            self._calls_s += time.thread_time() - began_s

    def taken_s(self) -> float | None:
        """User and system time since some fixed moment, asked on the loop's thread; processes count in ticks of 10 ms.
        None where there is no /proc, and what worker processes take is not known before they end."""
        workers_s = descendants_s()
        if workers_s is None:
            return None
        return workers_s + time.process_time() - time.thread_time() + self._calls_s


def descendants_s() -> float | None:
    """CPU time of all processes that descend from this one, those that have ended too; None without /proc."""
    if not (_PROC / "self" / "stat").exists():
        return None
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    ticks, children = _processes()
    unseen, living_ticks = [os.getpid()], 0
    while unseen:
        born = children[unseen.pop()]
        living_ticks += sum(ticks[pid] for pid in born)
        unseen += born
    return ended.ru_utime + ended.ru_stime + living_ticks / os.sysconf("SC_CLK_TCK")


def _processes() -> tuple[dict[int, int], defaultdict[int, list[int]]]:
    """Of every process its time and that of its ended children, in ticks; and its living children."""
    ticks: dict[int, int] = {}
    children = defaultdict[int, list[int]](list)
    for folder in _PROC.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            fields = (folder / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
        pid = int(folder.name)
        ticks[pid] = sum(int(field) for field in fields[_TIMES])
        children[int(fields[_PARENT])].append(pid)
    return ticks, children
