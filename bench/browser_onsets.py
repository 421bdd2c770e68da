"""How soon a browser's reply is paused when somebody speaks into it, by the sample clock: through the voice detector of
the server, and what it knows of the echo.

    python bench/browser_onsets.py [--left-db -40] [--lag-ms 0] [--times 80] [--recordings FOLDER]

Replies in the embedded voice are told, and clips of `commands` in $ROOMTONE_TEST_DATA, or commands in the embedded
voice, are spoken into them. `--left-db` is how much of a reply the browser's echo cancellation leaves, and `--lag-ms`
how much later it comes than the browser knows. `onset` is from the voice's first sample to the end of the frame that
has the reply paused; the way there and back comes on top. `late` are those that took longer than 300 ms, or were never
noticed; `false` the pauses before anybody spoke. `without` is the same by the voice detector alone.
"""

import argparse
import os
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.random import Generator, default_rng

from onsets import commands
from roomtone.ears.formats import FRAME_SAMPLES, RATE_HZ, SAMPLE_BYTES, SAMPLES_PER_MS
from roomtone.ears.vad.silero import Silero
from roomtone.satellite.events import VoiceStarted
from roomtone_server.ports.web.voice.attention import Attention
from roomtone_server.ports.web.voice.nearness import Nearness
from roomtone_server.runtime.detectors import Detectors
from roomtone_server.telemetry.percentiles import percentiles
from talker import REPLIES, USER_LEVEL, Sound, spoken

REPLY_LEVEL = 1.5 * USER_LEVEL
NOISE_LEVEL = 3.0  # a quiet room
AHEAD_SAMPLES = RATE_HZ // 5
REPORT_SAMPLES = RATE_HZ // 5
LATE_MS = 300.0


def _pcm(sound: Sound) -> bytes:
    return sound.round().clip(-32_768, 32_767).astype(np.int16).tobytes()


def _room(reply: Sound, voice: Sound, at: int, left_db: float, lag: int, draw: Generator) -> Sound:
    """What the browser sends: the rest of the echo, the voice from `at` on, and the room."""
    samples = max(reply.size + lag, at + voice.size) + RATE_HZ
    heard = draw.normal(0, NOISE_LEVEL, samples)
    heard[lag : lag + reply.size] += reply * 10 ** (left_db / 20)
    heard[at : at + voice.size] += voice
    return heard


def pauses_at(heard: Sound, reply: Sound, nearness: Nearness | None) -> int | None:
    """The end of the frame in which the reply is paused; None: it never is."""
    attention, sent, told = Attention(Detectors(Silero)), 0, _pcm(reply)
    attention.turn_to("reply")
    if nearness is not None:
        nearness.begin(RATE_HZ)
    for start in range(0, heard.size - FRAME_SAMPLES, FRAME_SAMPLES):
        pcm, near = _pcm(heard[start : start + FRAME_SAMPLES]), None
        if nearness is not None:
            until = min(len(told), (start + AHEAD_SAMPLES) * SAMPLE_BYTES)
            nearness.sent(told[sent:until])
            sent = until
            if start % REPORT_SAMPLES == 0:
                nearness.sounded(start, start / RATE_HZ)
            near = nearness.frame(pcm, start / RATE_HZ)
        if isinstance(attention.frame(pcm, start, near=near), VoiceStarted):
            return start + FRAME_SAMPLES
    return None


def measure(name: str, options: argparse.Namespace, nearness: Nearness | None) -> None:
    draw, voices, replies = default_rng(1), cycle(commands(options.recordings)), cycle(REPLIES)
    onsets_ms: list[float] = []
    false = 0
    for _ in range(options.times):
        reply, voice = REPLY_LEVEL * spoken(next(replies)), next(voices)
        at = int(draw.integers(RATE_HZ * 3 // 2, max(RATE_HZ * 3 // 2 + 1, reply.size - RATE_HZ // 2)))
        heard = _room(reply, voice, at, options.left_db, options.lag_ms * SAMPLES_PER_MS, draw)
        paused = pauses_at(heard, reply, nearness)
        if paused is not None and paused <= at:
            false += 1
        elif paused is not None:
            onsets_ms.append((paused - at) / SAMPLES_PER_MS)
    in_time = [each for each in onsets_ms if each <= LATE_MS]
    late = options.times - false - len(in_time)
    told = percentiles(in_time)
    onset = f"p50 {told.p50:.0f}, p95 {told.p95:.0f}, max {max(in_time):.0f} ms" if told else "none"
    print(f"{name:8} onset {onset}; late {late}, false {false}")


if __name__ == "__main__":
    data = os.environ.get("ROOMTONE_TEST_DATA")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--left-db", type=float, default=-40.0, help="of a reply, by the browser's echo cancellation")
    parser.add_argument("--lag-ms", type=int, default=0, help="of the echo, that the browser does not know of")
    parser.add_argument("--times", type=int, default=80)
    parser.add_argument("--recordings", type=Path, default=Path(data) if data else None)
    options = parser.parse_args()
    print(f"echo {options.left_db:+g} dB, {options.lag_ms} ms later than told; {options.times} times")
    measure("with", options, Nearness())
    measure("without", options, None)
