"""How soon a reply falls silent when somebody speaks into it: a real server, a real satellite, TLS on loopback, and the
reply's echo in the microphone. What is measured lies outside of both: where the voice begins in what the microphone
hears, and when the reply stops at the speaker.

    python bench/barge_in.py [--mode speech] [--say "turn on the kitchen light"] [--times 50] [--level-db 0]
    python bench/barge_in.py --mode wake --say "okay nabu"        from its detection, and from its last sound
    python bench/barge_in.py --mode wake --say stop               from its first sound: nothing is paused
    python bench/barge_in.py --echo none --level-db -99           in a room without an echo

`--level-db` is how much louder the echo is than whoever speaks. It takes some ten seconds a time, and needs a machine
that has the time: what others do on it is in the figures. bench/onsets.py measures the same by the sample clock.
"""

import argparse
import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from air import NS, Air
from roomtone import engines
from roomtone.ears.formats import RATE_HZ
from roomtone.ears.level import louder
from roomtone_server.bench import scene
from roomtone_server.bench.devices import NO_CHIMES, Began
from roomtone_server.bench.ends import both_ends, scratch_folder, watching
from roomtone_server.bench.sound import AUDIBLE_DBFS, Samples
from roomtone_server.telemetry.percentiles import percentiles
from talker import Room

Event = Mapping[str, Any]

QUESTION = "what can you do"  # three sentences are the answer
FIRST_S, STEP_S = 1.6, 0.037  # after the question: somewhere else in the answer each time
AFTER_S = 3.5
PAUSED_NS = NS // 10  # a shorter silence is a busy machine's
LESSONS = 4  # in which the satellite learns its room


@dataclass(frozen=True)
class Voice:
    """Where somebody speaks into a reply, in samples of the recording."""

    scene_begins: int
    begins: int
    ends: int


@dataclass(frozen=True)
class Stretch:
    begins_ns: int
    ends_ns: int


def recording(said: str, times: int) -> tuple[Samples, list[Voice]]:
    wake, question, clip = scene.spoken(scene.WAKE_WORD), scene.spoken(QUESTION), scene.spoken(said)
    asked = scene.compose(wake, question)
    first_sound = int(np.flatnonzero(louder(clip.sound, AUDIBLE_DBFS))[0])
    parts, voices, position = [], [], 0
    for number in range(times):
        at = asked.command_end + round((FIRST_S + number % 20 * STEP_S) * RATE_HZ)
        sound = np.resize(asked.sound, at + clip.sound.size + round(AFTER_S * RATE_HZ))
        sound[asked.sound.size :] = 0
        sound[at : at + clip.sound.size] = clip.sound
        voices.append(Voice(position, position + at + first_sound, position + at + clip.end))
        parts.append(sound)
        position += sound.size
    return np.concatenate(parts), voices


def sounded(timeline: Path) -> dict[int, list[Stretch]]:
    """When each turn's reply sounded, in one stretch, or in several if it was paused."""
    replies: dict[int, list[Stretch]] = {}
    for line in timeline.read_text("utf-8").splitlines():
        block = json.loads(line)
        if (turn := block["turn"]) is None:
            continue
        begins_ns = block["at_ns"]
        stretches = replies.setdefault(turn, [])
        if stretches and begins_ns - stretches[-1].ends_ns < PAUSED_NS:
            begins_ns = stretches.pop().begins_ns
        stretches.append(Stretch(begins_ns, block["at_ns"] + block["samples"] * NS // block["rate_hz"]))
    return replies


async def played(air: Air, options: argparse.Namespace, folder: Path) -> tuple[Began, list[Event]]:
    """When it began, and what the server told of it."""
    events: list[Event] = []
    satellite = {
        "name": "bench",
        "area": "Kitchen",
        "chimes": NO_CHIMES,
        "barge_in": options.mode,
        "echo": options.echo,
        **air.settings,
    }
    async with both_ends(folder) as ends:
        await ends.start_server(None)
        await ends.pair(satellite)
        async with watching(ends, lambda event: events.append(dict(event))):
            await ends.start_satellite(satellite)
            began = await air.sound()
            ends.check()
    return began, events


@dataclass
class Figures:
    """What became of the voices."""

    delays_ms: dict[str, list[float]] = field(default_factory=dict)
    ended: int = 0  # replies that were not resumed

    def take(self, voice: Voice, began: Began, replies: Mapping[int, list[Stretch]], events: list[Event]) -> None:
        scene_ns, begins_ns, ends_ns = (began.at_ns(at) for at in (voice.scene_begins, voice.begins, voice.ends))
        for turn, stretches in replies.items():
            into = next((each for each in stretches if each.begins_ns < begins_ns < each.ends_ns), None)
            if into is None or into.begins_ns < scene_ns:
                continue
            has_ended = told(events, "ended", turn).get("outcome") in {"interrupted", "cancelled"}
            self.ended += has_ended
            if not has_ended and into is stretches[-1]:
                continue  # to its end
            self._took("its first sound", into.ends_ns - begins_ns)
            self._took("its last sound", into.ends_ns - ends_ns)
            for detected_ns in detections(events, began):
                if begins_ns < detected_ns < into.ends_ns:
                    self._took("its detection", into.ends_ns - detected_ns)

    def _took(self, since: str, delay_ns: int) -> None:
        self.delays_ms.setdefault(since, []).append(delay_ns / 1e6)


def told(events: list[Event], what: str, turn: int | None) -> Mapping[str, Any]:
    """What the server said of a turn when that happened."""
    return next((event["data"] for event in events if (event["what"], event["turn"]) == (what, turn)), {})


def detections(events: list[Event], began: Began) -> Iterator[int]:
    """When the last sound was heard of each wake word that was detected, in ns."""
    for event in events:
        if event["what"] == "wake" and event["data"]["name"]:
            yield began.at_ns(event["data"]["sample"] - began.stream_sample)


async def main(options: argparse.Namespace) -> None:
    sound, voices = recording(options.say, LESSONS + options.times)
    with scratch_folder() as folder:
        air = Air(sound, Room(options.level_db, seed=0), folder)
        began, events = await played(air, options, folder)
        replies = sounded(air.timeline)
    figures = Figures()
    for voice in voices[LESSONS:]:
        figures.take(voice, began, replies, events)
    print(f"{options.say!r} in mode {options.mode}, echo {options.level_db:+g} dB to it, echo: {options.echo}")
    silenced = len(figures.delays_ms.get("its first sound", ()))
    print(f"of {options.times} replies {silenced} fell silent, and {figures.ended} for good: the server heard words")
    for since, values in figures.delays_ms.items():
        took = percentiles(values)
        assert took is not None
        print(f"from {since} to silence, ms: p50 {took.p50:.0f}, p95 {took.p95:.0f}, max {max(values):.0f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("speech", "wake"), default="speech")
    parser.add_argument("--say", default="turn on the kitchen light")
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--echo", choices=engines.names("echo"), default="speex")
    parser.add_argument("--level-db", type=float, default=0.0, help="the echo's, over the voice")
    asyncio.run(main(parser.parse_args()))
