"""Many turns in a few figures. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from roomtone_server.telemetry.percentiles import Percentiles, percentiles
from roomtone_server.telemetry.record import STAGES, Stage, TurnRecord


@dataclass(frozen=True, slots=True)
class Summary:
    """Percentiles are in ms; None where no turn has the figure."""

    turns: int
    outcomes: Mapping[str, int]  # the most frequent first
    whys: Mapping[str, int]
    v2v_ms: Percentiles | None
    s_ms: Percentiles | None  # of V2V, the silence that was waited for
    share_ms: Percentiles | None  # of V2V, all the rest: V2V - S
    stages: Mapping[Stage, Percentiles]


def summarise(records: Sequence[TurnRecord]) -> Summary:
    spoken = [(record.v2v_ms, record.silence_ms or 0) for record in records if record.v2v_ms is not None]
    by_stage = {
        stage: percentiles(record.stages[stage][1] - record.stages[stage][0] for record in _with(stage, records))
        for stage in STAGES
    }
    return Summary(
        turns=len(records),
        outcomes=dict(Counter(record.outcome for record in records).most_common()),
        whys=dict(Counter(record.why for record in records if record.why).most_common()),
        v2v_ms=percentiles(v2v_ms for v2v_ms, _ in spoken),
        s_ms=percentiles(float(silence_ms) for _, silence_ms in spoken),
        share_ms=percentiles(v2v_ms - silence_ms for v2v_ms, silence_ms in spoken),
        stages={stage: figures for stage, figures in by_stage.items() if figures is not None},
    )


def _with(stage: Stage, records: Sequence[TurnRecord]) -> list[TurnRecord]:
    return [record for record in records if stage in record.stages]
