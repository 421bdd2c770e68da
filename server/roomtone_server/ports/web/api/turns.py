"""The turns that are over: the last ones, each in full, and how they fare together."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import fields
from http import HTTPStatus
from typing import Any, Final

from roomtone_server.ports.web.api.endpoint import AnyEndpoint, Call, Endpoint, any_of
from roomtone_server.ports.web.api.requests import ListTurns, StatsOfTurns, TurnByNumber
from roomtone_server.ports.web.api.shapes import Bucket, Turn, Turns, TurnStats, TurnSummary
from roomtone_server.ports.web.problems import Problem
from roomtone_server.store.base import StoredTurn, TurnStore, WhichTurns
from roomtone_server.telemetry.record import TurnRecord, from_json
from roomtone_server.telemetry.summary import Summary, summarise

BUCKETS: Final = 24  # points of a small plot: of a day, its hours
_S_PER_HOUR: Final = 3600.0


def turn_endpoints(store: TurnStore) -> Sequence[AnyEndpoint]:
    asked = _Turns(store)
    return any_of(
        Endpoint("GET", "/api/turns", "read", "The last turns", asked.latest, ListTurns, answer=Turns),
        Endpoint("GET", "/api/turns/stats", "read", "Percentiles", asked.stats, StatsOfTurns, answer=TurnStats),
        Endpoint(
            "GET",
            "/api/turns/{number}",
            "read",
            "One turn, with each of its stages",
            asked.one,
            TurnByNumber,
            answer=Turn,
            refusals={404: "There is no such turn, or no longer."},
        ),
    )


class _Turns:
    def __init__(self, store: TurnStore) -> None:
        self._store = store

    async def latest(self, call: Call[ListTurns]) -> Turns:
        asked = call.parameters
        which = WhichTurns(asked.satellite or "", asked.area or "", asked.outcome or "", asked.before)
        found = await self._store.latest(asked.limit + 1, which)  # one more tells whether there are more
        newest_first = [summary_of(turn) for turn in reversed(found)]
        return Turns(turns=newest_first[: asked.limit], more=len(found) > asked.limit)

    async def one(self, call: Call[TurnByNumber]) -> Turn:
        found = await self._store.find(call.parameters.number)
        if found is None:
            raise Problem(HTTPStatus.NOT_FOUND, "No such turn", "it never was, or it is no longer kept")
        record = from_json(found.record)
        return Turn(**_summary(found, record), **_kept(record))

    async def stats(self, call: Call[StatsOfTurns]) -> TurnStats:
        asked = call.parameters
        began_at = time.time() - asked.hours * _S_PER_HOUR
        which = WhichTurns(asked.satellite or "", asked.area or "")
        found = await self._store.since(began_at, which)
        return await asyncio.to_thread(_stats, found, began_at, asked.hours)


def summary_of(turn: StoredTurn) -> TurnSummary:
    return TurnSummary(**_summary(turn, from_json(turn.record)))


def _summary(turn: StoredTurn, record: TurnRecord) -> dict[str, Any]:
    return {
        "number": turn.number,
        "satellite": turn.satellite,
        "satellite_name": turn.name or record.satellite_name or turn.satellite,
        "area": turn.area,
        "began_at": turn.began_at,
        "begun_by": record.begun_by,
        "outcome": record.outcome,
        "why": record.why,
        "why_words": record.why_words,
        "v2v_ms": record.v2v_ms,
        "silence_ms": record.silence_ms,
    }


def _kept(record: TurnRecord) -> dict[str, Any]:
    """What a turn tells beyond its summary."""
    of_turn = Turn.model_fields.keys() - TurnSummary.model_fields.keys()
    return {each.name: getattr(record, each.name) for each in fields(record) if each.name in of_turn}


def _stats(found: Sequence[StoredTurn], began_at: float, hours: float) -> TurnStats:
    records = [from_json(turn.record) for turn in found]
    summary = summarise(records)
    return TurnStats(
        **_figures(summary),
        hours=hours,
        outcomes=summary.outcomes,
        whys=summary.whys,
        bucket_s=hours * _S_PER_HOUR / BUCKETS,
        buckets=list(_buckets(records, began_at, hours * _S_PER_HOUR / BUCKETS)),
    )


def _buckets(records: Sequence[TurnRecord], began_at: float, bucket_s: float) -> Iterator[Bucket]:
    bucketed: list[list[TurnRecord]] = [[] for _ in range(BUCKETS)]
    for record in records:  # one that began while they were fetched is among the last
        bucketed[min(int((record.began_at - began_at) / bucket_s), BUCKETS - 1)].append(record)
    for number, some in enumerate(bucketed):
        yield Bucket(begins_at=began_at + number * bucket_s, **_figures(summarise(some)))


def _figures(summary: Summary) -> dict[str, Any]:
    return {
        "turns": summary.turns,
        "v2v_ms": summary.v2v_ms,
        "silence_ms": summary.s_ms,
        "share_ms": summary.share_ms,
        "stages": summary.stages,
    }
