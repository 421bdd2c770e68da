"""A home whose media players are turned down while somebody talks with a satellite in their area, and brought back.

It never makes them louder than they were, and leaves alone what somebody has set meanwhile. Whoever asks is told how
loud they are without it, and whoever wants them louder or softer goes on from there. What is turned down is written
down: a server that was killed in the middle brings it back when it starts again.
"""

import asyncio
import logging
import math
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from typing import Final

from roomtone.errors import HomeError, StoreError
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.home.base import Area, Entity, Home, Order, ServiceCall, Talker
from roomtone_server.store.base import DuckedStore, StoredDucked

_LOGGER = logging.getLogger(__name__)

_VOLUME_SERVICES: Final = {f"media_player.volume_{each}" for each in ("set", "up", "down")}
_CAN_SET_VOLUME: Final = 4  # of Home Assistant's `supported_features`; the virtual home's players can, and tell none

# A player may round a volume to its own steps.
SAME_VOLUME: Final = 0.03
# A home that has to ask a player for its state tells so late that it is as loud as before.
TOLD_WITHIN_S: Final = 15.0
# What a home refuses while it starts anew, it does a little later.
BACK_AFTER_S: Final = (0.0, 1.0, 5.0, 30.0, 120.0)
CLOSES_WITHIN_S: Final = 5.0


class Player:
    """How loud one media player is, and was before it was turned down. Pure; volumes are 0 to 1, `now` is monotonic, in
    seconds."""

    def __init__(self, down: tuple[float, float] | None = None) -> None:
        """`down` as a Player before this one told it."""
        self._before, self._lowered = down or (0.0, 0.0)
        self.is_down = down is not None
        self._back_at = -math.inf

    @property
    def down(self) -> tuple[float, float] | None:
        """How loud it was, and to what it was turned down; None where it is not."""
        return (self._before, self._lowered) if self.is_down else None

    def volume(self, told: float, now: float) -> float:
        """How loud it is without us, when it tells this: the same as it tells, if somebody has set it."""
        is_late = now - self._back_at < TOLD_WITHIN_S
        return self._before if (self.is_down or is_late) and _same(told, self._lowered) else told

    def lower(self, told: float, share: float, now: float) -> float | None:
        """The volume to set, to that share of what it is; None where it is turned down already, or silent."""
        if self.is_down and not self._was_set(told):
            return None
        self._before = self.volume(told, now)
        self._lowered = round(self._before * share, 2)
        self.is_down = self._lowered < self._before
        return self._lowered if self.is_down else None

    def bring_back(self, told: float | None) -> float | None:
        """The volume to set, until it `is_back`; None where somebody has set another one, or it was never turned down.
        `told` is None for one that is off."""
        if told is not None and self._was_set(told):
            self.is_down = False
        return self._before if self.is_down else None

    def is_back(self, now: float) -> None:
        self.is_down, self._back_at = False, now

    def forget(self) -> None:
        """Somebody sets another volume just now: what it tells from now on is so."""
        self.is_down, self._back_at = False, -math.inf

    def _was_set(self, told: float) -> bool:
        return not _same(told, self._lowered) and not _same(told, self._before)


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= SAME_VOLUME


@dataclass(slots=True)
class _Attention:
    """How many talk with satellites in one area just now."""

    count: int = 0
    rests: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Ducked:
    player: Player = field(default_factory=Player)
    calls: asyncio.Lock = field(default_factory=asyncio.Lock)  # one after the other
    noted: tuple[float, float] | None = None  # of the player, `down`, as the store has it


class DuckingHome:
    """A `base.Home` around another. One event loop."""

    def __init__(self, home: Home, share: float, store: DuckedStore) -> None:
        """Players are turned down to `share` of their volume, 0 to 1."""
        self._home = home
        self._share = share
        self._store = store
        self._attention: dict[str, _Attention] = {}  # by area
        self._ducked: dict[str, _Ducked] = {}  # by entity id; as many as the home has players
        self._running = AsyncExitStack()
        self._tasks: asyncio.TaskGroup | None = None
        self._holding: set[asyncio.Task[None]] = set()
        self._clock = asyncio.get_running_loop().time

    async def start(self) -> None:
        """And brings back what a server before this one has left turned down. Raises StoreError too."""
        left = await self._store.list()
        await self._home.start()
        self._tasks = await self._running.enter_async_context(asyncio.TaskGroup())
        for each in left:
            down = each.before, each.lowered
            ducked = self._ducked[each.entity] = _Ducked(Player(down), noted=down)
            self._begin(self._tasks, self._come_back(each.entity, ducked), each.entity)

    async def close(self) -> None:
        """Brings back what is turned down."""
        while self._attention:
            self._attention.popitem()[1].rests.set()
        self._tasks = None
        if self._holding:
            await asyncio.wait(self._holding, timeout=CLOSES_WITHIN_S)
        for task in self._holding:
            task.cancel()
        await self._running.aclose()
        await self._home.close()

    # --- what is turned down, and when -------------------------------------------------------------------------------

    def talk_began(self, area: str) -> None:
        """Somebody in the area talks with a satellite, until `talk_ended`; perhaps others do too."""
        attention = self._attention.setdefault(area.casefold(), _Attention())
        attention.count += 1
        if attention.count == 1:
            attention.rests.clear()
            self._turn_down(area, attention)

    def talk_ended(self, area: str) -> None:
        """As often as it began."""
        attention = self._attention.get(area.casefold())
        if attention is not None:
            attention.count -= 1
            if attention.count == 0:
                del self._attention[area.casefold()]
                attention.rests.set()

    def _turn_down(self, area: str, attention: _Attention) -> None:
        for entity in self._home.entities():
            is_here = (entity.area or "").casefold() == area.casefold()
            if self._tasks is not None and is_here and (_plays(entity) or self._is_down(entity.id)):
                self._begin(self._tasks, self._hold(entity.id, attention), entity.id)

    def _begin(self, tasks: asyncio.TaskGroup, work: Coroutine[None, None, None], entity_id: str) -> None:
        task = tasks.create_task(work, name=f"{entity_id}: ducked")
        self._holding.add(task)
        task.add_done_callback(self._holding.discard)

    async def _hold(self, entity_id: str, attention: _Attention) -> None:
        """One player, until nobody talks there any more."""
        ducked = self._ducked.setdefault(entity_id, _Ducked())
        async with ducked.calls:
            volume = _volume(self._entity(entity_id))
            if volume is not None and not attention.rests.is_set():
                lowered = ducked.player.lower(volume, self._share, self._clock())
                if lowered is not None:
                    await self._note(entity_id, ducked)
                    await self._set_volume(entity_id, lowered)
        await attention.rests.wait()
        await self._come_back(entity_id, ducked)

    async def _come_back(self, entity_id: str, ducked: _Ducked) -> None:
        """If somebody talks there again meanwhile, it is theirs to bring back."""
        for delay_s in BACK_AFTER_S:
            await asyncio.sleep(delay_s)
            if self._is_attended(entity_id) or await self._bring_back(entity_id, ducked):
                return
        _LOGGER.warning("%s could not be brought back to its volume; it stays turned down", entity_id)

    async def _bring_back(self, entity_id: str, ducked: _Ducked) -> bool:
        """Whether there is nothing left to do."""
        async with ducked.calls:
            if (entity := self._entity(entity_id)) is None:
                return False  # a home that starts anew does not know it yet
            before = ducked.player.bring_back(_volume(entity))
            if before is not None and await self._set_volume(entity_id, before):
                ducked.player.is_back(self._clock())
            await self._note(entity_id, ducked)
            return not ducked.player.is_down

    async def _note(self, entity_id: str, ducked: _Ducked) -> None:
        """Writes down whether it is down, unless that is known."""
        if (down := ducked.player.down) == ducked.noted:
            return
        try:
            if down is None:
                await self._store.remove(entity_id)
            else:
                await self._store.save(StoredDucked(entity_id, *down))
        except StoreError as problem:  # it is brought back all the same, unless the server is killed
            _LOGGER.warning("%s", problem)
        else:
            ducked.noted = down

    async def _set_volume(self, entity_id: str, volume: float) -> bool:
        """Whether the home has done it."""
        try:
            await self._home.call(ServiceCall("media_player.volume_set", entity_id, {"volume_level": volume}))
        except HomeError as problem:
            _LOGGER.info("%s: its volume was not set: %s", entity_id, problem)
            return False
        return True

    def _is_down(self, entity_id: str) -> bool:
        """Of one that somebody has paused meanwhile: it is to be brought back all the same."""
        ducked = self._ducked.get(entity_id)
        return ducked is not None and ducked.player.is_down

    def _is_attended(self, entity_id: str) -> bool:
        entity = self._entity(entity_id)
        return entity is not None and (entity.area or "").casefold() in self._attention

    def _entity(self, entity_id: str) -> Entity | None:
        return next((each for each in self._home.entities() if each.id == entity_id), None)

    # --- a home like the other ---------------------------------------------------------------------------------------

    def entities(self) -> Sequence[Entity]:
        entities = self._home.entities()
        return [self._as_it_is(each) for each in entities] if self._ducked else entities

    def _as_it_is(self, entity: Entity) -> Entity:
        told, ducked = _volume(entity), self._ducked.get(entity.id)
        if ducked is None or told is None:
            return entity
        volume = ducked.player.volume(told, self._clock())
        return entity if volume == told else replace(entity, attributes={**entity.attributes, "volume_level": volume})

    async def call(self, call: ServiceCall, order: Order | None = None) -> None:
        """One that sets a player's volume brings it back first."""
        if call.service in _VOLUME_SERVICES and (ducked := self._ducked.get(call.entity)) is not None:
            await self._bring_back(call.entity, ducked)
            ducked.player.forget()
            await self._note(call.entity, ducked)
        await self._home.call(call, order)

    def fault(self) -> str | None:
        return self._home.fault()

    def talker(self) -> Talker | None:
        return self._home.talker()

    def areas(self) -> Sequence[Area]:
        return self._home.areas()

    def area_of_device(self, device: str) -> str | None:
        return self._home.area_of_device(device)

    async def administrators(self) -> frozenset[str]:
        return await self._home.administrators()

    def changes(self) -> AsyncGenerator[Vocabulary, None]:
        return self._home.changes()

    async def states(self) -> AsyncGenerator[Sequence[Entity], None]:
        async with aclosing(self._home.states()) as states:
            async for entities in states:
                yield [self._as_it_is(each) for each in entities]


def _plays(entity: Entity) -> bool:
    """Whether it is a media player that plays, and can be set to a volume."""
    if entity.domain != "media_player" or entity.state != "playing" or _volume(entity) is None:
        return False
    features = entity.attributes.get("supported_features")
    return not isinstance(features, int) or bool(features & _CAN_SET_VOLUME)


def _volume(entity: Entity | None) -> float | None:
    """As it tells; None where it does not, or is not there."""
    attributes: Mapping[str, object] = {} if entity is None else entity.attributes
    told = attributes.get("volume_level")
    return float(told) if isinstance(told, int | float) else None
