"""How soon a reply falls silent when somebody speaks into it: a real server, a real satellite, TLS on loopback, WAV
files for devices. What is measured lies outside of both: where the voice begins in the microphone's file, and when the
last sample of the reply sounds at the speaker.

    python bench/barge_in.py [--mode speech] [--say "turn on the kitchen light"] [--times 50]
    python bench/barge_in.py --mode wake --say "okay nabu"        from the wake word's last sound
    python bench/barge_in.py --mode wake --say stop               from its first sound: nothing is paused

The microphone hears no echo: see bench/false_barge_ins.py for what that does. It takes some ten seconds a time.
"""

import argparse
import asyncio
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench import scene
from roomtone_server.bench.devices import Began, WavDevices
from roomtone_server.bench.ends import both_ends, scratch_folder, watching
from roomtone_server.bench.programs import until
from roomtone_server.bench.sound import Samples
from roomtone_server.telemetry.percentiles import percentiles

QUESTION = "what can you do"  # three sentences are the answer
FIRST_S, STEP_S = 1.6, 0.037  # after the question: somewhere else in the answer each time
AFTER_S = 3.5
NO_CHIMES = dict.fromkeys(("awake", "invited", "done", "error", "timer"), False)


@dataclass(frozen=True)
class Voice:
    """Where somebody speaks into a reply, in samples of the recording."""

    scene_begins: int
    begins: int
    ends: int


def recording(said: str, times: int) -> tuple[Samples, list[Voice]]:
    wake, question, clip = scene.spoken(scene.WAKE_WORD), scene.spoken(QUESTION), scene.spoken(said)
    asked = scene.compose(wake, question)
    first_sound = int(np.flatnonzero(np.abs(clip.sound) > scene.FULL_SCALE * 10 ** (scene.AUDIBLE_DBFS / 20))[0])
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


async def played(sound: Samples, mode: str, folder: Path) -> tuple[Began, list[dict[str, Any]], Path]:
    devices, events = WavDevices(sound, folder), []
    satellite = {
        "name": "bench",
        "area": "Kitchen",
        "chimes": NO_CHIMES,
        "barge_in": mode,
        "echo": "none",
        **devices.settings,
    }

    async def begins() -> Began | None:
        return devices.began()

    async with both_ends(folder) as ends:
        await ends.start_server(None)
        await ends.pair(satellite)
        async with watching(ends, lambda event: events.append(dict(event))):
            await ends.start_satellite(satellite)
            began = await until("the microphone begins", begins, 30, ends.programs)
            await asyncio.sleep(sound.size / RATE_HZ + 1)
            ends.check()
    return began, events, Path(devices.settings["speaker"]["timeline"])


async def main(mode: str, said: str, times: int) -> None:
    sound, voices = recording(said, times)
    with scratch_folder() as folder:
        began, events, timeline = await played(sound, mode, folder)
        replies = sounded(timeline)
    outcomes = {event["turn"]: event["data"]["outcome"] for event in events if event["what"] == "ended"}
    cut = {"interrupted", "cancelled"}
    delays_ms, missed = defaultdict(list), []
    for voice in voices:
        scene_ns, begins_ns, ends_ns = (began.at_ns(at) for at in (voice.scene_begins, voice.begins, voice.ends))
        turn = next((each for each, (first_ns, _) in replies.items() if scene_ns < first_ns < begins_ns), None)
        if turn is None or outcomes.get(turn) not in cut:
            missed.append(outcomes.get(turn, "not begun") if turn else "not begun")
            continue
        silent_ns = replies[turn][1]
        delays_ms["from its first sound"].append((silent_ns - begins_ns) / 1e6)
        delays_ms["from its last sound"].append((silent_ns - ends_ns) / 1e6)
    print(f"{said!r} in mode {mode}: {times - len(missed)} of {times} ended the reply {missed or ''}")
    for since, values in delays_ms.items():
        told = percentiles(values)
        print(f"{since}: until silence, ms: p50 {told.p50:.0f}, p95 {told.p95:.0f}, max {max(values):.0f}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mode", choices=("speech", "wake"), default="speech")
    parser.add_argument("--say", default="turn on the kitchen light")
    parser.add_argument("--times", type=int, default=50)
    options = parser.parse_args()
    asyncio.run(main(options.mode, options.say, options.times))
