"""The colours that people name."""

from collections.abc import Mapping
from typing import Final

# Red, green, blue; from CSS Color Module Level 4.
COLORS: Final[Mapping[str, tuple[int, int, int]]] = {
    "black": (0, 0, 0),
    "blue": (0, 0, 255),
    "brown": (165, 42, 42),
    "cyan": (0, 255, 255),
    "gold": (255, 215, 0),
    "green": (0, 128, 0),
    "indigo": (75, 0, 130),
    "lime": (0, 255, 0),
    "magenta": (255, 0, 255),
    "orange": (255, 165, 0),
    "pink": (255, 192, 203),
    "purple": (128, 0, 128),
    "red": (255, 0, 0),
    "turquoise": (64, 224, 208),
    "violet": (238, 130, 238),
    "white": (255, 255, 255),
    "yellow": (255, 255, 0),
}
