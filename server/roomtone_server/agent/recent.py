"""What may be spoken of again for a while: by conversation, or by satellite."""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

# What makes up new conversations all day must not fill the memory.
MAX_RECENT: Final = 64

T = TypeVar("T")


class Recent(Generic[T]):
    """One thing per key, for a limited time; an empty key has none."""

    def __init__(self, lasts_s: float, monotonic: Callable[[], float]) -> None:
        self._lasts_s = lasts_s
        self._monotonic = monotonic
        self._things: dict[str, tuple[T, float]] = {}

    def note(self, key: str, thing: T) -> None:
        """Replaces what was there; beyond the limit, the oldest is forgotten."""
        self.forget(key)
        if not key:
            return
        while len(self._things) >= MAX_RECENT:
            del self._things[next(iter(self._things))]
        self._things[key] = thing, self._monotonic() + self._lasts_s

    def find(self, key: str) -> T | None:
        thing, until = self._things.get(key, (None, 0.0))
        return thing if self._monotonic() <= until else None

    def forget(self, key: str) -> None:
        self._things.pop(key, None)
