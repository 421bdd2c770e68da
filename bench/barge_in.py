"""How soon a reply falls silent when somebody speaks into it: a real server, a real satellite, TLS on loopback, and the
reply's echo in the microphone. What is measured lies outside of both: where the voice begins in what the microphone
hears, and when the last sample of the reply sounds at the speaker.

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
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from air import Air
from roomtone import engines
from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench import scene
from roomtone_server.bench.devices import NO_CHIMES, Began
from roomtone_server.bench.ends import both_ends, scratch_folder, watching
from roomtone_server.bench.sound import AUDIBLE_DBFS, FULL_SCALE, Samples
from roomtone_server.telemetry.percentiles import percentiles
from talker import Room

Event = Mapping[str, Any]

QUESTION = "what can you do"  # three sentences are the answer
FIRST_S, STEP_S = 1.6, 0.037  # after the question: somewhere else in the answer each time
AFTER_S = 3.5
LESSONS = 4  # in which the satellite learns its room


@dataclass(frozen=True)
class Voice:
    """Where somebody speaks into a reply, in samples of the recording."""

    scene_begins: int
    begins: int
    ends: int


def recording(said: str, times: int) -> tuple[Samples, list[Voice]]:
    wake, question, clip = scene.spoken(scene.WAKE_WORD), scene.spoken(QUESTION), scene.spoken(said)
    asked = scene.compose(wake, question)
    first_sound = int(np.flatnonzero(np.abs(clip.sound) > FULL_SCALE * 10 ** (AUDIBLE_DBFS / 20))[0])
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


def sounded(timeline: Path) -> dict[int, tuple[int, int]]:
    """When the first and the last sample of each turn's reply sounded, in ns."""
    ends: dict[int, tuple[int, int]] = {}
    for line in timeline.read_text("utf-8").splitlines():
        block = json.loads(line)
        if (turn := block["turn"]) is not None:
            over_ns = block["at_ns"] + block["samples"] * 1_000_000_000 // block["rate_hz"]
            ends[turn] = (ends.get(turn, (block["at_ns"], 0))[0], over_ns)
    return ends


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
    missed: list[str] = field(default_factory=list)

    def take(self, voice: Voice, began: Began, replies: Mapping[int, tuple[int, int]], events: list[Event]) -> None:
        scene_ns, begins_ns, ends_ns = (began.at_ns(at) for at in (voice.scene_begins, voice.begins, voice.ends))
        turn = next((each for each, (first_ns, _) in replies.items() if scene_ns < first_ns < begins_ns), None)
        outcome = told(events, "ended", turn).get("outcome", "not begun")
        if turn is None or outcome not in {"interrupted", "cancelled"}:
            self.missed.append(outcome)
            return
        silent_ns = replies[turn][1]
        self._took("its first sound", silent_ns - begins_ns)
        self._took("its last sound", silent_ns - ends_ns)
        if (detected := told(events, "wake", turn + 2).get("sample")) is not None:
            self._took("its detection", silent_ns - began.at_ns(detected - began.stream_sample))

    def _took(self, since: str, delay_ns: int) -> None:
        self.delays_ms.setdefault(since, []).append(delay_ns / 1e6)


def told(events: list[Event], what: str, turn: int | None) -> Mapping[str, Any]:
    """What the server said of a turn when that happened."""
    return next((event["data"] for event in events if (event["what"], event["turn"]) == (what, turn)), {})


async def main(options: argparse.Namespace) -> None:
    sound, voices = recording(options.say, LESSONS + options.times)
    with scratch_folder() as folder:
        air = Air(sound, Room(options.level_db, seed=0), folder)
        began, events = await played(air, options, folder)
        replies = sounded(air.timeline)
    figures = Figures()
    for voice in voices[LESSONS:]:
        figures.take(voice, began, replies, events)
    heard = options.times - len(figures.missed)
    print(f"{options.say!r} in mode {options.mode}, echo {options.level_db:+g} dB to it, echo: {options.echo}")
    print(f"{heard} of {options.times} ended the reply {figures.missed or ''}")
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
