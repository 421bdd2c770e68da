"""What the command lines of several benches share."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click
from typing_extensions import override

from roomtone.errors import UsageError


class _NewFile(click.Path):
    """A file that is written when all has been measured; where that cannot be, it is said before."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    @override
    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        folder = Path(value).parent
        if not os.access(folder, os.W_OK | os.X_OK):
            self.fail(f"{value} cannot be written: there is no folder {folder} that you may write to", param, ctx)
        return super().convert(value, param, ctx)


FILE: Final = click.Path(exists=True, dir_okay=False, resolve_path=True, path_type=Path)
NEW_FILE: Final = _NewFile()


def require_extra(what: str, extra: str = "demo") -> None:
    """Raises UsageError when a part of the extra is missing; `what` needs it: "the demo"."""
    from roomtone import extras

    if lacking := extras.lacking(extra):
        raise UsageError(f"{what} needs {', '.join(sorted(lacking))}: {extras.remedy(extra)}")


def settings_of(given: Sequence[str]) -> dict[str, str]:
    """An engine's settings, each given as KEY=VALUE. Raises UsageError."""
    for each in given:
        if "=" not in each:
            raise UsageError(f"--engine-option: {each!r} is no setting: give KEY=VALUE, for example reject_from=1.1")
    return {key: value for key, _, value in (each.partition("=") for each in given)}
