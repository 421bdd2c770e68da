"""What browsers cost a server while nobody talks: CPU and memory of a real process, with many of them and with none.

    python bench/web_idle.py [--sessions 200] [--seconds 60] [--https]

Targets: at most 2 % of a core and 30 MB more than without. Then the lights go on and off, until one of them that does
not read what it is told has been dropped; no other may miss anything. `told` is how long after a command was given the
last of the others, all of which are in this one process, had heard of its last change.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from typing_extensions import override

from roomtone_server.bench.ends import scratch_folder
from roomtone_server.bench.programs import until
from roomtone_server.telemetry.percentiles import percentiles
from satellite_idle import cpu_s
from web_visitors import Visited, Visitor, visited

TARGET_CPU_PERCENT: Final = 2.0
TARGET_RSS_MB: Final = 30.0
SETTLES_S: Final = 10.0
MOST_COMMANDS: Final = 2000
ARRIVES_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class Costs:
    cpu_percent: float  # of a core
    rss_mb: float

    @override
    def __str__(self) -> str:
        return f"cpu {self.cpu_percent:.2f} % of a core, rss {self.rss_mb:.1f} MB"


async def costs(house: Visited, seconds: float) -> Costs:
    await asyncio.sleep(SETTLES_S)
    before_s, began = cpu_s(house.process), time.monotonic()
    await asyncio.sleep(seconds)
    percent = 100 * (cpu_s(house.process) - before_s) / (time.monotonic() - began)
    return Costs(percent, house.process.memory_info().rss / 1e6)


async def drops(house: Visited, visitors: Sequence[Visitor]) -> bool:
    """Whether one who does not read was dropped, and all others were told of everything."""
    took_ms: list[float] = []
    told = 0
    async with house.one_who_does_not_read() as port:
        while house.is_connected(port) and len(took_ms) < MOST_COMMANDS:
            given = time.monotonic()
            told += await house.happens()
            await until("everybody is told", partial(_all_told, visitors, told), ARRIVES_S, [])
            took_ms.append(1000 * (max(each.changes[told - 1] for each in visitors) - given))
    took = percentiles(took_ms)
    assert took is not None
    print(f"who does not read was dropped after {len(took_ms)} commands, {told} changes; to the others each came")
    print(f"told, ms: p50 {took.p50:.0f}, p95 {took.p95:.0f}, max {max(took_ms):.0f}")
    return len(took_ms) < MOST_COMMANDS


async def _all_told(visitors: Sequence[Visitor], changes: int) -> bool | None:
    return all(len(each.changes) >= changes for each in visitors) or None


async def main(options: argparse.Namespace) -> int:
    with scratch_folder() as folder:
        async with visited(folder, https=options.https) as house:
            alone = await costs(house, options.seconds)
            print(f"without: {alone}")
            async with house.by(options.sessions) as visitors:
                together = await costs(house, options.seconds)
                print(f"with {options.sessions}: {together}")
                has_dropped = await drops(house, visitors)
    more_percent, more_mb = together.cpu_percent - alone.cpu_percent, together.rss_mb - alone.rss_mb
    print(f"they cost {more_percent:.2f} % of a core (target {TARGET_CPU_PERCENT:g}), ", end="")
    print(f"{more_mb:.1f} MB (target {TARGET_RSS_MB:g})")
    return int(more_percent > TARGET_CPU_PERCENT or more_mb > TARGET_RSS_MB or not has_dropped)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--https", action="store_true", help="as from other machines")
    sys.exit(asyncio.run(main(parser.parse_args())))
