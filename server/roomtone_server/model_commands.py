"""`roomtone models`: what is known, what is installed, and how it gets here. See docs/models.md."""

import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from roomtone import extras
from roomtone.errors import ModelError, UsageError
from roomtone.paths import cache_dir
from roomtone_server.commands import CONFIG

if TYPE_CHECKING:  # for the command line's speed: see `roomtone.cli`
    from roomtone_server.models.manifest import Manifest, Model
    from roomtone_server.models.trust import Trust
    from roomtone_server.settings import ServerSettings


@click.group()
@CONFIG
@click.pass_context
def models(ctx: click.Context, config: Path | None) -> None:
    """Recognisers, voices and language models: list, fetch, check, remove.

    Roomtone needs none of them, and hears and speaks better with them. They lie in $ROOMTONE_CACHE/models (default
    ~/.cache/roomtone/models), and nothing is fetched unless you ask for it here, or allow it by `models.download` in
    the settings. --config, which stands before the subcommand, names those: further models, and where Ollama is.

    \b
        roomtone models list --for de
        roomtone models pull --for de
        roomtone models pull base.en piper/en_GB-alba-medium qwen3:4b
        roomtone models verify
    """  # noqa: D301 - click keeps the lines after the character that \b stands for
    ctx.obj = config


def provide(settings: "ServerSettings") -> None:
    """Before a server starts: fetches what its engines lack, as far as `models.download` and whoever sits there allow.
    Raises ModelError, EngineError, SettingsError."""
    somebody_is_there = sys.__stdin__ is not None and sys.stdin.isatty()
    is_wanted = settings.models.download == "auto" or (settings.models.download == "ask" and somebody_is_there)
    are_named = any(choice.engine != "auto" for choice in (*settings.stt, *settings.tts, *settings.llm))
    if not is_wanted or not are_named:
        return  # an engine that lacks a model says so itself, and what to do
    import asyncio

    from roomtone_server.folders import surroundings
    from roomtone_server.models import wanted
    from roomtone_server.models.progress import shown

    def may_fetch(models: "list[Model]") -> bool:
        told = ", ".join(_told(model) for model in models)
        if settings.models.download == "auto":
            click.echo(f"Fetching {told}, as the settings allow.", err=True)
            return True
        return click.confirm(f"The settings name {told}, not installed here. Fetch?", err=True)

    with shown(partial(click.echo, err=True), in_terminal=False) as progress:
        asyncio.run(wanted.provide(settings, surroundings(settings), progress, may_fetch))


@models.command("list")
@click.option("--for", "language", metavar="LANGUAGE", help="Only those for this language.")
@click.option("--json", "as_json", is_flag=True, help="Print them as one JSON list.")
@click.pass_obj
def list_(config: Path | None, language: str | None, *, as_json: bool) -> None:
    """List the models that are known, and which of them are installed."""
    from roomtone_server.models.installed import installed

    _, manifest = _known(config)
    here = installed(cache_dir())
    rows = [_row(model, here) for model in manifest.models if language is None or model.has(language)]
    titles = {model.title for model in manifest.models}
    if language is None:
        rows += [{"name": name, "installed": True, "licence": "?", "languages": ["?"]} for name in here.keys() - titles]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        size = f"{row['bytes'] / 1e6:,.0f} MB" if row.get("bytes") else "-"
        state = "installed" if row["installed"] else "-"
        click.echo(f"{row['name']:34} {state:10} {size:>9}  {','.join(row['languages']):8} {row['licence']}")


@models.command()
@click.argument("names", metavar="NAME...", nargs=-1)
@click.option("--for", "language", metavar="LANGUAGE", help="The best recogniser and voice for this language, too.")
@click.option("--renew", is_flag=True, help="Forget what these were when they first came, and take what comes now.")
@click.pass_obj
def pull(config: Path | None, names: Sequence[str], language: str | None, *, renew: bool) -> None:
    """Fetch models, by their names in `roomtone models list`.

    A download that broke off goes on from there. What comes is compared with its known hash, and thrown away when it is
    something else; where none is known, what comes the first time is remembered, and compared with from then on. What
    is installed is fetched again only when its files are not what they should be. A name that is not known by itself
    may be one of Ollama's: ollama/NAME.
    """
    import asyncio

    from roomtone_server.models import pulling
    from roomtone_server.models.progress import shown

    if not names and not language:
        raise UsageError("name a model, or --for LANGUAGE; `roomtone models list` shows them")
    settings, manifest = _known(config)
    wanted = pulling.chosen(manifest, names, language)
    if language and not any(model.kind == "piper" for model in wanted):
        click.echo(f"No voice of Piper's is known for {language}; espeak speaks most languages.")
    trust = _trust()
    if renew:
        trust.forget(model.url(file) for model in wanted for file in model.files)
    needed = [model for model in wanted if renew or not _is_whole(model, trust)]
    for model in (model for model in wanted if model not in needed):
        click.echo(f"{model.title} is installed, and whole.")
    for model in needed:
        click.echo(_told(model))
    with shown(click.echo, in_terminal=sys.stdout.isatty()) as progress:
        fetched = asyncio.run(pulling.pull(needed, cache_dir(), settings, progress))
    for title, what in fetched.items():
        click.echo(f"{title} is installed in {what.folder}")
        if what.first_seen:
            click.echo(
                f"  Nobody could say what {', '.join(what.first_seen)} must be: what came today is taken on trust, and "
                "whatever comes later compared with it."
            )
    for kind in sorted({model.kind for model in needed}):
        if extras.lacking(kind):  # the extra of an engine is called as what it needs
            click.echo(f"What uses models of {kind} is not installed yet: {extras.remedy(kind)}")


@models.command()
@click.argument("names", metavar="[NAME...]", nargs=-1)
@click.pass_obj
def verify(config: Path | None, names: Sequence[str]) -> int:
    """Check installed models, or these, against their hashes.

    Exit status: 0 when all are what they should be, as far as anybody knows; 1 otherwise.
    """
    from roomtone_server.models.installed import check, installed

    _, manifest = _known(config)
    here, trust, bad = installed(cache_dir()), _trust(), 0
    for title in [_installed_title(name, here) for name in names] or sorted(here):
        known = [model for model in manifest.models if model.title == title]
        if not known:
            click.echo(f"{title}: nobody knows what it should be")
            continue
        wrong = [each for each in check(known[0], cache_dir(), trust) if each.state in ("wrong", "missing")]
        bad += bool(wrong)
        told = ", ".join(f"{each.file} is {each.state}" for each in wrong)
        click.echo(f"{title}: {told}: `roomtone models pull {title}` mends it" if told else f"{title}: as it should be")
    return int(bad > 0)


@models.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
def remove(names: Sequence[str]) -> None:
    """Remove installed models.

    What Ollama has, `ollama rm NAME` removes.
    """
    from roomtone_server.models import installed

    here = installed.installed(cache_dir())
    for title in [_installed_title(name, here) for name in names]:
        installed.remove(here[title])
        click.echo(f"{title} is removed.")


def _told(model: "Model") -> str:
    from roomtone_server.models.progress import in_mb

    size = f"{in_mb(model.about_bytes)}, " if model.about_bytes else ""
    return f"{model.title} ({size}licence: {model.licence})"


def _known(config: Path | None) -> "tuple[ServerSettings, Manifest]":
    from roomtone.settings import load
    from roomtone_server.models.manifest import read
    from roomtone_server.settings import ServerSettings

    settings = load(ServerSettings, config)
    return settings, read(settings.models.manifest)


def _trust() -> "Trust":
    from roomtone_server.models.installed import models_root
    from roomtone_server.models.trust import Trust

    return Trust(models_root(cache_dir()))


def _is_whole(model: "Model", trust: "Trust") -> bool:
    """Whether it is installed, and nothing speaks against any of its files. An Ollama server knows its own."""
    from roomtone_server.models.installed import check, folder_of

    states = (each.state for each in check(model, cache_dir(), trust))
    return model.kind != "ollama" and folder_of(model, cache_dir()).is_dir() and not {*states} & {"wrong", "missing"}


def _installed_title(name: str, here: dict[str, Path]) -> str:
    """KIND/NAME of an installed model. Raises ModelError."""
    found = [title for title in here if name in (title, title.partition("/")[2])]
    if len(found) == 1:
        return found[0]
    if found:
        raise ModelError(f"{name!r} may be {' or '.join(found)}: say which")
    raise ModelError(f"no model {name!r} is installed; there are: {', '.join(sorted(here)) or 'none'}")


def _row(model: "Model", here: dict[str, Path]) -> dict[str, Any]:
    return {
        "name": model.title,
        "installed": model.title in here if model.files else None,
        "bytes": model.about_bytes or None,
        "languages": list(model.languages),
        "licence": model.licence,
    }
