"""How long the agent takes, from a command's text to its reply.

    python bench/agent.py [--home home.yaml] [--rounds 50]

Cold is each command's first time after the start, warm all others; CPU is that of the event loop's thread, which a busy
machine does not blur. Every command runs through the real agent, home and store, on a state folder of its own.
"""

import argparse
import asyncio
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from roomtone.engines import Surroundings
from roomtone_server.agent.base import Request
from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.kept import Kept
from roomtone_server.agent.settings import AgentSettings
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings
from roomtone_server.store.database import Database

COMMANDS = [
    "turn on the lights",
    "turn off the lights in the kitchen",
    "set the kitchen lights to thirty percent",
    "set the temperature to twenty one degrees",
    "is the front door locked",
    "how many lights are on",
    "pause",
    "set a timer for 5 minutes",
    "cancel all timers",
    "add oat milk to my shopping list",
    "what time is it",
    "turn on the disco ball",
    "tell me a joke",
]


async def measure(file: Path | None, rounds: int) -> None:
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        home = VirtualHome(VirtualHomeSettings(file=file), Surroundings(folder, folder))
        await home.start()
        async with Database.open(folder / "roomtone.db") as database:
            agent = IntentAgent(home, Kept.in_database(database), AgentSettings())
            began = time.perf_counter()
            await agent.start()
            print(f"start         {(time.perf_counter() - began) * 1000:7.1f} ms")
            cold = [await measured(agent, text) for text in COMMANDS]
            warm = [await measured(agent, text) for _ in range(rounds) for text in COMMANDS]
            report("cold", cold)
            report("warm", warm)
        await home.close()


async def measured(agent: IntentAgent, text: str) -> dict[str, float]:
    """Milliseconds of prepare, of commit, of both, and the CPU of both."""
    cpu_began, began = time.thread_time(), time.perf_counter()
    prepared = await agent.prepare(Request(text, area="Kitchen"))
    ready = time.perf_counter()
    async for _ in agent.commit(prepared):
        pass
    done, cpu_done = time.perf_counter(), time.thread_time()
    seconds = {"prepare": ready - began, "commit": done - ready, "both": done - began, "CPU": cpu_done - cpu_began}
    return {part: each * 1000 for part, each in seconds.items()}


def report(name: str, times: list[dict[str, float]]) -> None:
    for part in times[0]:
        values = [each[part] for each in times]
        cuts = statistics.quantiles(values, n=100, method="inclusive")
        print(f"{name} {part:8} p50 {cuts[49]:6.2f} ms   p95 {cuts[94]:6.2f} ms   max {max(values):6.2f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="the home to speak to; the example if none")
    parser.add_argument("--rounds", type=int, default=50, help="how often each command is given again")
    options = parser.parse_args()
    asyncio.run(measure(options.home, options.rounds))


if __name__ == "__main__":
    main()
