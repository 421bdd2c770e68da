"""Follows the trace beside the turns: each one that ends is counted, and kept.

No turn waits for it. When the disk is slow, events wait in the trace's bounded queue, and the oldest are lost.
"""

import asyncio
import logging
import time
from collections.abc import Mapping, MutableMapping, Sequence

from roomtone.errors import StoreError
from roomtone_server.store.base import TurnStore
from roomtone_server.telemetry.folding import fold
from roomtone_server.telemetry.metrics import Metrics
from roomtone_server.telemetry.open_turns import OpenTurns
from roomtone_server.telemetry.record import TurnRecord, to_json
from roomtone_server.telemetry.trace import Trace, TraceEvent

_LOGGER = logging.getLogger(__name__)


class Recorder:
    """`engines` are names by kind; in `faults` stands, under "turns", what keeps turns from being kept."""

    def __init__(
        self,
        store: TurnStore,
        metrics: Metrics,
        *,
        engines: Mapping[str, str],
        faults: MutableMapping[str, str],
        store_transcripts: bool,
    ) -> None:
        self._store = store
        self._metrics = metrics
        self._engines = engines
        self._faults = faults
        self._store_transcripts = store_transcripts
        self._open = OpenTurns()

    async def follow(self, trace: Trace) -> None:
        """Records every turn that ends from now on, for ever; when cancelled, those that have ended by then."""
        with trace.watch() as events:
            try:
                while True:
                    await self._take(await events.get())
            finally:
                while not events.empty():
                    await self._take(events.get_nowait())

    async def _take(self, event: TraceEvent) -> None:
        turn = self._open.take(event)
        if turn is None:
            return
        record = self._fold(turn)
        self._metrics.count(record)
        try:
            await self._store.add(record.satellite, record.began_at, to_json(record))
            self._faults.pop("turns", None)
        except StoreError as problem:
            if "turns" not in self._faults:  # a full disk is said once, not with every turn
                _LOGGER.warning("turns are not kept: %s", problem)
            self._faults["turns"] = str(problem)

    def _fold(self, turn: Sequence[TraceEvent]) -> TurnRecord:
        ago_s = asyncio.get_running_loop().time() - turn[0].at_ns / 1e9
        return fold(
            turn, began_at=time.time() - ago_s, engines=self._engines, store_transcripts=self._store_transcripts
        )
