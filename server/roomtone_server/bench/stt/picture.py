"""A sweep over thresholds, drawn as SVG: readable on light and on dark, needing no letters or styles from elsewhere."""

import math
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from roomtone_server.bench.judge import Verdict
from roomtone_server.bench.stt.sweep import ACTING, Step, step_at

WIDTH: Final = 820
HEIGHT: Final = 460
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 796, 128, 404  # of the plot, in the picture's units
_TICKS: Final = 8  # at most, along the thresholds
_MARGIN: Final = 0.05  # of the thresholds' range, left of the first doubt and right of the last

_LINES: Final = {  # by the share's name: its legend
    Verdict.RIGHT.value: "right",
    Verdict.WRONG.value: "wrong",
    Verdict.REJECTED.value: "rejected",
    ACTING: "acting, of what is no command",
}
_STYLE: Final = """
    .ground { fill: #ffffff } text { fill: #24292f; font: 14px system-ui, sans-serif } .title { font-weight: 600 }
    .minor { fill: #59636e } .grid { stroke: #d1d9e0 } .force { stroke: #24292f; stroke-dasharray: 2 4 }
    .line { fill: none; stroke-width: 2.5 } .acting { stroke: #8250df; stroke-dasharray: 7 4 }
    .right { stroke: #0969da } .wrong { stroke: #cf222e } .rejected { stroke: #818b98 }
    @media (prefers-color-scheme: dark) {
      .ground { fill: #0d1117 } text { fill: #e6edf3 } .minor { fill: #9198a1 }
      .grid { stroke: #3d444d } .force { stroke: #e6edf3 } .acting { stroke: #ab7df8 }
      .right { stroke: #4493f8 } .wrong { stroke: #f85149 }
    }
"""


def picture(steps: Sequence[Step], in_force: float | None, subtitle: str) -> str:
    """The sweep as a complete SVG file; `in_force` is the threshold that the engine was set to, if it is known.

    `steps` are those of a sweep that is not empty.
    """
    doubts = [step.above for step in steps[1:]] + ([] if in_force is None else [in_force])
    margin = _MARGIN * (max(doubts) - min(doubts) or 1.0)
    axis = _Axis(min(doubts) - margin, max(doubts) + margin)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}">',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        _text(_LEFT, 34, "Right, wrong and rejected, by threshold of doubt", "title"),
        _text(_LEFT, 56, subtitle, "minor"),
        *_legend(steps, in_force),
        *_grid(axis),
        *(_line(name, steps, axis) for name in _LINES if name in steps[0].shares),
    ]
    if in_force is not None:
        x = axis.x(in_force)
        parts.append(f'<path class="force" d="M{x:.1f} {_TOP - 4}V{_BOTTOM}"/>')
        parts.append(_text(x, _TOP - 8, f"in force: {in_force:g}", anchor="middle"))
    return "\n".join([*parts, "</svg>", ""])


class _Axis:
    """Thresholds to the picture's units."""

    def __init__(self, first: float, last: float) -> None:
        self.first, self.last = first, last

    def x(self, threshold: float) -> float:
        return _LEFT + (max(threshold, self.first) - self.first) / (self.last - self.first) * (_RIGHT - _LEFT)

    def ticks(self) -> list[float]:
        """Round numbers: 1, 2 or 5 times a power of ten apart."""
        least = (self.last - self.first) / _TICKS
        power = 10.0 ** math.floor(math.log10(least))
        apart = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
        return [number * apart for number in range(math.ceil(self.first / apart), math.floor(self.last / apart) + 1)]


def _y(share: float) -> float:
    return _BOTTOM - share * (_BOTTOM - _TOP)


def _line(name: str, steps: Sequence[Step], axis: _Axis) -> str:
    path = f"M{_LEFT} {_y(steps[0].shares[name]):.1f}"
    path += "".join(f"H{axis.x(step.above):.1f}V{_y(step.shares[name]):.1f}" for step in steps[1:])
    return f'<path class="line {name}" d="{path}H{_RIGHT}"/>'


def _legend(steps: Sequence[Step], in_force: float | None) -> Iterator[str]:
    """Each line's name, with its share at the threshold in force."""
    now = None if in_force is None else step_at(steps, in_force).shares
    x = _LEFT
    for name, legend in _LINES.items():
        if name not in steps[0].shares:
            continue
        label = legend if now is None else f"{legend} {now[name]:.1%}"
        yield f'<path class="line {name}" d="M{x} 82h22"/>'
        yield _text(x + 30, 87, label)
        x += 58 + round(7.4 * len(label))


def _grid(axis: _Axis) -> Iterator[str]:
    for percent in (0, 25, 50, 75, 100):
        y = _y(percent / 100)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{_RIGHT}"/>'
        yield _text(_LEFT - 10, y + 5, f"{percent} %", "minor", anchor="end")
    for threshold in axis.ticks():
        yield _text(axis.x(threshold), _BOTTOM + 24, f"{threshold:g}", "minor", anchor="middle")
    yield _text(_RIGHT, _BOTTOM + 44, "what is doubted as much, or more, is rejected", "minor", anchor="end")


def _text(x: float, y: float, text: str, style: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}" text-anchor="{anchor}">{escape(text)}</text>'
