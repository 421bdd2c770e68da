"""Drawings as SVG: readable on light and on dark, needing no letters or styles from elsewhere."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

import click

from roomtone.errors import UsageError

_LIGHT: Final = """
    .ground { fill: #ffffff } text { fill: #24292f; font: 14px system-ui, sans-serif } .title { font-weight: 600 }
    .minor { fill: #59636e } .grid { stroke: #d1d9e0 } .mark { stroke: #24292f; stroke-dasharray: 2 4 }"""
_DARK: Final = """
      .ground { fill: #0d1117 } text { fill: #e6edf3 } .minor { fill: #9198a1 }
      .grid { stroke: #3d444d } .mark { stroke: #e6edf3 }"""


@dataclass(frozen=True, slots=True)
class Style:
    """CSS of a drawing's own classes; `dark` has what differs where the reader's screen is dark."""

    light: str
    dark: str


def document(width: int, height: int, style: Style, parts: Iterable[str]) -> str:
    """A complete file. It has the classes `title`, `minor`, `grid` and `mark`, beside those of the style."""
    sheet = f"{_LIGHT}{style.light}\n    @media (prefers-color-scheme: dark) {{{_DARK}{style.dark}\n    }}\n"
    box = f"{width} {height}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {box}" width="{width}" height="{height}">',
            f"<style>{sheet}</style>",
            f'<rect class="ground" width="{width}" height="{height}" rx="8"/>',
            *parts,
            "</svg>",
            "",
        ]
    )


def write(path: Path, drawing: str) -> None:
    """What `document` made, told on stderr. Raises UsageError."""
    try:
        path.write_text(drawing, encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"--picture: {path} cannot be written: {problem.strerror}") from problem
    click.echo(f"the picture is in {path}", err=True)


def text(x: float, y: float, words: str, style: str = "", anchor: str = "start") -> str:
    """On the line at y; x is where it starts, or its middle or end."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}" text-anchor="{anchor}">{escape(words)}</text>'


@dataclass(frozen=True, slots=True)
class Axis:
    """Values to the drawing's units, from left to right; `last` is more than `first`."""

    first: float
    last: float
    left: float
    right: float

    def x(self, value: float) -> float:
        """What lies outside is drawn at the edge."""
        inside = min(max(value, self.first), self.last)
        return self.left + (inside - self.first) / (self.last - self.first) * (self.right - self.left)

    def ticks(self, most: int) -> list[float]:
        """Round numbers: 1, 2 or 5 times a power of ten apart."""
        least = (self.last - self.first) / most
        power = 10.0 ** math.floor(math.log10(least))
        apart = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least)
        return [number * apart for number in range(math.ceil(self.first / apart), math.floor(self.last / apart) + 1)]
