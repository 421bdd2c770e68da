"""`roomtone add-on`: the start of the add-on's service. What it needs is imported when it runs: see `roomtone.cli`."""

import os
from pathlib import Path

import click

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command(hidden=True)  # a service's, not people's
@click.argument("options", type=_FILE)
@click.argument("settings", type=_FILE)
def add_on(options: Path, settings: Path) -> None:
    """Write the options of the Home Assistant add-on down as a server's settings.

    OPTIONS is what the Supervisor wrote, SETTINGS the file to make, which its owner alone can read. An option that is
    wrong is named, with what is allowed; then nothing is written.
    """
    from roomtone.settings import load
    from roomtone_server.add_on.options import AddOnOptions, settings_of, written

    text = written(settings_of(load(AddOnOptions, options)))
    with os.fdopen(os.open(settings, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
