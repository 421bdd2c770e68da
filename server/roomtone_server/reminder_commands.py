"""`roomtone reminders`: what is still to be said, and its export."""

from pathlib import Path

import click


@click.command()
@click.option(
    "--ics",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    metavar="FILE",
    help="Write them as an iCalendar file instead, which any calendar imports; - is the standard output.",
)
def reminders(ics: Path | None) -> None:
    """List the reminders and appointments that are still to come.

    They are set by voice or in writing, and said when they are due, where they were set. Those that were not said while
    the server did not run are said when it starts.

    \b
        roomtone ask "remind me tomorrow at eight to water the plants"
        roomtone reminders --ics reminders.ics
    """  # noqa: D301 - click keeps the lines after the character that \b stands for
    import time
    from datetime import datetime

    from roomtone_server.icalendar import calendar
    from roomtone_server.store.reminders import SqliteReminderStore
    from roomtone_server.stored import stored

    found = stored(lambda database: SqliteReminderStore(database).list())
    if ics is not None:
        with click.open_file(str(ics), "wb") as file:
            file.write(calendar(found, time.time()).encode())
    elif not found:
        click.echo("There are no reminders.")
    else:
        for reminder in found:
            at = datetime.fromtimestamp(reminder.at).astimezone()
            click.echo(f"{at:%a %Y-%m-%d %H:%M}  {click.unstyle(reminder.text)}")
