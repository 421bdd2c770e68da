"""Logging: one line per record on stderr, with the satellite and the turn that it belongs to.

    2026-11-21 20:15:01 WARNING roomtone_server.runtime.session: the worker died, started again satellite=kitchen turn=7

A logger says whose record it is with `extra={"satellite": ..., "turn": ...}`, or once, through `logging.LoggerAdapter`.
"""

import logging
import sys
import traceback
from typing import Final, Literal

from typing_extensions import override

Level = Literal["debug", "info", "warning", "error"]

OURS: Final = ("roomtone", "roomtone_satellite", "roomtone_server")
CONTEXT: Final = ("satellite", "turn")


def setup(level: Level = "info") -> None:
    """Shows our own records from `level` on, and what libraries log from `warning` on. May be called again."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Stderr)]:
        root.removeHandler(handler)
    root.addHandler(_Stderr(with_tracebacks=level == "debug"))
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())


def escaped(text: str) -> str:
    """The text on one line, with escapes for what does not print: nothing forges a line or drives a terminal."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode("ascii") for sign in text)


class _Stderr(logging.StreamHandler):  # type: ignore[type-arg]  # generic in the stubs only
    def __init__(self, *, with_tracebacks: bool) -> None:
        super().__init__(sys.stderr)
        self.setFormatter(_OneLine(with_tracebacks=with_tracebacks))


class _OneLine(logging.Formatter):
    """An exception becomes its last line; its traceback follows, on lines of its own, for level `debug` only."""

    def __init__(self, *, with_tracebacks: bool) -> None:
        super().__init__()
        self._with_tracebacks = with_tracebacks

    @override
    def format(self, record: logging.LogRecord) -> str:
        when = self.formatTime(record, "%Y-%m-%d %H:%M:%S")
        text = f"{when} {record.levelname} {record.name}: {record.getMessage()}"
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            text += f" ({type(error).__name__}: {error})"
        context = [f"{key}={value}" for key in CONTEXT if (value := getattr(record, key, None)) is not None]
        line = escaped(" ".join([text, *context]))
        if error is None or not self._with_tracebacks:
            return line
        return line + "\n" + "".join(traceback.format_exception(error)).rstrip()
