"""The embedded home: areas and entities from a file, services that act on nothing but their states.

It is what `roomtone demo` acts on, what tests act on, and a home of one's own where no Home Assistant is.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Final

from roomtone.engines import EngineSpec, Surroundings
from roomtone.errors import HomeError
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.home.base import Area, Entity, HomeSettings, Order, ServiceCall
from roomtone_server.home.changed import ChangedEntities
from roomtone_server.home.home_file import read_home_file
from roomtone_server.home.kept_states import FILE_NAME, Kept, StateFile, difference, read, restored
from roomtone_server.home.names import vocabulary_of
from roomtone_server.home.services import applied

# A scene may call a scene; one that comes back to itself must end.
MAX_CALL_DEPTH: Final = 8


class VirtualHomeSettings(HomeSettings):
    """`file`: the home's areas and entities; None: the small example home that comes with Roomtone."""

    file: Path | None = None


def _utc_now() -> datetime:
    return datetime.now(UTC)


class VirtualHome:
    """A `base.Home`. States outlive a restart; what the file no longer names is forgotten."""

    def __init__(
        self,
        settings: VirtualHomeSettings,
        surroundings: Surroundings,
        *,
        executor: Executor | None = None,
        now: Callable[[], datetime] = _utc_now,
    ) -> None:
        """`executor` is where files are read and written, one after the other; None makes a thread for it."""
        self._source = settings.file.expanduser() if settings.file else None
        self._kept_path = surroundings.state / FILE_NAME
        self._language = surroundings.language
        self._executor = executor or ThreadPoolExecutor(1, thread_name_prefix="home")
        self._owns_executor = executor is None
        self._states = StateFile(self._kept_path, self._executor)
        self._now = now
        self._areas: Sequence[Area] = ()
        self._first: dict[str, Entity] = {}  # as the file has them
        self._entities: dict[str, Entity] = {}  # as they are now
        self._kept: Kept = {}  # how the two differ
        self._changed = ChangedEntities()
        self._does: dict[str, tuple[ServiceCall, ...]] = {}  # scenes and scripts

    async def start(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._executor, self._load)

    def _load(self) -> None:
        with resources.as_file(resources.files(__package__) / "home.yaml") as example:
            home = read_home_file(self._source or example)
        self._areas, entities = home.parts()
        self._does = home.calls()
        self._first = {entity.id: entity for entity in entities}
        self._kept = {entity_id: left for entity_id, left in read(self._kept_path).items() if entity_id in self._first}
        self._entities = {entity.id: restored(entity, self._kept) for entity in entities}

    def fault(self) -> str | None:
        return None

    def area_of_device(self, device: str) -> None:
        """It has entities, and no devices."""

    def talker(self) -> None:
        """It has none."""

    def areas(self) -> Sequence[Area]:
        return self._areas

    def entities(self) -> Sequence[Entity]:
        return tuple(self._entities.values())

    async def administrators(self) -> frozenset[str]:
        return frozenset()

    async def call(self, call: ServiceCall, order: Order | None = None) -> None:  # noqa: ARG002 - it has services only
        before, after = self._entities, self._after(self._entities, call, depth=0)
        changed = {
            entity_id: difference(self._first[entity_id], entity)
            for entity_id, entity in after.items()
            if entity is not before[entity_id]
        }
        self._entities, self._kept = after, {**self._kept, **changed}
        self._changed.note(after[entity_id] for entity_id in changed)
        self._states.keep(self._kept)

    def _after(self, entities: dict[str, Entity], call: ServiceCall, depth: int) -> dict[str, Entity]:
        """All entities after the call; none of them changes when any part of it is refused."""
        if (entity := entities.get(call.entity)) is None:
            raise HomeError(f"there is no entity {call.entity}")
        if depth > MAX_CALL_DEPTH:
            raise HomeError(f"{call.entity} calls itself, through {MAX_CALL_DEPTH} others: mend the home's file")
        after = {**entities, entity.id: applied(entity, call, self._now())}
        for step in self._does.get(entity.id, ()) if call.service.endswith(".turn_on") else ():
            after = self._after(after, step, depth + 1)
        return after

    async def changes(self) -> AsyncGenerator[Vocabulary, None]:
        """The names in the file; they never change."""
        yield vocabulary_of(self._areas, self.entities(), self._language)

    def states(self) -> AsyncGenerator[Sequence[Entity], None]:
        return self._changed.follow()

    async def close(self) -> None:
        await self._states.settled()
        if self._owns_executor:
            await asyncio.to_thread(self._executor.shutdown)


ENGINE: Final = EngineSpec(
    name="virtual",
    settings=VirtualHomeSettings,
    make=VirtualHome,
    missing=lambda: None,
)
