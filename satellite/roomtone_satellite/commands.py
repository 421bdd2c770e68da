"""`roomtone satellite`, and what stands below it. What they need is imported when they run: see `roomtone.cli`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from roomtone.logs import Level
from roomtone_satellite.setup.commands import microphones, setup, try_wake

if TYPE_CHECKING:
    from roomtone_satellite.settings import SatelliteSettings

_CONFIG = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Settings in YAML. Without a file every setting has its default.",
)
_NAME = click.option("--name", metavar="NAME", help="What people call this satellite. Default: the host name.")
_AREA = click.option("--area", metavar="AREA", help="The area it stands in, as the home calls it.")


@click.group(invoke_without_command=True)
@_CONFIG
@_NAME
@_AREA
@click.option(
    "--mode",
    type=click.Choice(["server", "home-assistant"]),
    help="Who drives it: a Roomtone server, or Home Assistant, which dials it. Default: what the settings say.",
)
@click.option(
    "--log-level",
    type=click.Choice(get_args(Level)),
    help="How much it tells of itself. Nothing that is said in the room is in any log.",
)
@click.option("--print-config", is_flag=True, help="Print the settings in effect, secrets masked, and end.")
@click.pass_context
def satellite(
    context: click.Context,
    config: Path | None,
    name: str | None,
    area: str | None,
    mode: str | None,
    log_level: str | None,
    print_config: bool,  # noqa: FBT001 - click passes options so
) -> None:
    """Listen in one room: wait for the wake word, send what follows to the server, play what it answers.

    It finds the server that it was paired with by itself, and connects again whenever the connection is lost; it
    listens on no port. Not paired yet? Run `roomtone pair` on the server, and here:

    \b
        roomtone satellite pair CODE

    With `mode: home-assistant`, Home Assistant takes the server's place. It finds the satellite by itself and dials it,
    at port 10700; the settings say who may (`home_assistant.allow`).

    SIGTERM and Ctrl-C end it. SIGUSR1 mutes and unmutes the microphone. SIGUSR2 is a button: it starts a turn without
    a wake word, or gives up the one that is going on. With `button: hold`, the turn's utterance lasts until SIGRTMIN,
    the button's release.

    \b
    Exit status: 0 when it was ended, 1 when a device cannot be used, 2 for wrong settings.
    Settings:    every one of them is explained in the example, config/satellite.yaml.
    Pairing:     kept in satellite/credentials.json under $ROOMTONE_STATE or ~/.local/state/roomtone.
    """  # noqa: D301 - click keeps the lines after the character that \b stands for
    settings = _settings(config, name=name, area=area, mode=mode, log_level=log_level)
    if print_config:
        from roomtone.settings import render

        click.echo(render(settings), nl=False)
    elif context.invoked_subcommand is None:
        from roomtone_satellite.service import run

        run(settings)
    else:
        context.obj = settings


@satellite.command()
@click.argument("code")
@click.option("--host", metavar="HOST", help="The server's address, where it cannot be found by itself.")
@click.option("--port", type=click.IntRange(1, 65535), metavar="PORT", help="The server's port. Default: 10760.")
@_NAME
@_AREA
@click.pass_obj
def pair(
    settings: "SatelliteSettings", code: str, host: str | None, port: int | None, name: str | None, area: str | None
) -> None:
    """Pair this satellite with the server that printed CODE.

    `roomtone pair`, on the server, prints a code that is good once and for ten minutes. It names the server's
    certificate, so that no other can answer in its place. A satellite that is running already, unpaired, goes on by
    itself. Pairing again replaces the pairing before it.

    \b
    Exit status: 0 when it is paired, 1 when the server is not found or refuses the code.
    """  # noqa: D301 - as above
    import asyncio

    from roomtone.link.pairing import PairingCode
    from roomtone_satellite.connection import credentials_path, pair_with

    settings = _replaced(settings, name=name, area=area)
    server = settings.server.model_copy(update=_given(host=host, port=port))
    credentials = asyncio.run(pair_with(server, PairingCode.parse(code), name=settings.name, area=settings.area))
    click.echo(f"Paired with {credentials.server} at {credentials.host}; kept in {credentials_path()}.")


@satellite.command()
@click.pass_obj
def echo(settings: "SatelliteSettings") -> int:
    """Play sweeps, loud, and say how late and how loud they come back, and how much of them is cancelled.

    It takes seven seconds, in which nobody should speak; the satellite itself must not be running, since it holds the
    devices. What is found out is kept, so that the first reply is cancelled from its start. Nothing breaks without it:
    a satellite finds the same out while it speaks.

    \b
    Exit status: 0 when an echo was heard, 1 when there was none or a device cannot be used.
    Kept in:     satellite/echo.json under $ROOMTONE_STATE or ~/.local/state/roomtone.
    """  # noqa: D301 - as above
    import asyncio

    from roomtone_satellite.echo_trial import try_settings

    trial = asyncio.run(try_settings(settings))
    click.echo(trial.report())
    return int(trial.alignment is None)


for each in (setup, microphones, try_wake):
    satellite.add_command(each)


def _settings(config: Path | None, **options: str | None) -> "SatelliteSettings":
    from roomtone.settings import load
    from roomtone_satellite.settings import SatelliteSettings

    return _replaced(load(SatelliteSettings, config), **options)


def _replaced(settings: "SatelliteSettings", **options: str | None) -> "SatelliteSettings":
    """The settings with what the command line says otherwise. Raises UsageError."""
    from pydantic import ValidationError

    from roomtone.errors import UsageError

    try:
        return type(settings).model_validate(dict(settings) | _given(**options))
    except ValidationError as problem:
        first = problem.errors()[0]
        raise UsageError(f"--{'-'.join(map(str, first['loc']))}: {first['msg']}") from None


def _given(**options: Any) -> dict[str, Any]:  # noqa: ANN401 - of any kind, as pydantic wants them
    return {key: value for key, value in options.items() if value is not None}
