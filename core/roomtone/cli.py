"""`roomtone`: the command line. It imports neither end; subcommands are found by entry point, `roomtone.commands`.

An entry point may name the extra that its command needs, as in `server = "roomtone_server.commands:server [server]"`.
A command's module must import fast: `roomtone --help` imports them all for their one line of help.
"""

import os
import traceback
from collections.abc import Iterator
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from typing import Final, NoReturn

import click
from typing_extensions import override

from roomtone import extras
from roomtone.declared import declared
from roomtone.errors import RoomtoneError
from roomtone.paths import make_private, state_dir

EXIT_UNEXPECTED: Final = 1
EXIT_INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count


class LazyGroup(click.Group):
    """Finds its subcommands when they are asked for, and turns whatever ends them into an exit status and one line."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_commands().names)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for point in _commands().select(name=cmd_name):
            return _command(point)
        return None

    @override
    def invoke(self, ctx: click.Context) -> NoReturn:
        try:
            status = super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(EXIT_INTERRUPTED)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise  # click knows what to do, also when stdout was closed: `roomtone doctor | head -1`
        except Exception as problem:  # noqa: BLE001 - the last place that can still say what to do
            _fail(ctx, problem)
        ctx.exit(status if isinstance(status, int) else 0)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="roomtone")
@click.option("--debug", is_flag=True, help="Show the whole traceback when something unexpected fails.")
def roomtone(debug: bool) -> None:  # noqa: FBT001 - read by LazyGroup, and click passes options so
    """Private voice control for a home: it answers the moment you stop speaking, and nothing leaves the house.

    A server hears, understands and answers; satellites in the rooms listen for the wake word. Start with
    `roomtone doctor`, which says what works on this machine, and `roomtone demo`, which runs one turn on it.
    """


def main() -> None:
    """The `roomtone` program. A command's return value, if it is an int, is its exit status."""
    roomtone()


def _commands() -> EntryPoints:
    return declared(entry_points, "roomtone.commands")


def _command(point: EntryPoint) -> click.Command:
    for extra in point.extras:
        if extras.lacking(extra):
            remedy = extras.remedy(extra)
            return _Unavailable(point.name, f"not installed: {remedy}")
    try:
        command = point.load()
    except ImportError as problem:
        return _Unavailable(point.name, f"broken: {problem}")
    if not isinstance(command, click.Command):
        return _Unavailable(point.name, f"broken: {point.value} is not a click command")
    return command


class _Unavailable(click.Command):
    """Stands where a command would, and says why it is not there, whatever its arguments."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(name, short_help=f"({reason})", add_help_option=False)
        self.reason = reason

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        raise click.UsageError(f"'{self.name}' cannot run here; {self.reason}")


def _fail(ctx: click.Context, problem: Exception) -> NoReturn:
    """Ends the program. Task groups wrap what went wrong in them: the errors inside are what is told."""
    causes = list(_leaves(problem))
    if ctx.params["debug"]:
        traceback.print_exception(problem)
    known = [cause for cause in causes if isinstance(cause, RoomtoneError)]
    for line in (line for cause in known for line in str(cause).splitlines()):
        click.echo(f"roomtone: {line}", err=True)
    if len(known) == len(causes):
        ctx.exit(known[0].exit_code)
    unexpected = next(cause for cause in causes if cause not in known)
    what = " ".join(f"{type(unexpected).__name__}: {unexpected}".split())
    click.echo(f"roomtone: unexpected: {what}; {_where_to_look(problem)}", err=True)
    ctx.exit(EXIT_UNEXPECTED)


def _leaves(problem: BaseException) -> Iterator[BaseException]:
    if isinstance(problem, BaseExceptionGroup):
        for inner in problem.exceptions:
            yield from _leaves(inner)
    else:
        yield problem


def _where_to_look(problem: Exception) -> str:
    """Keeps the traceback of the last such failure, for its owner only: an error can quote what was said."""
    path = state_dir() / "last-traceback.txt"
    try:
        make_private(path.parent)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:  # noqa: PTH123 - Path.open takes no descriptor
            traceback.print_exception(problem, file=file)
    except OSError:
        return "run it again with `roomtone --debug` to see the traceback"
    return f"please report it with the traceback in {path}"
