"""`roomtone satellite setup`, `microphones` and `try-wake`. What they need is imported when they run."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from roomtone_satellite.settings import SatelliteSettings

_SECONDS = click.FloatRange(1, 600)


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", metavar="NAME", help="What people call this satellite.")
@click.option("--area", metavar="AREA", help="The area it stands in, as the home calls it.")
@click.option("--microphone", metavar="CARD", help="`auto`, a part of a sound card's name, or its number.")
@click.option("--wake-word", metavar="WORD", help="The one word to listen for, such as hey_jarvis.")
@click.option("--mode", type=click.Choice(["server", "home-assistant"]), help="Who drives it.")
@click.option("--allow", metavar="ADDRESS", help="With --mode home-assistant: where Home Assistant is.")
@click.option("--unattended", is_flag=True, help="Ask nothing: what no option says stays as it is.")
def setup(
    *,
    file: Path,
    name: str | None,
    area: str | None,
    microphone: str | None,
    wake_word: str | None,
    mode: str | None,
    allow: str | None,
    unattended: bool,
) -> None:
    """Ask what this satellite must know of its room, and write it into FILE, its settings.

    A microphone is chosen with a level meter, a wake word is chosen and tried. FILE may be there already: what it
    says is offered as the answer, and what else it says stays. The satellite itself must not be running, since it
    holds the microphone.

    \b
    Exit status: 0 when FILE is written, 1 when there is no microphone, 2 for an answer that cannot be.
    """  # noqa: D301 - click keeps the lines after the character that \b stands for
    from roomtone_satellite.setup.dialog import ask_all
    from roomtone_satellite.setup.draft import Draft
    from roomtone_satellite.setup.microphones import named

    draft = Draft.of(file)
    for key, value in (("name", name), ("area", area), ("mode", mode)):
        if value is not None:
            draft.put(key, value)
    if allow is not None:
        draft.put_allowed(allow)
    if microphone is not None:
        draft.put_microphone(named(microphone))
    if wake_word is not None:
        draft.put_wake_word(wake_word)
    draft.save()
    if not unattended:
        ask_all(draft)
        draft.save()


@click.command()
@click.option("--seconds", type=_SECONDS, default=5.0, show_default=True, help="How long it listens.")
@click.pass_obj
def microphones(settings: "SatelliteSettings", seconds: float) -> int:
    """Show which microphones there are, and how well that of the settings hears you.

    The satellite itself must not be running, since it holds the microphone.

    \b
    Exit status: 0 when it hears you well, 1 when not, or when there is none.
    """  # noqa: D301 - as above
    from roomtone_satellite.setup.dialog import measure
    from roomtone_satellite.setup.microphones import candidates

    for each in candidates(settings.microphone):
        click.echo(each.label)
    heard = measure(settings.microphone, seconds)
    click.echo(f"It hears {heard}.")
    return int(heard.trouble is not None)


@click.command()
@click.option("--seconds", type=_SECONDS, default=30.0, show_default=True, help="How long it listens.")
@click.pass_obj
def try_wake(settings: "SatelliteSettings", seconds: float) -> int:
    """Wait for a wake word, and say how well it was heard.

    The satellite itself must not be running, since it holds the microphone.

    \b
    Exit status: 0 when one was heard, 1 when none was, or there is no microphone.
    """  # noqa: D301 - as above
    from roomtone_satellite.setup.dialog import try_wake

    heard = try_wake(settings.microphone, settings.wake, seconds)
    click.echo(f"Heard: {heard}." if heard else "No wake word was heard.")
    return int(heard is None)
