"""Many turns as one recording: what a satellite's microphone hears while one command follows the other."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench.scene import Clip, compose
from roomtone_server.bench.sound import Samples, as_loud_as
from roomtone_server.bench.v2v.commands import Command


@dataclass(frozen=True, slots=True)
class Take:
    """One turn. Positions are samples from the reel's beginning."""

    command: Command
    begin: int
    speech_end: int  # of the command's last speech sample
    end: int  # where the next take begins


@dataclass(frozen=True, slots=True)
class Reel:
    sound: Samples
    takes: Sequence[Take]

    @property
    def seconds(self) -> float:
        return self.sound.size / RATE_HZ

    def take_at(self, sample: int) -> int | None:
        """The number of the take to which a sample belongs; None outside the reel."""
        return next((number for number, take in enumerate(self.takes) if take.begin <= sample < take.end), None)


def spliced(wake: Clip, commands: Sequence[Command]) -> Reel:
    """The wake word and a command, the wake word and the next one ... Whoever says a command in a room of its own, says
    the wake word there too, and as loud. Raises UsageError when one of them is silent."""
    scenes = [compose(_said_by(command.clip, wake), command.clip) for command in commands]
    begins = np.cumsum([0, *(scene.sound.size for scene in scenes)]).tolist()
    takes = [
        Take(command, begin, begin + scene.command_end, begin + scene.sound.size)
        for command, scene, begin in zip(commands, scenes, begins, strict=False)
    ]
    return Reel(np.concatenate([scene.sound for scene in scenes]), takes)


def _said_by(speaker: Clip, wake: Clip) -> Clip:
    return wake if speaker.room is None else replace(wake, sound=as_loud_as(wake.sound, speaker.sound))
