"""All turns, drawn: how V2V is distributed, and of what the mean turn consists."""

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from roomtone_server.bench.svg import Axis, Style, document, text
from roomtone_server.bench.v2v.figures import mean_stages
from roomtone_server.bench.v2v.measure import STAGES, Result
from roomtone_server.telemetry.percentiles import Percentiles, percentiles

WIDTH: Final = 820
_LEFT, _RIGHT = 110, 780  # of both plots, in the picture's units
_TOP, _BOTTOM = 112, 272  # of the distribution
_FIRST_BAR, _BAR, _NEXT_BAR = 350, 16, 26  # of the mean turn
_TICKS: Final = 10
_BINS: Final = 50  # at most
_BIN_MS: Final = 20.0  # at least

_STYLE: Final = Style(
    light="""
    .turns { fill: #0969da } .silence { fill: #818b98 } .stt { fill: #1b7c83 } .agent { fill: #9a6700 }
    .tts { fill: #8250df } .speaker { fill: #0969da }""",
    dark="""
      .turns { fill: #4493f8 } .silence { fill: #656c76 } .stt { fill: #39c5cf } .agent { fill: #d29922 }
      .tts { fill: #ab7df8 } .speaker { fill: #4493f8 }""",
)


def picture(results: Sequence[Result]) -> str:
    """A complete SVG file. At least one turn counts."""
    v2v_ms = [result.v2v_ms for result in results if result.v2v_ms is not None]
    whole = percentiles(v2v_ms)
    means = mean_stages(results)
    assert whole
    bin_ms = max(_BIN_MS, math.ceil(max(v2v_ms) / _BINS / _BIN_MS) * _BIN_MS)
    axis = Axis(0, (max(v2v_ms) // bin_ms + 1) * bin_ms, _LEFT, _RIGHT)
    height = _FIRST_BAR + _NEXT_BAR * len(STAGES) + 54
    parts = [
        text(40, 34, "From the user's last sound to the reply's first (V2V)", "title"),
        text(40, 56, f"turns: {whole.count}; V2V p50 {whole.p50:.0f} ms, p95 {whole.p95:.0f} ms", "minor"),
        *_distribution(v2v_ms, whole, axis, bin_ms),
        text(40, _FIRST_BAR - 22, f"The mean turn: {sum(means.values()):.0f} ms", "title"),
        *_waterfall(means, axis),
        *_scale(axis, _FIRST_BAR + _NEXT_BAR * len(STAGES) + 18),
    ]
    return document(WIDTH, height, _STYLE, parts)


def _distribution(v2v_ms: Sequence[float], whole: Percentiles, axis: Axis, bin_ms: float) -> Iterator[str]:
    """A bar for each bin, as high as turns are in it."""
    bins = [math.floor(ms / bin_ms) for ms in v2v_ms]
    most = max(bins.count(number) for number in bins)
    for number in sorted(set(bins)):
        left, right = axis.x(number * bin_ms), axis.x((number + 1) * bin_ms)
        top = _BOTTOM - bins.count(number) / most * (_BOTTOM - _TOP)
        yield f'<path class="turns" d="M{left:.1f} {_BOTTOM}V{top:.1f}H{right - 1:.1f}V{_BOTTOM}z"/>'
    yield f'<path class="grid" d="M{_LEFT} {_BOTTOM}H{_RIGHT}"/>'
    yield text(_LEFT - 10, _TOP + 10, f"{most} turn{'s' * (most > 1)}", "minor", anchor="end")
    for name, ms, y in (("p50", whole.p50, _TOP - 8), ("p95", whole.p95, _TOP - 26)):
        yield f'<path class="mark" d="M{axis.x(ms):.1f} {y + 4}V{_BOTTOM}"/>'
        yield text(axis.x(ms), y, f"{name} {ms:.0f}", anchor="middle")
    yield from _scale(axis, _BOTTOM + 18)


def _waterfall(means: dict[str, float], axis: Axis) -> Iterator[str]:
    """A bar for each stage, beginning where the one before ends."""
    ends_ms = list(accumulate(means.values()))
    for number, (stage, ms) in enumerate(means.items()):
        begin, end = axis.x(ends_ms[number] - ms), axis.x(ends_ms[number])
        y = _FIRST_BAR + _NEXT_BAR * number
        length = max(1.0, end - begin)
        yield text(_LEFT - 10, y + _BAR - 3, stage, "minor", anchor="end")
        yield f'<rect class="{stage}" x="{begin:.1f}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="2"/>'
        past_the_middle = end > (_LEFT + _RIGHT) / 2
        beside, anchor = (begin - 8, "end") if past_the_middle and begin > _LEFT + 60 else (end + 8, "start")
        yield text(beside, y + _BAR - 3, f"{ms:.0f} ms", anchor=anchor)


def _scale(axis: Axis, y: float) -> Iterator[str]:
    for ms in axis.ticks(_TICKS):
        yield text(axis.x(ms), y, f"{ms:g}", "minor", anchor="middle")
    yield text(_RIGHT, y + 18, "ms", "minor", anchor="end")
