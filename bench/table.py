"""Figures as a table, each row printed as soon as it has been measured."""

from collections.abc import Mapping


class Table:
    """Widths are in characters: of the names, and of each column of figures."""

    def __init__(self, names: int, figures: int) -> None:
        self._names, self._figures = names, figures
        self._is_titled = False

    def row(self, name: str, figures: Mapping[str, float]) -> None:
        """The first row brings the titles, which are the same for all."""
        if not self._is_titled:
            print(" " * self._names + "".join(f"{title:>{self._figures}}" for title in figures))
            self._is_titled = True
        print(f"{name:{self._names}}" + "".join(f"{value:{self._figures}.1f}" for value in figures.values()))

    def remark(self, name: str, words: str) -> None:
        """A row without figures."""
        print(f"{name:{self._names}}{words}")
