"""What a server holds for peers that do nothing, or all they can."""

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from support.links import Observed, dialled, listening, stranger

from roomtone.link.wire import READ_AHEAD_BYTES

# Documented in docs/protocol.md: 290 KiB at one end, 256 of them the read buffer of asyncio's TLS. Here are both ends.
MOST_FOR_BOTH_ENDS = 2 * 400 * 1024
TLS_READ_BYTES = 256 * 1024


def resident_bytes():
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def test_an_idle_connection_takes_what_the_documentation_says():
    observed = Observed()
    async with listening(observed, max_connections=100, max_per_address=100) as server, AsyncExitStack() as links:
        for _ in range(10):
            await links.enter_async_context(dialled(server.port))
        before = resident_bytes()
        for _ in range(40):
            await links.enter_async_context(dialled(server.port))
        assert (resident_bytes() - before) / 40 < MOST_FOR_BOTH_ENDS


@pytest.mark.parametrize("frame", [b'{"type":"a"}\n', b'{"type":"a","payload_length":65536}\n' + bytes(65536)])
async def test_a_server_that_is_busy_stops_reading(frame):
    accepted = asyncio.Queue()

    async def busy(link):
        accepted.put_nowait(link)
        await link._wire.lost()  # and never receives

    async with listening(busy) as server, stranger(server.port) as (_, writer):
        wire = (await accepted.get())._wire
        while wire._transport.is_reading():
            writer.write(frame)
            await asyncio.sleep(0)
        held = wire.decoder.undecoded_bytes
        for _ in range(100):
            writer.write(frame)
            await asyncio.sleep(0)
        assert wire.decoder.undecoded_bytes == held
        assert held <= READ_AHEAD_BYTES + TLS_READ_BYTES
