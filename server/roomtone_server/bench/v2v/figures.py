"""All turns in a few figures."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from roomtone_server.bench.v2v.measure import STAGES, Outcome, Result
from roomtone_server.telemetry.percentiles import percentiles


def figures(results: Sequence[Result]) -> dict[str, Any]:
    """The `--json` object: `turns` are those that count; percentiles are of them, in ms, null when there is none."""
    counted = [result for result in results if result.outcome is Outcome.COUNTED]
    return {
        "turns": len(counted),
        "v2v_ms": _percentiles(result.v2v_ms for result in counted),
        "s_ms": _percentiles(result.s_ms for result in counted),
        "share_ms": _percentiles(result.share_ms for result in counted),
        "stages": {stage: _percentiles(result.stages[stage] for result in counted) for stage in STAGES},
        "commands": [_command(result) for result in results],
    }


def mean_stages(results: Sequence[Result]) -> dict[str, float]:
    """The mean of each stage, in ms, of the turns that count; there is at least one."""
    counted = [result for result in results if result.outcome is Outcome.COUNTED]
    return {stage: sum(result.stages[stage] for result in counted) / len(counted) for stage in STAGES}


def _percentiles(values: Iterable[float | None]) -> dict[str, float | None]:
    found = percentiles(value for value in values if value is not None)
    return {name: getattr(found, name, None) for name in ("p50", "p95", "p99")}


def _command(result: Result) -> Mapping[str, Any]:
    return {
        "command": result.command.name,
        "text": result.command.text,
        "outcome": result.outcome.value,
        "heard": result.heard,
        "v2v_ms": _rounded(result.v2v_ms),
        "s_ms": result.s_ms,
        "stages": {stage: _rounded(ms) for stage, ms in result.stages.items()},
    }


def _rounded(ms: float | None) -> float | None:
    return None if ms is None else round(ms, 1)
