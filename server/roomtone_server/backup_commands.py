"""`roomtone backup` and `roomtone restore`. What they need is imported when they run: see `roomtone.cli`."""

from pathlib import Path

import click

from roomtone.paths import state_dir
from roomtone_server.commands import CONFIG

_FILE = click.argument("file", type=click.Path(path_type=Path, dir_okay=False))


@click.command()
@_FILE
@CONFIG
def backup(file: Path, config: Path | None) -> None:
    """Put all that a server must not lose into one file.

    That is its state folder: certificate, paired satellites, timers, lists, what it was asked to remember, the last
    turns, the states of a virtual home; and, with --config, its settings and its home's file. The server may go on
    running. Models are not in it: `roomtone models pull` fetches them again.

    Keep the file like a key: whoever has it can be this server.
    """
    from roomtone_server.backup.state import back_up

    index = back_up(file, state_dir() / "server", config)
    click.echo(f"{file}: {len(index.files)} files, {index.total_bytes / 1e6:.1f} MB before packing")
    for name in index.files:
        click.echo(f"  {name}")
    if config is None:
        click.echo("The settings are not in it: name them with --config.")


@click.command()
@_FILE
@CONFIG
def restore(file: Path, config: Path | None) -> None:
    """Give a server back what `roomtone backup` kept of it.

    All of the file is checked before anything is touched. What the state folder held is put aside, in a folder of its
    own within it. The settings take the place of those at --config; without it they are put into the state folder,
    where no server looks by itself. The server must not be running.
    """
    from roomtone_server.backup.state import restore as bring_back

    restored = bring_back(file, state_dir() / "server", config)
    click.echo(f"restored, as it was on {restored.index.made_at.astimezone():%Y-%m-%d %H:%M}")
    for path in restored.settings:
        click.echo(f"  settings: {path}")
    if restored.aside:
        click.echo(f"  what was there before: {restored.aside}")
