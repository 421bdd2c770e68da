# ruff: noqa: INP001 - a script, in a folder of data
"""Draws the add-on's icon and logo: a room, and a tone in it. `python addon/draw.py` writes both anew.

All is strokes with round ends: the distance of each pixel to lines and arcs, which is exact at any size.
"""

import struct
import zlib
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.float64]  # height, width; from 0 to 1, or with a last axis of red, green, blue, alpha
Point = tuple[float, float]

FOLDER: Final = Path(__file__).with_name("roomtone")
TEAL: Final = (0.055, 0.455, 0.475)
WHITE: Final = (1.0, 1.0, 1.0)


class Strokes:
    """Lines and arcs over a grid of pixels; x to the right, y downwards, in pixels."""

    def __init__(self, width: int, height: int) -> None:
        self._y, self._x = np.mgrid[0:height, 0:width] + 0.5
        self._distance: Picture = np.full((height, width), np.inf)

    def line(self, *points: Point) -> "Strokes":
        """Through all points."""
        for (ax, ay), (bx, by) in pairwise(points):
            dx, dy = bx - ax, by - ay
            along = np.clip(((self._x - ax) * dx + (self._y - ay) * dy) / (dx * dx + dy * dy), 0, 1)
            self._near(np.hypot(self._x - ax - along * dx, self._y - ay - along * dy))
        return self

    def arc(self, centre: Point, radius: float, start: float = 0.0, end: float = 360.0) -> "Strokes":
        """Clockwise, in degrees from the right."""
        dx, dy = self._x - centre[0], self._y - centre[1]
        turned = (np.degrees(np.arctan2(dy, dx)) - start) % 360
        self._near(np.where(turned <= end - start, abs(np.hypot(dx, dy) - radius), np.inf))
        for angle in np.radians((start, end)):
            x, y = centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)
            self._near(np.hypot(self._x - x, self._y - y))
        return self

    def drawn(self, width: float) -> Picture:
        """How much of each pixel they cover."""
        return np.clip(width / 2 - self._distance + 0.5, 0, 1)

    def _near(self, distance: Picture) -> None:
        self._distance = np.minimum(self._distance, distance)


def icon(size: int = 128) -> Picture:
    """White on a teal square with round corners."""
    corner = size * 0.19
    y, x = np.maximum(abs(np.mgrid[0:size, 0:size] + 0.5 - size / 2) - (size / 2 - corner), 0)
    square = np.clip(corner - np.hypot(x, y) + 0.5, 0, 1)
    return over(painted(square, TEAL), painted(_mark(size, size, (0, 0), size / 128), WHITE))


def logo(width: int = 250, height: int = 100) -> Picture:
    """The mark and the name, in teal on nothing."""
    mark = _mark(width, height, (-14, 7), 0.66)
    return painted(np.maximum(mark, _name(width, height, left=70, baseline=63)), TEAL)


def _mark(width: int, height: int, origin: Point, unit: float) -> Picture:
    def at(x: float, y: float) -> Point:
        return origin[0] + x * unit, origin[1] + y * unit

    room = Strokes(width, height).line(at(30, 98), at(30, 56), at(64, 28), at(98, 56), at(98, 98))
    tone = Strokes(width, height)
    for radius in (14, 28):
        tone.arc(at(64, 94), radius * unit, 205, 335)
    dot = Strokes(width, height).arc(at(64, 94), 0.01)
    return np.maximum(np.maximum(room.drawn(7 * unit), tone.drawn(6 * unit)), dot.drawn(11 * unit))


def _name(width: int, height: int, left: float, baseline: float) -> Picture:
    """`roomtone`, in letters of circles and lines, of which the small ones are two radii high."""
    strokes, x, r = Strokes(width, height), left, 8.0
    middle, top = baseline - r, baseline - 2 * r
    for letter in "roomtone":
        if letter in "oe":
            strokes.arc((x + r, middle), r, 45, 360 if letter == "e" else 405)
            if letter == "e":
                strokes.line((x, middle), (x + 2 * r, middle))
            x += 2 * r
        elif letter == "t":
            strokes.line((x + 2, top - r), (x + 2, baseline - 4)).arc((x + 6, baseline - 4), 4, 90, 180)
            strokes.line((x - 2, top), (x + 7, top))
            x += 6
        else:
            strokes.line((x, top), (x, baseline))
            for bow in {"r": (), "n": (r,), "m": (0.75 * r, 0.75 * r)}[letter]:
                strokes.arc((x + bow, top + bow), bow, 180, 360)
                strokes.line((x + 2 * bow, top + bow), (x + 2 * bow, baseline))
                x += 2 * bow
            if letter == "r":
                strokes.arc((x + r, middle), r, 180, 300)
                x += 1.4 * r
        x += 6.5
    return strokes.drawn(4.4)


def painted(cover: Picture, colour: Iterable[float]) -> Picture:
    return np.stack([*(np.full_like(cover, part) for part in colour), cover], axis=-1)


def over(below: Picture, above: Picture) -> Picture:
    share = above[..., 3:]
    colours = below[..., :3] * (1 - share) + above[..., :3] * share
    return np.concatenate([colours, np.maximum(below[..., 3:], share)], axis=-1)


def png(picture: Picture) -> bytes:
    """As https://www.w3.org/TR/png/ has it: 8 bits for each of red, green, blue, alpha."""
    height, width, _ = picture.shape
    rows = np.round(picture * 255).astype(np.uint8).reshape(height, -1)
    lines = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    framed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


if __name__ == "__main__":
    (FOLDER / "icon.png").write_bytes(png(icon()))
    (FOLDER / "logo.png").write_bytes(png(logo()))
