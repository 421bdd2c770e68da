"""What installed distributions declare by entry point."""

from collections.abc import Callable
from functools import cache
from importlib.metadata import EntryPoints
from typing import Any


def declared(find: Callable[[], Any], group: str) -> EntryPoints:
    """The entry points of a group. `find` is `importlib.metadata.entry_points`, which reads the metadata of everything
    that is installed, and takes 10 ms: it is asked once per process."""
    points: EntryPoints = _all(find).select(group=group)
    return points


@cache
def _all(find: Callable[[], Any]) -> Any:  # noqa: ANN401 - of Python 3.11 it is another class than of 3.12
    return find()
