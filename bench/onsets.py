"""How soon a reply falls silent when somebody speaks into it, by the sample clock: with the reply's echo in the
microphone, through the real canceller, voice detector, wake engine and machine of the satellite.

    python bench/onsets.py [--level-db 0] [--echo speex] [--rooms 6] [--times 40] [--recordings manifest.jsonl]
    python bench/onsets.py --mode wake

In made-up rooms replies are told, and somebody speaks into each, somewhere. In mode `speech` that is one clip of a
manifest after another (by default of `commands` in $ROOMTONE_TEST_DATA), else a command in the embedded voice:
`onset` is from the first sound to the frame in which the reply is paused, `silence` to that at which the speaker, which
holds a block, has fallen silent. `missed` were not noticed, `asked` those of which it was decided at 250 ms that they
last, `later` those at another attempt, `false` the pauses before anybody spoke. In mode `wake` it is a recorded wake
word (of `wake` there), else "okay nabu": `heard` were detected, some of them when the reply was over; `engine` is from
the last sound to the detection `during the reply`, `silence` from there.

`--level-db` is how much louder the echo is than whoever speaks; `--echo none --level-db -99` is a room without one.
"""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator, default_rng
from numpy.typing import NDArray

from roomtone import engines
from roomtone.ears.formats import FRAME_SAMPLES, RATE_HZ, SAMPLES_PER_MS
from roomtone.satellite.events import Command, FlushAsked, FlushReply, PauseReply, StartInterrupting, StartStreaming
from roomtone_server.bench import scene
from roomtone_server.bench.manifest import read_manifest
from roomtone_server.bench.sound import last_speech_sample
from roomtone_server.telemetry.percentiles import percentiles
from talker import GAP_FRAMES, REPLIES, USER_LEVEL, Sound, Talker, spoken, talker
from wake_words import recorded

LEARNS_S = 12.0  # a satellite knows its room by then
LATEST_SAMPLES = RATE_HZ // 2  # before the end of a reply
COMMANDS = ("turn on the kitchen light", "what time is it", "set a timer for five minutes", "never mind", "stop")


@dataclass
class Figures:
    times: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    samples: dict[str, list[int]] = field(default_factory=dict)

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def took(self, what: str, samples: int) -> None:
        self.samples.setdefault(what, []).append(samples)


class Speaking:
    """Somebody who speaks into one reply after another."""

    def __init__(self, satellite: Talker, draw: Generator) -> None:
        self._satellite = satellite
        self._draw = draw
        self._replies = cycle([spoken(text) for text in REPLIES])

    def listen(self) -> None:
        while self._satellite.now < LEARNS_S:
            for _ in self.says(np.zeros(0)):
                pass

    def says(self, voice: Sound) -> Iterator[tuple[int, Command]]:
        """Once, somewhere in the next reply: what the satellite does until both are silent, and how many samples after
        the voice began it does so."""
        reply = next(self._replies)
        begins = self._satellite.ring.position + int(self._draw.integers(0, reply.size - LATEST_SAMPLES))
        self._satellite.tell(reply)
        gap = 0
        while gap < GAP_FRAMES:
            at = self._satellite.ring.position - begins
            for command in self._satellite.frame(_frame(voice, at)):
                yield at + FRAME_SAMPLES, command
            gap = 0 if self._satellite.machine.playing or at < voice.size else gap + 1


def _frame(voice: Sound, at: int) -> Sound:
    """What is heard of it in a frame that begins so many samples after it does."""
    frame = np.zeros(FRAME_SAMPLES)
    first, end = max(0, at), max(0, min(voice.size, at + FRAME_SAMPLES))
    frame[first - at : first - at + max(0, end - first)] = voice[first:end]
    return frame


def interrupts(satellite: Talker, speaking: Speaking, voice: Sound, figures: Figures) -> None:
    """In mode `speech`: how soon the reply is paused, and whether it is known at 250 ms that the voice lasts."""
    figures.times += 1
    pauses = 0
    for after, command in speaking.says(voice):
        if isinstance(command, PauseReply) and after <= 0:
            figures.count("false")
        elif isinstance(command, PauseReply):
            pauses += 1
            if pauses == 1:
                figures.took("onset", after)
                figures.took("silence", after + satellite.silent_from - satellite.ring.position)
        elif isinstance(command, StartInterrupting):
            figures.count("asked" if pauses < 2 else "later")
            satellite.happens(FlushAsked(command.interrupts))
            satellite.end(command.turn)
    if not pauses:
        figures.count("missed")


def wakes(satellite: Talker, speaking: Speaking, word: Sound, figures: Figures) -> None:
    """In mode `wake`: how long the engine takes, and how long it is silent after that."""
    figures.times += 1
    end = last_speech_sample(word.astype(np.int16))
    for after, command in speaking.says(word):
        if isinstance(command, StartStreaming):
            figures.count("heard")
        if isinstance(command, FlushReply):
            figures.count("during the reply")
            figures.took("engine", after - end)
            figures.took("silence", satellite.silent_from - satellite.ring.position)
        elif isinstance(command, StartStreaming | StartInterrupting):
            satellite.end(command.turn)


def commands(recordings: Path | None) -> list[Sound]:
    """What people say to it, as loud as they do, without the room before and after it."""
    if recordings is None:
        return [scene.spoken(text).sound.astype(np.float64) for text in COMMANDS]
    clips = read_manifest(recordings / "commands" / "manifest.jsonl", "en", foreign=True)
    spoken_ms = [(np.frombuffer(clip.pcm, np.int16), clip.speech_ms) for clip in clips if clip.speech_ms]
    return [_as_loud(pcm[ms[0] * SAMPLES_PER_MS : ms[1] * SAMPLES_PER_MS]) for pcm, ms in spoken_ms]


def words(recordings: Path | None) -> list[Sound]:
    if recordings is None:
        return [scene.spoken(scene.WAKE_WORD).sound.astype(np.float64)]
    return [_as_loud(word.sound) for word in recorded(recordings / "wake")]


def _as_loud(said: NDArray[Any]) -> Sound:
    sound = said.astype(np.float64)
    return np.asarray(sound * USER_LEVEL / np.sqrt((sound**2).mean()))


def main(options: argparse.Namespace) -> None:
    is_wake = options.mode == "wake"
    voices = (words if is_wake else commands)(options.recordings)
    figures = Figures()
    for seed in range(options.rooms):
        draw = default_rng(seed)
        with talker(options.echo, options.level_db, seed, pauses=not is_wake, wakes=is_wake) as satellite:
            speaking = Speaking(satellite, draw)
            speaking.listen()
            for number in draw.permutation(max(len(voices), options.times))[: options.times]:
                (wakes if is_wake else interrupts)(satellite, speaking, voices[number % len(voices)], figures)
    print(f"mode {options.mode}, echo {options.level_db:+g} dB to a voice, echo: {options.echo}; {figures.times} times")
    print(", ".join(f"{what} {count}" for what, count in sorted(figures.counts.items())))
    for what, samples in figures.samples.items():
        ms = [each / SAMPLES_PER_MS for each in samples]
        told = percentiles(ms)
        assert told is not None
        print(f"{what:8} {len(ms)} times, ms: p50 {told.p50:.0f}, p95 {told.p95:.0f}, max {max(ms):.0f}")


if __name__ == "__main__":
    data = os.environ.get("ROOMTONE_TEST_DATA")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("speech", "wake"), default="speech")
    parser.add_argument("--echo", choices=engines.names("echo"), default="speex")
    parser.add_argument("--level-db", type=float, default=0.0, help="the echo's, over a person's voice")
    parser.add_argument("--rooms", type=int, default=6)
    parser.add_argument("--times", type=int, default=40, help="in each room")
    parser.add_argument("--recordings", type=Path, default=Path(data) if data else None)
    main(parser.parse_args())
