"""What the satellite's microphone will hear: a quiet room, a wake word, a short gap, a command, and the room again."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from roomtone.ears.formats import RATE_HZ
from roomtone.ears.level import amplitude, louder
from roomtone.errors import UsageError
from roomtone_server.bench.sound import AUDIBLE_DBFS, Samples, last_speech_sample, read_wav, resampled
from roomtone_server.engines import libespeak
from roomtone_server.engines.tts import espeak

LEAD_IN_S: Final = 1.0  # for the wake engine's window, and for the recogniser to learn the room
GAP_S: Final = 0.3  # from the wake word's last sound to where the command's recording begins
TAIL_S: Final = 3.0
FADE_S: Final = 0.005  # at both ends of what is spliced in, so that it does not click

NOISE_DBFS: Final = -66.0  # a quiet room at night
_SEED: Final = 1  # every demo hears the same room

WAKE_WORD: Final = "okay nabu"
# Slow and plain: the wake engine and the recogniser were made for people.
USER_VOICE: Final = espeak.EspeakSettings(rate_wpm=150)
USER_LEVEL_DBFS: Final = -24.0


@dataclass(frozen=True, slots=True)
class Clip:
    """Something said."""

    sound: Samples
    end: int  # of the speech in it, in samples; 0 when nothing can be heard
    room: Samples | None = None  # how the room around it sounds when nobody speaks; None: there is no room in it


@dataclass(frozen=True, slots=True)
class Scene:
    """Positions are samples from the beginning, at 16 kHz; ends are those of the speech."""

    sound: Samples
    wake_begin: int
    wake_end: int
    command_begin: int
    command_end: int


def compose(wake: Clip, command: Clip, gap_s: float = GAP_S) -> Scene:
    """All in the command's room, or in a quiet one. Raises UsageError when there is nothing to hear in either."""
    for name, clip in (("wake word", wake), ("command", command)):
        if not clip.end:
            raise UsageError(f"the {name} is silent: give a recording in which it can be heard")
    wake_sound = wake.sound[: wake.end + _samples(FADE_S)]
    wake_begin = _samples(LEAD_IN_S)
    command_begin = wake_begin + wake.end + _samples(gap_s)
    samples = command_begin + command.sound.size + _samples(TAIL_S)
    if command.room is None:
        room = _quiet_room(samples)
    else:
        room = np.resize(np.concatenate([command.room, command.room[::-1]]), samples).astype(np.float64)
        room[command_begin : command_begin + command.sound.size] *= 1 - _fade(command.sound.size)
    for at, sound in ((wake_begin, wake_sound), (command_begin, command.sound)):
        room[at : at + sound.size] += sound * _fade(sound.size)
    return Scene(
        sound=np.clip(np.rint(room), -32_768, 32_767).astype(np.int16),
        wake_begin=wake_begin,
        wake_end=wake_begin + wake.end,
        command_begin=command_begin,
        command_end=command_begin + command.end,
    )


def recorded(path: Path) -> Clip:
    """A WAV file. Raises UsageError."""
    sound = read_wav(path)
    return Clip(sound, last_speech_sample(sound))


def spoken(text: str, language: str = "en") -> Clip:
    """The text in the embedded voice, as a person would say it near the microphone. Raises EngineError."""
    speech = resampled(np.frombuffer(espeak.synthesise(text, language, USER_VOICE), np.int16), libespeak.RATE_HZ)
    if not speech.any():
        raise UsageError(f"there is nothing to say in {text!r}")
    power = np.mean(np.square(speech.astype(np.float64)))
    as_said: Samples = np.rint(speech * amplitude(USER_LEVEL_DBFS) / np.sqrt(power)).astype(np.int16)
    audible = np.flatnonzero(louder(as_said, AUDIBLE_DBFS))  # there is no noise in it
    return Clip(as_said, int(audible[-1]) + 1)


def _samples(seconds: float) -> int:
    return round(seconds * RATE_HZ)


def _quiet_room(samples: int) -> npt.NDArray[np.float64]:
    return np.random.default_rng(_SEED).normal(0, amplitude(NOISE_DBFS), samples)


def _fade(samples: int) -> npt.NDArray[np.float64]:
    """1 all along, rising from 0 and falling to it at the ends."""
    from_an_end = np.minimum(np.arange(samples), np.arange(samples)[::-1])
    return np.minimum(1.0, from_an_end / _samples(FADE_S))
