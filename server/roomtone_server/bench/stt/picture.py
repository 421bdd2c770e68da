"""A sweep over thresholds, drawn."""

from collections.abc import Iterator, Sequence
from typing import Final

from roomtone_server.bench.judge import Verdict
from roomtone_server.bench.stt.sweep import ACTING, Step, step_at
from roomtone_server.bench.svg import Axis, Style, document, text

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
_STYLE: Final = Style(
    light="""
    .line { fill: none; stroke-width: 2.5 } .acting { stroke: #8250df; stroke-dasharray: 7 4 }
    .right { stroke: #0969da } .wrong { stroke: #cf222e } .rejected { stroke: #818b98 }""",
    dark="""
      .acting { stroke: #ab7df8 } .right { stroke: #4493f8 } .wrong { stroke: #f85149 }""",
)


def picture(steps: Sequence[Step], in_force: float | None, subtitle: str) -> str:
    """The sweep as a complete SVG file; `in_force` is the threshold that the engine was set to, if it is known.

    `steps` are those of a sweep that is not empty.
    """
    doubts = [step.above for step in steps[1:]] + ([] if in_force is None else [in_force])
    margin = _MARGIN * (max(doubts) - min(doubts) or 1.0)
    axis = Axis(min(doubts) - margin, max(doubts) + margin, _LEFT, _RIGHT)
    parts = [
        text(_LEFT, 34, "Right, wrong and rejected, by threshold of doubt", "title"),
        text(_LEFT, 56, subtitle, "minor"),
        *_legend(steps, in_force),
        *_grid(axis),
        *(_line(name, steps, axis) for name in _LINES if name in steps[0].shares),
    ]
    if in_force is not None:
        x = axis.x(in_force)
        parts.append(f'<path class="mark" d="M{x:.1f} {_TOP - 4}V{_BOTTOM}"/>')
        parts.append(text(x, _TOP - 8, f"in force: {in_force:g}", anchor="middle"))
    return document(WIDTH, HEIGHT, _STYLE, parts)


def _y(share: float) -> float:
    return _BOTTOM - share * (_BOTTOM - _TOP)


def _line(name: str, steps: Sequence[Step], axis: Axis) -> str:
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
        yield text(x + 30, 87, label)
        x += 58 + round(7.4 * len(label))


def _grid(axis: Axis) -> Iterator[str]:
    for percent in (0, 25, 50, 75, 100):
        y = _y(percent / 100)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{_RIGHT}"/>'
        yield text(_LEFT - 10, y + 5, f"{percent} %", "minor", anchor="end")
    for threshold in axis.ticks(_TICKS):
        yield text(axis.x(threshold), _BOTTOM + 24, f"{threshold:g}", "minor", anchor="middle")
    yield text(_RIGHT, _BOTTOM + 44, "what is doubted as much, or more, is rejected", "minor", anchor="end")
