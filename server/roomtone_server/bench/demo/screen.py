"""The picture of a turn in the terminal: what was heard and done, and a bar for each stage on one time axis."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from roomtone_server.bench.demo.stages import Spans
from roomtone_server.bench.turn import Turn
from roomtone_server.telemetry.record import STAGES, Span, Stage

WIDTH: Final = 100  # a wider picture says no more
_LABEL: Final = 9
_DURATION: Final = 9

_STYLES: Final[dict[Stage, str]] = {
    "wake": "magenta",
    "speech": "green",
    "silence": "bright_black",
    "stt": "cyan",
    "agent": "yellow",
    "tts": "bright_blue",
    "speaker": "bright_black",
    "sound": "blue",
}


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that is shown of a turn at one moment."""

    turn: Turn
    stages: Spans
    v2v: Span | None = None  # from the last sample of the command to the first of the reply
    states: Sequence[str] = ()  # of what was acted upon, afterwards

    def __rich__(self) -> RenderableType:
        parts: list[RenderableType] = [self._words(), Text(), _Bars(self.stages, self.v2v)]
        return Panel(Group(*parts), title="one turn", title_align="left", border_style="bright_black", width=None)

    def _words(self) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        table.add_column(style="bright_black", width=_LABEL - 2)
        table.add_column(ratio=1)
        for label, text in self._lines():
            table.add_row(label, text)
        return table

    def _lines(self) -> Iterator[tuple[str, Text]]:
        turn = self.turn
        waiting = Text("none" if turn.outcome else "…", style="bright_black")
        yield "wake", Text(turn.wake_name.replace("_", " "), style="magenta") if turn.wake_name else waiting
        if turn.transcript or turn.at_ns("transcript"):
            yield "heard", Text(turn.transcript or "(nothing)", style="bold")
        else:
            yield "heard", Text(f"{turn.partials[-1]} …", style="italic bright_black") if turn.partials else waiting
        yield "intent", Text(_intent(turn), style="yellow") if turn.intent else waiting
        actions = [Text(f"{action['service']} {action['entity']}", style="green") for action in turn.actions]
        yield "action", Text("\n").join(actions) if actions else waiting
        yield "reply", Text(turn.reply, style="bold bright_blue") if turn.reply else waiting
        if self.states:
            yield "state", Text("\n".join(self.states), style="green")


@dataclass(frozen=True, slots=True)
class _Bars:
    stages: Spans
    v2v: Span | None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        cells = max(10, options.max_width - _LABEL - _DURATION)
        axis_ms = self._axis_ms()
        for stage in STAGES:
            yield _bar(stage, self.stages.get(stage), _STYLES[stage], axis_ms, cells)
        if self.v2v:
            yield _bar("V2V", self.v2v, "bold red", axis_ms, cells)
        yield _axis(axis_ms, cells)

    def _axis_ms(self) -> float:
        """The time axis grows with the turn, by whole seconds."""
        last_ms = max((end for _, end in self.stages.values()), default=0.0)
        return max(3, math.ceil(last_ms / 1000)) * 1000.0


def _bar(label: str, span: Span | None, style: str, axis_ms: float, cells: int) -> Text:
    line = Text(label.ljust(_LABEL), style="bright_black", no_wrap=True)
    if span is None:
        return line
    begin, end = (round(ms / axis_ms * cells) for ms in span)
    begin = min(begin, cells - 1)
    line.append(" " * begin)
    line.append("━" * max(1, end - begin), style=style)  # a stage that took no time is still seen
    line.append(f" {span[1] - span[0]:.0f} ms", style=style)
    return line


def _axis(axis_ms: float, cells: int) -> Text:
    line = [" "] * (cells + _DURATION)
    for second in range(int(axis_ms / 1000) + 1):
        at = round(second * 1000 / axis_ms * cells)
        mark = f"{second} s"
        line[at : at + len(mark)] = mark
    return Text(" " * _LABEL + "".join(line).rstrip(), style="bright_black", no_wrap=True)


def _intent(turn: Turn) -> str:
    assert turn.intent is not None
    slots = ", ".join(f"{name} {value}" for name, value in turn.intent["slots"].items())
    return f"{turn.intent['name']}  {slots}"
