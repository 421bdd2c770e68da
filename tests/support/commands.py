"""Commands that end in every way that a command can."""

import click

from roomtone.errors import SettingsError

NO_COMMAND = "not a command"


@click.command()
@click.option("--volume", type=int, default=0)
def greet(volume):
    """Greet, and say how that went."""
    click.echo(f"hello {volume}")


@click.command()
def busy():
    return 3


@click.command()
def refuse():
    raise SettingsError("house.yaml:1: a\nhouse.yaml:2: b")


@click.command()
def refuse_in_a_group():
    raise ExceptionGroup(
        "tasks", [ExceptionGroup("inner", [SettingsError("house.yaml:1: a")]), SettingsError("house.yaml:2: b")]
    )


@click.command()
def interrupt():
    raise KeyboardInterrupt


@click.command()
def stumble():
    raise ZeroDivisionError("division by nothing")
