"""How fast frames of 20 ms of audio are read and written: our codec beside the wyoming package, in one run.

    python bench/codec.py

Both read the same bytes in the same pieces, and write to the same kind of stream, in turns. CPU time; the best round of
each counts, the rest is the machine's noise.
"""

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable

from typing_extensions import override
from wyoming.audio import AudioChunk
from wyoming.event import async_read_event, async_write_event

from roomtone.link.codec import Decoder, encode

FRAMES = 1_000
ROUNDS = 30
EVENTS = [
    AudioChunk(rate=16_000, width=2, channels=1, audio=bytes(640), timestamp=20 * index).event()
    for index in range(FRAMES)
]
STREAM = [encode(event) for event in EVENTS]
BURST = 20  # frames that come in one piece


class Nowhere(asyncio.Transport):
    """Forgets what is written to it."""

    @override
    def write(self, data: bytes | bytearray | memoryview) -> None:
        pass

    @override
    def is_closing(self) -> bool:
        return False

    @override
    def close(self) -> None:
        pass


def writer_to_nowhere() -> asyncio.StreamWriter:
    reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()
    return asyncio.StreamWriter(Nowhere(), asyncio.StreamReaderProtocol(reader), reader, loop)


async def they_read(frames_per_piece: int) -> None:
    reader = asyncio.StreamReader()
    for at in range(0, FRAMES, frames_per_piece):
        reader.feed_data(b"".join(STREAM[at : at + frames_per_piece]))
        for _ in range(frames_per_piece):
            assert await async_read_event(reader) is not None


async def we_read(frames_per_piece: int) -> None:
    decoder = Decoder()
    for at in range(0, FRAMES, frames_per_piece):
        decoder.feed(b"".join(STREAM[at : at + frames_per_piece]))
        for _ in range(frames_per_piece):
            assert decoder.next_event() is not None


async def they_write(frames_per_piece: int) -> None:
    del frames_per_piece
    writer = writer_to_nowhere()
    for event in EVENTS:
        await async_write_event(event, writer)


async def we_write(frames_per_piece: int) -> None:
    del frames_per_piece
    writer = writer_to_nowhere()
    for event in EVENTS:
        writer.write(encode(event))
        await writer.drain()


async def us_per_frame(work: Callable[[int], Awaitable[None]], frames_per_piece: int) -> float:
    began = time.process_time()
    await work(frames_per_piece)
    return (time.process_time() - began) / FRAMES * 1e6


async def compare(
    what: str, ours: Callable[[int], Awaitable[None]], theirs: Callable[[int], Awaitable[None]], frames_per_piece: int
) -> None:
    rounds = [
        (await us_per_frame(ours, frames_per_piece), await us_per_frame(theirs, frames_per_piece))
        for _ in range(ROUNDS)
    ]
    best_ours, best_theirs = (min(times) for times in zip(*rounds, strict=True))
    print(f"{what:32} {best_ours:6.2f} us  wyoming {best_theirs:6.2f} us  {best_theirs / best_ours:5.2f} times as fast")


async def measure() -> None:
    await compare("read, frame by frame", we_read, they_read, 1)
    await compare(f"read, {BURST} frames at once", we_read, they_read, BURST)
    await compare("write", we_write, they_write, 1)


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    asyncio.run(measure())


if __name__ == "__main__":
    main()
