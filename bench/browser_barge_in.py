"""How soon a reply in a browser falls silent when somebody speaks into it: Chromium with the page, a real server, and
a sound card that is none.

    python bench/browser_barge_in.py [--times 20]

By the tape, outside of everything: from the voice's first sound in the air to the reply's last at the speaker, with
what the sound server and the browser hold back on both ways. And by the clock of the page's own audio: from the first
sample of the voice, to 20 ms, that its microphone gives, to where its speaker goes silent. Target: 150 ms, by the
latter. It takes some 15 s a time, and a machine that does nothing else.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np

from listening_page import leave_listening
from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench.browser import SOUND_PROBE, chromium
from roomtone_server.bench.ends import both_ends, scratch_folder
from roomtone_server.bench.scene import WAKE_WORD, Clip, compose, spoken
from roomtone_server.bench.sound import Samples
from roomtone_server.telemetry.percentiles import percentiles
from two_rooms import BROWSER, TAPE_HZ, Rooms, Take, audible, two_rooms

TARGET_MS: Final = 150.0
QUESTION: Final = "what can you do"  # three sentences are the answer
INTERRUPTION: Final = "turn on the kitchen light"
FIRST_S, STEP_S = 2.0, 0.037  # after the question: somewhere else in the answer each time
AFTER_S: Final = 6.0
PAUSE_S: Final = 0.3  # while a reply sounds, the page's speaker tells of it more often; no sentence waits for so long
LOUD_DBFS: Final = -45.0
FRAME_S: Final = 0.02


def scene(clips: Sequence[Clip], number: int) -> tuple[Samples, int]:
    """What is said, and where the interruption's first sound lies in it."""
    wake, question, interruption = clips
    asked = compose(wake, question)
    at = asked.command_end + round((FIRST_S + number % 20 * STEP_S) * RATE_HZ)
    sound = np.resize(asked.sound, at + interruption.sound.size + round(AFTER_S * RATE_HZ))
    sound[asked.sound.size :] = 0
    sound[at : at + interruption.sound.size] = interruption.sound
    return sound, at + int(audible(interruption.sound)[0])


def on_tape_ms(rooms: Rooms, take: Take, onset: int) -> float:
    """Of a reply that was paused."""
    sounding = audible(rooms.speaker_since(take, onset))
    ends = sounding[:-1][np.diff(sounding) > PAUSE_S * TAPE_HZ]
    return float(ends[0] if ends.size else sounding[-1]) * 1000 / TAPE_HZ


def on_page_ms(heard: Sequence[Mapping[str, Any]], sounded: Sequence[Mapping[str, Any]]) -> float | None:
    """From the voice's frame to the report of the pause; None where the first reply was not paused."""
    reply = [report for report in sounded if report["turn"] == sounded[0]["turn"]]
    for onset in (each["at"] for each in heard if reply and each["at"] > reply[0]["at"] and each["level"] > LOUD_DBFS):
        for report, after in pairwise(reply):
            if report["at"] > onset and after["at"] - report["at"] > PAUSE_S:
                return float(1000 * (report["at"] - onset + FRAME_S))
        break
    return None


async def main(options: argparse.Namespace) -> int:
    tape_ms: list[float] = []
    page_ms: list[float] = []
    clips = [spoken(text) for text in (WAKE_WORD, QUESTION, INTERRUPTION)]
    with scratch_folder() as folder:
        async with two_rooms(folder) as rooms, both_ends(folder) as ends:
            os.environ.update(rooms.server.environment)  # of whatever is started from here on
            await ends.start_server(None)
            async with chromium(sound_card=True) as browser:
                context = await browser.new_context(permissions=["microphone"])
                await context.add_init_script(path=SOUND_PROBE)
                page = await context.new_page()
                await leave_listening(page, await ends.link(), "Kitchen")
                await rooms.is_heard(BROWSER)
                for number in range(options.times):
                    sound, onset = scene(clips, number)
                    await page.evaluate("probe.heard.length = probe.sounded.length = 0")
                    begin = rooms.samples
                    await rooms.say(BROWSER, sound)
                    heard, sounded = await page.evaluate("[probe.heard, probe.sounded]")
                    if (ms := on_page_ms(heard, sounded)) is not None:
                        page_ms.append(ms)
                        tape_ms.append(on_tape_ms(rooms, Take(BROWSER, begin, rooms.samples), onset))
    for where, values in (("on the tape", tape_ms), ("on the page", page_ms)):
        took = percentiles(values)
        assert took is not None, f"no reply fell silent {where}"
        print(f"{where}, {len(values)} of {options.times} replies, ms: ", end="")
        print(f"p50 {took.p50:.0f}, p95 {took.p95:.0f}, max {max(values):.0f}")
    return int(max(page_ms) > TARGET_MS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=20)
    sys.exit(asyncio.run(main(parser.parse_args())))
