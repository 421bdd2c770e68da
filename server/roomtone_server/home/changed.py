"""Which entities have changed since somebody last asked."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from dataclasses import dataclass, field

from roomtone_server.home.base import Entity


@dataclass(slots=True, eq=False)
class _Follower:
    changed: dict[str, Entity] = field(default_factory=dict)  # by id: at most as many as the home has
    rung: asyncio.Event = field(default_factory=asyncio.Event)


class ChangedEntities:
    """One event loop. Who is slow is told of the last state alone."""

    def __init__(self) -> None:
        self._followers: set[_Follower] = set()

    def note(self, entities: Iterable[Entity]) -> None:
        """They have changed, to this."""
        changed = {entity.id: entity for entity in entities} if self._followers else {}
        for follower in self._followers if changed else ():
            follower.changed |= changed
            follower.rung.set()

    async def follow(self) -> AsyncGenerator[Sequence[Entity], None]:
        """Those that change from now on, for ever."""
        follower = _Follower()
        self._followers.add(follower)
        try:
            while True:
                await follower.rung.wait()
                follower.rung.clear()
                told, follower.changed = list(follower.changed.values()), {}
                yield told
        finally:
            self._followers.discard(follower)
