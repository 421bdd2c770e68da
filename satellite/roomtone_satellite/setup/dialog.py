"""The questions of `roomtone satellite setup`, and what is shown meanwhile, in a terminal."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import closing
from typing import Final

import click

from roomtone import engines
from roomtone.ears.base import WakeEngine
from roomtone.engines import EngineChoice, Surroundings
from roomtone.errors import DeviceError
from roomtone.paths import cache_dir, state_dir
from roomtone_satellite.devices.choose import MicrophoneSettings
from roomtone_satellite.setup.draft import Draft
from roomtone_satellite.setup.levels import Hearing, bar
from roomtone_satellite.setup.listening import HeardWord, listen, microphone_on_trial, try_word
from roomtone_satellite.setup.microphones import candidates

LISTEN_S: Final = 5.0
TRY_S: Final = 30.0


def ask_all(draft: Draft) -> None:
    """Asks what a satellite must know of itself. Raises DeviceError when there is no microphone to choose."""
    _ask_name(draft)
    microphone = _ask_microphone(draft)
    _ask_word(draft, microphone)
    _ask_driver(draft)


def measure(microphone: MicrophoneSettings, seconds: float = LISTEN_S) -> Hearing:
    """Listens, with a level meter where there is a terminal. Raises DeviceError."""
    terminal = sys.stderr.isatty()
    click.echo(f"Speak for {seconds:.0f} seconds, as you will speak to it.", err=True)

    def show(level_dbfs: float) -> None:
        if terminal:
            click.echo(f"\r{bar(level_dbfs)} {level_dbfs:4.0f} dBFS ", nl=False, err=True)

    heard = asyncio.run(listen(microphone_on_trial(microphone), seconds, show))
    if terminal:
        click.echo(err=True)
    return heard


def try_wake(microphone: MicrophoneSettings, choice: EngineChoice, seconds: float = TRY_S) -> HeardWord | None:
    """Waits for a wake word, which it names. Raises DeviceError, EngineMissing."""
    with closing(_wake(choice)) as wake:
        phrases = " or ".join(f'"{word.replace("_", " ")}"' for word in wake.words)
        click.echo(f"Say {phrases}, from where you will speak. (It listens for {seconds:.0f} seconds.)", err=True)
        return asyncio.run(try_word(microphone_on_trial(microphone), wake, seconds))


def _ask_name(draft: Draft) -> None:
    settings = draft.settings
    draft.put("name", click.prompt("What do people call this satellite?", default=settings.name))
    area = click.prompt("In which area does it stand, as your home calls it?", default=settings.area or "none")
    draft.put("area", None if area == "none" else area)


def _ask_microphone(draft: Draft) -> MicrophoneSettings:
    while True:
        found = candidates(draft.settings.microphone)
        number = _choice("Which microphone?", [each.label for each in found])
        chosen = found[number].settings
        try:
            heard = measure(chosen)
        except DeviceError as problem:
            click.echo(f"It cannot be used: {problem}", err=True)
            continue
        click.echo(f"It hears {heard}.", err=True)
        if click.confirm("Take this one?", default=heard.trouble is None):
            draft.put_microphone(chosen)
            return chosen


def _ask_word(draft: Draft, microphone: MicrophoneSettings) -> None:
    """Until one is kept. Each choice is saved, so that it is tried as the satellite will have it."""
    shipped = _words(EngineChoice(engines.choose("wake", draft.settings.wake).name))
    while True:
        now = " or ".join(_words(draft.settings.wake))
        if number := _choice("Which wake word?", [f"as now: {now}", *(f"only {word}" for word in shipped)]):
            draft.put_wake_word(shipped[number - 1])
        heard = try_wake(microphone, draft.save().wake)
        click.echo(f"Heard: {heard}." if heard else "It was not heard.", err=True)
        if click.confirm("Keep it?", default=heard is not None):
            return


def _ask_driver(draft: Draft) -> None:
    drivers = ("server", "home-assistant")
    now = drivers.index(draft.settings.mode)
    driver = drivers[_choice("Who drives it?", ["a Roomtone server", "Home Assistant, without one"], default=now)]
    draft.put("mode", driver)
    if driver == "home-assistant":
        allowed = next(iter(draft.settings.home_assistant.allow), None)
        draft.put_allowed(click.prompt("The address of Home Assistant, which alone may dial it", default=allowed))


def _words(choice: EngineChoice) -> Sequence[str]:
    with closing(_wake(choice)) as wake:
        return list(wake.words)


def _choice(question: str, labels: Sequence[str], default: int = 0) -> int:
    click.echo(question, err=True)
    for n, label in enumerate(labels, start=1):
        click.echo(f"  {n}) {label}", err=True)
    number: int = click.prompt("Number", type=click.IntRange(1, len(labels)), default=default + 1)
    return number - 1


def _wake(choice: EngineChoice) -> WakeEngine:
    made: WakeEngine = engines.choose("wake", choice).make(Surroundings(state_dir(), cache_dir()))
    return made
