"""`roomtone server`, `pair`, `ask`, `health`. What they need is imported when they run: see `roomtone.cli`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click

from roomtone import logs
from roomtone.errors import ServerNotRunning
from roomtone.utf8 import encodable

CONFIG = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="ROOMTONE_SERVER_CONFIG",  # settings.CONFIG_VARIABLE, for the doctor too
    show_envvar=True,
    help="Settings file (YAML). Without one, everything has its default.",
)


def _in_utf8(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    if text != encodable(text):
        raise click.BadParameter("it is not UTF-8: type it where the locale is a UTF-8 one.")
    return text


@click.command()
@CONFIG
@click.option("--print-config", is_flag=True, help="Print the settings in effect, secrets masked, and end.")
@click.option("--log-level", type=click.Choice(get_args(logs.Level)), help="Instead of the settings' own.")
def server(config: Path | None, *, print_config: bool, log_level: logs.Level | None) -> None:
    """Run the server of a house.

    Satellites find it by zeroconf and connect over TLS (port 10760); those that were paired get in. It hears, acts on
    the home and answers with the best engines that are installed: `roomtone doctor` says which. On port 10750 Home
    Assistant may use the same, from the addresses that `home_assistant: {allow: [...]}` names in the settings. The page
    is on port 8763, by HTTPS, and on this machine on port 8760 too, as is GET /health; `roomtone web link` lets you in.
    It runs in the foreground until SIGTERM or Ctrl-C.

    \b
    Files, in $ROOMTONE_STATE/server (default ~/.local/state/roomtone/server):
      link.pem       its certificate and key; satellites are pinned to it
      web.pem        the ones that browsers see, unless the settings name others
      roomtone.db    paired satellites, timers, reminders, what it remembers, the last turns
      control.sock   where `roomtone pair` and `roomtone ask` reach it
    """  # noqa: D301 - click keeps the lines after the character that \b stands for
    import asyncio
    import os

    from roomtone.settings import load, render
    from roomtone_server.settings import CONFIG_VARIABLE, ServerSettings

    settings = load(ServerSettings, config)
    if print_config:
        click.echo(render(settings), nl=False)
        return
    if config is not None:
        os.environ[CONFIG_VARIABLE] = str(config.absolute())  # the doctor, whom it calls, looks at the same settings
    logs.setup(log_level or settings.log_level)
    from roomtone_server.model_commands import provide

    provide(settings)
    from roomtone_server.server import serve

    asyncio.run(serve(settings))


@click.command()
@click.option("--list", "list_", is_flag=True, help="List the satellites instead, paired or dialled.")
@click.option("--revoke", metavar="NAME", help="Take back the trust in a satellite, by its name or id, instead.")
@click.option(
    "--found", is_flag=True, help="List the Wyoming satellites of other makes that announce themselves instead."
)
def pair(*, list_: bool, revoke: str | None, found: bool) -> None:
    """Let a new satellite in: prints a code for it.

    The code is good for ten minutes and for one satellite; a new one makes the one before it void. Type it on the
    satellite, as `roomtone satellite pair CODE`: it tells the satellite which server to trust, and this server which
    satellite. Needs the running server of this user on this machine.

    Wyoming satellites of other makes are not paired: the server dials those that stand under `satellites.dial` in its
    settings. --list shows them too, and --found which others there are.
    """
    if list_:
        _list_satellites()
    elif found:
        _list_found()
    elif revoke:
        for answer in _running_server("revoke", satellite=revoke):
            click.echo(f"{answer['name']} is no longer let in; to let it in again, pair it again.")
    else:
        for answer in _running_server("pair"):
            click.echo(answer["code"])
            minutes = answer["expires_s"] / 60
            click.echo(f"On the satellite, within {minutes:g} minutes: roomtone satellite pair CODE", err=True)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print all that it tells of itself, as one JSON object.")
def health(*, as_json: bool) -> int:
    """Say how the running server fares: ok, degraded or starting, and its faults.

    Asks the server of this user on this machine, as a container's health check does. Exit status: 0 satellites are let
    in, even where something is degraded; 1 it is starting still, or not running.
    """
    report = next(_running_server("status", patience_s=5.0))
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False))
    else:
        click.echo("; ".join([report["status"], *(f"{what}: {why}" for what, why in report["faults"].items())]))
    return 0 if report["status"] in ("ok", "degraded") else 1


def _running_server(request: str, **arguments: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - whatever JSON carries
    """Its answers to a request. Raises ServerNotRunning."""
    from roomtone_server.ports.control import call, control_path

    return call(control_path(), request, **arguments)


def _list_satellites() -> None:
    satellites = list(_running_server("satellites"))
    if not satellites:
        click.echo("No satellite is paired. `roomtone pair` prints a code for one.")
    for each in satellites:
        seen = "now" if each["connected"] else _when(each["seen_at"])
        click.echo(f"{each['name']:20} {each['area'] or '-':16} {seen:18} {each['id']}")


def _list_found() -> None:
    import asyncio

    from roomtone_server.ports.stock.offers import offers

    found = asyncio.run(offers())
    if not found:
        click.echo("No Wyoming satellite announces itself here.")
    for each in found:
        click.echo(f"{each.name:20} {each.area or '-':16} {each.uri}")
    if found:
        click.echo("To have the server dial one, add its address to `satellites.dial` in server.yaml.", err=True)


def _when(seen_at: float | None) -> str:
    import datetime as dt

    if seen_at is None:
        return "never"
    return dt.datetime.fromtimestamp(seen_at).astimezone().strftime("%Y-%m-%d %H:%M")


@click.command()
@click.argument("text", callback=_in_utf8)
@click.option("--area", help='Where it is asked, as if by a satellite there: "turn on the lights".')
@click.option("--language", metavar="CODE", help="Of the text: hi, de-AT. Default: the house's first.")
@CONFIG
@click.option("--json", "as_json", is_flag=True, help="Print the reply, the intent and the actions as one JSON object.")
def ask(text: str, area: str | None, language: str | None, config: Path | None, *, as_json: bool) -> int:
    """Ask or command in writing: one text turn.

    Put to the running server of this user on this machine; without one it is answered in this process, with the home
    and the language model of the settings: a timer then waits for a server to ring, and a question back cannot be
    answered. Exit status: 0 it was understood, 3 it was not.

    \b
        roomtone ask "is the front door locked"
        roomtone ask --area Kitchen "turn on the lights"
        roomtone ask --language de "wie spät ist es"
    """  # noqa: D301 - as above
    try:
        answer = next(iter(_running_server("ask", text=text, area=area, language=language)))
    except ServerNotRunning:
        answer = _ask_here(config, text, area, language)
    if as_json:
        click.echo(json.dumps(answer, ensure_ascii=False))
    else:
        click.echo(answer["reply"])
    return 0 if answer["understood"] else 3


@click.command()
@click.argument("text", callback=_in_utf8)
@click.option("--room", metavar="ROOM", help="Only there: an area, or the name of a satellite. Default: everywhere.")
@click.option("--language", metavar="CODE", help="Of the text: hi, de-AT. Default: the house's first.")
def announce(text: str, room: str | None, language: str | None) -> None:
    """Say something in the rooms.

    The satellites that are connected say it as soon as nobody talks with them; those that are muted do not. Where
    nobody is connected, the first that comes says it. Needs the running server of this user on this machine.

    \b
        roomtone announce "dinner is ready"
        roomtone announce --room Kitchen "the oven is hot"
    """  # noqa: D301 - as above
    for answer in _running_server("announce", text=text, room=room, language=language):
        click.echo(f"Said at: {', '.join(answer['satellites']) or 'none yet'}.")


def _ask_here(config: Path | None, text: str, area: str | None, language: str | None) -> dict[str, Any]:
    import asyncio
    from dataclasses import asdict

    from roomtone import engines
    from roomtone.settings import load
    from roomtone_server.agent.base import Request, ask
    from roomtone_server.folders import surroundings
    from roomtone_server.mind import open_mind, open_model
    from roomtone_server.settings import ServerSettings

    settings = load(ServerSettings, config)
    home = engines.choose("home", settings.home)

    async def answer() -> dict[str, Any]:
        around = surroundings(settings)
        async with open_model(settings, around) as llm, open_mind(settings, home, around, llm) as mind:
            request = Request(text, language or settings.first_language, area=area, conversation="local")
            return asdict(await ask(mind.agent, request))

    return asyncio.run(answer())
