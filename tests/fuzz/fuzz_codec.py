"""Feeds mutated frames to the decoder: only FrameError may escape, and memory must not grow.

    python tests/fuzz/fuzz_codec.py --n 1000000 --seed 1

One line of counts at the end. Exit status 1, with the input and what it did, when something else came out.
"""
# ruff: noqa: T201 - a script that prints

import argparse
import os
import random
import sys
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from wyoming.event import Event

from roomtone.errors import FrameError
from roomtone.link.codec import Decoder, Limits, encode
from roomtone.link.wire import READ_AHEAD_BYTES

MOST_GROWTH_BYTES: Final = 5 * 1024 * 1024
WARM_UP: Final = 0.1  # of all inputs: until allocator and caches have what they need
# Small, so that inputs of a few hundred bytes reach every limit.
TIGHT: Final = Limits(header_bytes=256, data_bytes=512, payload_bytes=1024, json_depth=8)

EVENTS: Final = (
    Event("ping"),
    Event("audio-chunk", {"rate": 16000, "width": 2, "channels": 1, "timestamp": 40}, bytes(range(256)) + bytes(384)),
    Event("audio-stop", {"timestamp": 1200}),
    Event("transcript", {"text": 'a "quoted" word, ünïcödé, \\ and \u2028', "language": None}),
    Event("roomtone-wake", {"turn": 1, "name": "okay_nabu", "score": 0.97, "sample": 16000, "first_sample": 8000}),
    Event("nested", {"a": [{"b": [[{"c": [1, -2.5e-3, True, False, None]}]]}]}),
)
SEEDS: Final = (
    *(encode(event) for event in EVENTS),
    b'{"type":"inline","data":{"a":1}}\n',
    b'{"type":"both","data":{"a":1,"b":2},"data_length":8}\n{"b": 3}',
    b'{"type": "null", "data_length": null, "payload_length": null, "version": "1.10.0"}\n',
)
# What a parser of frames or of JSON is most likely to trip over.
TOKENS: Final = (
    b"{", b"}", b"[", b"]", b'"', b"\\", b",", b":", b"\n", b"\r\n", b"\x00", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf",
    b"\\ud800", b"\\u0000", b"NaN", b"-Infinity", b"1e999", b"-1", b"0", b"00", b"1.0", b"true", b"null", b"{}", b"[]",
    b'""', b"99999999999", b"100000000000000000000000000", b"9" * 200, b"[" * 40, b'{"a":' * 20, b'"\\"' * 30,
    b'"type"', b'"data":', b'"data_length":', b'"payload_length":', b'"type":1,', b'"data":[],', b'"data_length":true,',
)  # fmt: skip


def mutated(seed: random.Random) -> bytes:
    """One to three frames, bent in up to four places."""
    stream = bytearray(b"".join(seed.choices(SEEDS, k=seed.choice((1, 1, 2, 3)))))
    for _ in range(seed.randrange(5)):
        at = seed.randrange(len(stream) + 1)
        to = min(len(stream), at + seed.choice((0, 1, 1, 2, 7, 40)))
        match seed.randrange(6):
            case 0:
                stream[at:to] = seed.choice(TOKENS)
            case 1:
                stream[at:at] = seed.choice(TOKENS)
            case 2:
                del stream[at:to]
            case 3:
                stream[at:to] = seed.randbytes(to - at)
            case 4:
                stream[at:at] = stream[at:to]
            case _:
                del stream[at:]
    return bytes(stream)


def pieces(stream: bytes, seed: random.Random) -> Iterator[bytes]:
    """The stream in pieces of any size, the empty one too."""
    at = 0
    while at < len(stream):
        to = at + seed.choice((0, 1, 3, 60, 700, len(stream)))
        yield stream[at:to]
        at = to


def decode(stream: bytes, limits: Limits, seed: random.Random) -> str:
    """What became of it: `whole`, or what the FrameError complained of. Raises AssertionError for a broken promise."""
    decoder = Decoder(limits)
    try:
        for piece in pieces(stream, seed):
            decoder.feed(piece)
            while (event := decoder.next_event()) is not None:
                assert_survives(event, limits)
            assert decoder.undecoded_bytes <= READ_AHEAD_BYTES + limits.data_bytes + limits.payload_bytes
        decoder.end()
    except FrameError as problem:
        where, _, what = str(problem).partition(": ")
        if not where.startswith("frame at byte "):
            raise AssertionError(f"an error that does not say where: {problem}") from problem
        return what.partition(":")[0]
    return "whole"


def assert_survives(event: Event, limits: Limits) -> None:
    """What was let in can be sent on, and arrives as it was. Its header may have outgrown the limits by our version."""
    frame = encode(event, Limits(limits.header_bytes + 100, limits.header_bytes + limits.data_bytes))
    again = Decoder()
    again.feed(frame)
    assert again.next_event() == event


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--n", type=int, default=1_000_000, help="how many inputs")
    arguments.add_argument("--seed", type=int, default=1)
    chosen = arguments.parse_args()
    seed = random.Random(chosen.seed)
    outcomes: Counter[str] = Counter()
    warm, baseline, most = max(1, int(chosen.n * WARM_UP)), 0, 0
    for count in range(1, chosen.n + 1):
        stream = mutated(seed)
        try:
            outcomes[decode(stream, seed.choice((Limits(), TIGHT)), seed)] += 1
        except Exception:  # noqa: BLE001 - whatever it is, it is the finding
            print(f"input {count} of seed {chosen.seed}: {stream!r}\n{traceback.format_exc()}", file=sys.stderr)
            return 1
        if count == warm:
            baseline = resident_bytes()
        elif count > warm and count % 1000 == 0:
            most = max(most, resident_bytes())
    growth = max(0, most - baseline)
    counts = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.most_common())
    print(f"{chosen.n} inputs: {counts}; memory grew by {growth / 1024 / 1024:.1f} MB")
    return int(growth > MOST_GROWTH_BYTES)


if __name__ == "__main__":
    sys.exit(main())
