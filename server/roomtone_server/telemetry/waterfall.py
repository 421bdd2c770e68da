"""A turn's stages in text: a bar for each, all on one time axis. Pure."""

import math
from collections.abc import Iterator
from typing import Final

from roomtone_server.telemetry.record import STAGES, Span, TurnRecord

MIN_WIDTH: Final = 40
MAX_WIDTH: Final = 100  # a wider picture says no more
_LABEL: Final = 9
_DURATION: Final = 11  # "  12345 ms"
_STEPS_MS: Final = (100, 200, 500, 1000, 2000, 5000, 10_000, 20_000)  # from one mark of the axis to the next


def waterfall(record: TurnRecord, width: int) -> Iterator[str]:
    """Lines of at most `width` characters, held to what is legible; none for a turn without a stage."""
    if not record.stages:
        return
    cells = min(max(width, MIN_WIDTH), MAX_WIDTH) - _LABEL - _DURATION
    whole_ms = max(1.0, *(end_ms for _, end_ms in record.stages.values()))
    for stage in STAGES:
        if stage in record.stages:
            yield _bar(stage, record.stages[stage], whole_ms, cells)
    if record.v2v_ms is not None:
        begin_ms, _ = record.stages["silence"]
        yield _bar("V2V", (begin_ms, begin_ms + record.v2v_ms), whole_ms, cells)
    yield _axis(whole_ms, cells)


def _bar(label: str, span: Span, whole_ms: float, cells: int) -> str:
    begin, end = (round(ms / whole_ms * cells) for ms in span)
    begin = min(begin, cells - 1)
    drawn = "━" * max(1, end - begin)  # a stage that took no time is still seen
    return f"{label:{_LABEL}}{' ' * begin}{drawn} {span[1] - span[0]:.0f} ms"


def _axis(whole_ms: float, cells: int) -> str:
    most = cells // 8  # so many marks have room
    step_ms = next((step_ms for step_ms in _STEPS_MS if whole_ms / step_ms <= most), _STEPS_MS[-1])
    line = [" "] * (cells + _DURATION)
    for number in range(math.floor(whole_ms / step_ms) + 1):
        mark = f"{number * step_ms / 1000:g} s"
        at = round(number * step_ms / whole_ms * cells)
        line[at : at + len(mark)] = mark
    return " " * _LABEL + "".join(line).rstrip()
