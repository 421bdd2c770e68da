"""`roomtone web`: who may come in by the page and the API. What it needs is imported when it runs: see `cli`."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import click

SCOPES = ("read", "speak", "control", "admin", "metrics")  # route.Scope, for --help


@click.group()
def web() -> None:
    """Let people and programs in to the page and the API of the running server.

    All of these need the running server of this user on this machine.
    """


@web.command()
@click.option("--family", is_flag=True, help="For a device of the family, instead of the owner's password.")
def link(*, family: bool) -> None:
    """Print a one-time link, good for an hour.

    It opens the page, where the owner chooses a password: the first one, or one in place of a password that was
    forgotten; then whoever was logged in as the owner is logged out. With --family it lets one device in, which may
    look, talk and switch, but changes nothing about the server and lets nobody else in.
    """
    [told] = _asked("web-link", purpose="family" if family else "owner")
    for url in told["urls"]:
        click.echo(url)
    click.echo(
        f"Good once, within {told['expires_s'] / 60:g} minutes. Any other address of the server does too.", err=True
    )


@web.group(invoke_without_command=True)
@click.pass_context
def tokens(context: click.Context) -> None:
    """List the tokens of programs; or add one, or revoke one."""
    if context.invoked_subcommand is None:
        _list_tokens()


@tokens.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice(SCOPES),
    help="What it may do; several are given one by one.",
)
def add(name: str, scopes: tuple[str, ...]) -> None:
    """Make a token, and print it: it is shown this once.

    \b
    read      see what the page shows        control   change how satellites behave and sound
    speak     talk, ask, be answered         admin     change the server, let others in
    metrics   the figures for Prometheus
    """  # noqa: D301 - click keeps the lines after the character that \b stands for
    [told] = _asked("web-token-add", name=name, scopes=list(dict.fromkeys(scopes)))
    click.echo(told["token"])
    click.echo("A program sends it as: Authorization: Bearer TOKEN", err=True)


@tokens.command("list")
def list_() -> None:
    """List the tokens, without their secrets."""
    _list_tokens()


@tokens.command()
@click.argument("token", metavar="NAME")
def revoke(token: str) -> None:
    """Revoke a token, by its name or id; what it is being told breaks off."""
    [told] = _asked("web-token-revoke", token=token)
    click.echo(f"{told['name']} is no longer let in.")


def _list_tokens() -> None:
    told = list(_asked("web-tokens"))
    if not told:
        click.echo("There is no token. `roomtone web tokens add NAME --scope read` makes one.")
    for each in told:
        used = "never" if each["used_at"] is None else dt.datetime.fromtimestamp(each["used_at"]).astimezone()
        when = used if isinstance(used, str) else f"{used:%Y-%m-%d %H:00}"
        click.echo(f"{each['name']:20} {' '.join(each['scopes']):34} {when:18} {each['id']}")


def _asked(verb: str, **arguments: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - whatever JSON carries
    """The running server's answers. Raises ServerNotRunning; UsageError for what it refuses."""
    from roomtone_server.ports.control import call, control_path

    return call(control_path(), verb, **arguments)
