"""Follows the trace beside the turns: each one that ends is counted, and kept.

No turn waits for it. When the disk is slow, events wait in the trace's bounded queue, and the oldest are lost.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from typing import Final

from roomtone.errors import StoreError
from roomtone_server.store.base import TurnStore
from roomtone_server.telemetry.folding import fold
from roomtone_server.telemetry.metrics import Metrics
from roomtone_server.telemetry.open_turns import OpenTurns
from roomtone_server.telemetry.record import TurnRecord, to_json
from roomtone_server.telemetry.trace import Trace, TraceEvent

# Turns that wait for a slow disk; of more than these the oldest are lost.
MAX_UNKEPT_TURNS: Final = 200

_LOGGER = logging.getLogger(__name__)


class Recorder:
    """`engines` are names by kind; in `faults` stands, under "turns", what keeps turns from being kept. `name_of` tells
    how a satellite is called, by its id, while it is there."""

    def __init__(
        self,
        store: TurnStore,
        metrics: Metrics,
        *,
        engines: Mapping[str, str],
        faults: MutableMapping[str, str],
        store_transcripts: bool,
        name_of: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._store = store
        self._metrics = metrics
        self._engines = engines
        self._faults = faults
        self._store_transcripts = store_transcripts
        self._name_of = name_of
        self._open = OpenTurns()
        self._ended: deque[TurnRecord] = deque(maxlen=MAX_UNKEPT_TURNS)

    async def follow(self, trace: Trace) -> None:
        """Records every turn that ends from now on, for ever; when cancelled, those that have ended by then."""
        with trace.watch() as events:
            try:
                while True:
                    self._take(await events.get())
                    await self._keep_all(events, trace)
            finally:
                await self._keep_all(events, trace)

    def _take(self, event: TraceEvent) -> None:
        turn = self._open.take(event)
        if turn is not None:
            record = self._fold(turn)
            self._metrics.count(record)
            self._ended.append(record)

    async def _keep_all(self, events: asyncio.Queue[TraceEvent], trace: Trace) -> None:
        """One turn after the other; what happens meanwhile is taken in between, or fifty that end at once would cost
        the events of those that go on."""
        while True:
            while not events.empty():
                self._take(events.get_nowait())
            if not self._ended:
                return
            await self._keep(self._ended.popleft(), trace)

    async def _keep(self, record: TurnRecord, trace: Trace) -> None:
        try:
            number = await self._store.add(record.satellite, record.began_at, to_json(record))
            self._faults.pop("turns", None)
            now_ns = round(asyncio.get_running_loop().time() * 1e9)
            trace.record(TraceEvent(record.satellite, record.turn, now_ns, "kept", {"number": number}))
        except StoreError as problem:
            if "turns" not in self._faults:  # a full disk is said once, not with every turn
                _LOGGER.warning("turns are not kept: %s", problem)
            self._faults["turns"] = str(problem)

    def _fold(self, turn: Sequence[TraceEvent]) -> TurnRecord:
        ago_s = asyncio.get_running_loop().time() - turn[0].at_ns / 1e9
        return fold(
            turn,
            began_at=time.time() - ago_s,
            engines=self._engines,
            store_transcripts=self._store_transcripts,
            satellite_name=self._name_of(turn[0].satellite),
        )
