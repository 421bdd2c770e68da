"""How soon a reply in a browser falls silent when somebody speaks into it: Chromium with the page, a real server, and
a sound card that is none.

    python bench/browser_barge_in.py [--times 12] [--echo-db -20]

By the tape, outside of everything: from the voice's first sound in the air to the reply's last at the speaker, with
what the sound server and the browser hold back on both ways. And by the clock of the page's own audio: from the first
sample of the voice, to 20 ms, that its microphone gives, to where its speaker goes silent. Target: 150 ms, by the
latter. `--echo-db` is how much of the reply comes back to the microphone: the browser's echo cancellation learns the
room by it, in some replies that do not count, and takes away most of a voice where there is none to learn by. It takes
some 12 s a time, and a machine that does nothing else.
"""

import argparse
import asyncio
import math
import os
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from listening_page import leave_listening
from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench.browser import SOUND_PROBE, chromium
from roomtone_server.bench.ends import both_ends, scratch_folder
from roomtone_server.bench.scene import WAKE_WORD, Clip, compose, spoken
from roomtone_server.bench.sound import Samples
from roomtone_server.telemetry.percentiles import percentiles
from two_rooms import BROWSER, TAPE_HZ, Rooms, Take, audible, two_rooms

if TYPE_CHECKING:
    from playwright.async_api import Page

TARGET_MS: Final = 150.0
QUESTION: Final = "what can you do"  # three sentences are the answer
INTERRUPTION: Final = "turn on the kitchen light"
FIRST_S, STEP_S = 2.0, 0.037  # after the question: somewhere else in the answer each time
AFTER_S: Final = 4.0  # until the answer to the interruption is over
LESSONS: Final = 3  # in which the browser learns its room
PAUSE_S: Final = 0.3  # while a reply sounds, the page's speaker tells of it more often; no sentence waits for so long
LOUD_DBFS: Final = -45.0
FRAME_S: Final = 0.02
EARLY_S: Final = 0.06  # as the voice may come by the page's clock, which is read once every 20 ms


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


def on_page_ms(heard: Sequence[Mapping[str, Any]], sounded: Sequence[Mapping[str, Any]], onset: int) -> float | None:
    """From the voice's first frame to the report of the pause; None where the first reply was not paused. `onset` is
    the voice's first sound, in samples after the first one that was said."""
    reply = [report for report in sounded if report["turn"] == sounded[0]["turn"]]
    loud = [frame["at"] for frame in heard if frame["level"] > LOUD_DBFS]
    begins = next((at for at in loud if at > loud[0] + onset / RATE_HZ - EARLY_S), math.inf)
    for report, after in pairwise(reply):
        if report["at"] > begins and after["at"] - report["at"] > PAUSE_S:
            return float(1000 * (report["at"] - begins + FRAME_S))
    return None


async def interrupted(rooms: Rooms, page: "Page", sound: Samples, onset: int) -> tuple[float, float] | None:
    """On the tape and on the page, in ms; None where the voice did not pause the reply."""
    await page.evaluate("probe.heard.length = probe.sounded.length = 0")
    begin = rooms.samples
    await rooms.say(BROWSER, sound)
    heard, sounded = await page.evaluate("[probe.heard, probe.sounded]")
    page_ms = on_page_ms(heard, sounded, onset - int(audible(sound)[0]))
    if page_ms is None:
        return None
    return on_tape_ms(rooms, Take(BROWSER, begin, rooms.samples), onset), page_ms


async def measured(options: argparse.Namespace, folder: Path) -> list[tuple[float, float]]:
    clips = [spoken(text) for text in (WAKE_WORD, QUESTION, INTERRUPTION)]
    took_ms: list[tuple[float, float]] = []
    async with two_rooms(folder) as rooms, both_ends(folder) as ends:
        await rooms.let_hear_itself(BROWSER, options.echo_db)
        os.environ.update(rooms.server.environment)  # of whatever is started from here on
        await ends.start_server(None)
        async with chromium(sound_card=True) as browser:
            context = await browser.new_context(permissions=["microphone"])
            await context.add_init_script(path=SOUND_PROBE)
            page = await context.new_page()
            await leave_listening(page, await ends.link(), "Kitchen")
            await rooms.is_heard(BROWSER)
            for number in range(-LESSONS, options.times):
                sound, onset = scene(clips, number)
                silent_ms = await interrupted(rooms, page, sound, onset)
                told = (
                    "not paused by the voice"
                    if silent_ms is None
                    else "{:.0f} ms, on the page {:.0f} ms".format(*silent_ms)
                )
                print(f"  {'lesson' if number < 0 else 'reply'}: {told}", file=sys.stderr)
                if silent_ms is not None and number >= 0:
                    took_ms.append(silent_ms)
    return took_ms


async def main(options: argparse.Namespace) -> int:
    with scratch_folder() as folder:
        took_ms = await measured(options, folder)
    print(f"of {options.times} replies {len(took_ms)} fell silent at the voice")
    for where, values in zip(("on the tape", "on the page"), zip(*took_ms, strict=True), strict=bool(took_ms)):
        took = percentiles(values)
        assert took is not None
        print(f"{where}, ms: p50 {took.p50:.0f}, p95 {took.p95:.0f}, max {max(values):.0f}")
    return int(not took_ms or max(page_ms for _, page_ms in took_ms) > TARGET_MS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=12)
    parser.add_argument("--echo-db", type=float, default=-20.0)
    sys.exit(asyncio.run(main(parser.parse_args())))
