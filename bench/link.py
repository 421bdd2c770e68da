"""What a link costs: memory of an idle connection at the server, and the time from one end to the other.

    python bench/link.py

Server and satellites are two processes on loopback.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from wyoming.audio import AudioChunk

from roomtone.link.security import client_context, make_certificate
from roomtone.link.stream import Deadlines, Link, dial, serve

HOST = "127.0.0.1"
WARM_UP, IDLE = 20, 200
CHUNKS = 2_000
DEADLINES = Deadlines(ping_s=1, read_s=60)  # so that each link has pinged and been pinged before it is measured


async def echo(link: Link) -> None:
    while True:
        link.send(await link.receive())


async def server() -> None:
    identity = make_certificate(Path(tempfile.mkdtemp()))
    many = WARM_UP + IDLE + 1
    async with serve(
        echo, HOST, 0, identity.context, deadlines=DEADLINES, max_connections=many, max_per_address=many
    ) as served:
        print(served.port, identity.fingerprint.hex(), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


def resident_kib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1024


async def satellites() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--server", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdin is not None
    port, pin = (await process.stdout.readline()).split()
    tls = client_context()

    async with AsyncExitStack() as links:

        async def another() -> Link:
            place = dial(HOST, int(port), tls, fingerprint=bytes.fromhex(pin.decode()), deadlines=DEADLINES)
            return await links.enter_async_context(place)

        async def settle() -> float:
            await asyncio.sleep(2)
            return resident_kib(process.pid)

        link = await another()
        event = AudioChunk(rate=16_000, width=2, channels=1, audio=bytes(640), timestamp=0).event()
        round_trips_us = []
        for _ in range(CHUNKS):
            began = time.perf_counter()
            link.send(event)
            await link.receive()
            round_trips_us.append((time.perf_counter() - began) * 1e6)
        centiles = statistics.quantiles(round_trips_us, n=100)
        print(f"20 ms of audio there and back: p50 {centiles[49]:.0f} us, p99 {centiles[98]:.0f} us ({CHUNKS} of them)")

        for _ in range(WARM_UP):
            await another()
        before = await settle()
        for _ in range(IDLE):
            await another()
        print(f"idle connection, at the server: {(await settle() - before) / IDLE:.0f} KiB ({IDLE} of them)")
    process.stdin.close()
    await process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", action="store_true", help="be the other process")
    options = parser.parse_args()
    asyncio.run(server() if options.server else satellites())


if __name__ == "__main__":
    main()
