"""What is said to the satellite, each command with where the speech in it ends."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from roomtone.ears.formats import SAMPLES_PER_MS
from roomtone.errors import UsageError
from roomtone_server.bench import manifest, scene
from roomtone_server.bench.judge import Judge
from roomtone_server.bench.sound import last_speech_sample, room_tone

# To the example home; another one is told those of them that it knows.
SENTENCES: Final = (
    "turn on the kitchen light",
    "what time is it",
    "turn off the reading lamp",
    "set the bedroom light to 30 percent",
    "open the living room blinds",
    "is the front door locked",
    "turn on the lights",
    "set the thermostat to 19 degrees",
    "what is the temperature",
    "make the kitchen light red",
    "turn off all the lights",
    "turn on the coffee machine",
)


@dataclass(frozen=True, slots=True)
class Command:
    """Something to say, and what it says; `name` is for people: the file of a recording, or the words."""

    name: str
    text: str
    clip: scene.Clip


def recorded(path: Path, language: str, judge: Judge) -> list[Command]:
    """The manifest's commands in a language. Speech that the manifest does not place ends where its energy does.

    Raises UsageError for a manifest that cannot be used, one without a command, and for a text that is no command.
    """
    clips = [clip for clip in manifest.read_manifest(path, language) if clip.text]
    if not clips:
        raise UsageError(f"{path} has no command in the language {language!r}: give a manifest whose lines have a text")
    judge.check(clips)
    return [Command(clip.file, clip.text, _clip(clip)) for clip in clips]


def spoken(language: str, judge: Judge) -> list[Command]:
    """Those of SENTENCES that are commands in this home, in the embedded voice. Raises UsageError when none is."""
    known = [text for text in SENTENCES if judge.meaning(text)]
    if not known:
        raise UsageError(
            "--home: none of the bench's own sentences is a command in this home: record some, and give a --manifest"
        )
    return [Command(text, text, scene.spoken(text, language)) for text in known]


def repeated(commands: Sequence[Command], turns: int | None) -> list[Command]:
    """So many, from the first on and over again; None: each once."""
    wanted = len(commands) if turns is None else turns
    return [commands[number % len(commands)] for number in range(wanted)]


def _clip(clip: manifest.Clip) -> scene.Clip:
    sound = np.frombuffer(clip.pcm, np.int16)
    if clip.speech_ms is None:
        return scene.Clip(sound, last_speech_sample(sound), room_tone(sound))
    end = clip.speech_ms[1] * SAMPLES_PER_MS
    if end > sound.size:
        raise UsageError(f"{clip.place}: `speech_ms` ends behind the recording's end: mend the manifest")
    return scene.Clip(sound, end, room_tone(sound))
