"""One process at a time."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from roomtone.errors import ModelError


@contextlib.contextmanager
def alone(path: Path, *, wait: bool = False) -> Iterator[None]:
    """Holds the lock file; the kernel frees it with the process. Raises ModelError when another holds it, unless it is
    to `wait`."""
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise ModelError(f"{path.stem} is being fetched by another program: let it finish") from None
        yield
    finally:
        os.close(lock)
