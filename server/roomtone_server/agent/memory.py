"""What the house was asked to remember, in the words in which it was told."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from roomtone_server.store.base import FactStore, StoredFact

# What is told all day must fill neither the store nor the memory.
MAX_FACTS: Final = 200
MAX_FACT_CHARACTERS: Final = 300

Fact = StoredFact


@dataclass(frozen=True, slots=True)
class Remember:
    text: str


@dataclass(frozen=True, slots=True)
class ForgetFact:
    id: str


MemoryChange = Remember | ForgetFact


class Memory:
    """All facts, in memory and in their store."""

    def __init__(self, store: FactStore, wall: Callable[[], float]) -> None:
        self._store = store
        self._wall = wall
        self._facts: dict[str, Fact] = {}

    async def load(self) -> None:
        self._facts = {fact.id: fact for fact in await self._store.list()}

    def all(self) -> Sequence[Fact]:
        """In the order in which they were told."""
        return tuple(self._facts.values())

    async def apply(self, change: MemoryChange) -> None:
        """Carries a change out; when it returns, the change outlives a crash. Raises StoreError."""
        if isinstance(change, Remember):
            fact = Fact(uuid4().hex, change.text, self._wall())
            await self._store.save(fact)
            self._facts[fact.id] = fact
        else:
            await self._store.remove(change.id)
            self._facts.pop(change.id, None)
