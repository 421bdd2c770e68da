"""Percentiles, as numpy and spreadsheets count them: linear between the two nearest values. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Percentiles:
    """In the unit of the values."""

    count: int
    p50: float
    p95: float
    p99: float


def percentiles(values: Iterable[float]) -> Percentiles | None:
    """None when there is no value."""
    ordered = sorted(values)
    if not ordered:
        return None
    return Percentiles(len(ordered), *(round(_at(ordered, share), 1) for share in (0.50, 0.95, 0.99)))


def _at(ordered: Sequence[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])
