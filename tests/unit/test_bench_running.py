"""How a bench ends."""

import asyncio
import os
import signal

from roomtone_server.bench.running import EXIT_TERMINATED, run


def test_a_bench_ends_with_its_own_status():
    async def measure():
        return 3

    assert run(measure()) == 3


def test_a_bench_that_is_terminated_ends_what_it_started():
    ended = []

    async def measure():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.Event().wait()
        finally:
            ended.append("the engine")

    assert run(measure()) == EXIT_TERMINATED == 143
    assert ended == ["the engine"]
