"""Measures Home Assistant as the home, on one that is there to be played with: it switches a light, again and again.

    python bench/home_assistant_home.py --url URL --token-file TOKEN [--light light.kitchen_lights]

First how long it takes from a call to the new state in our view of the home, by a service and by an intent's handler,
and for how long at most the event loop was held while the home was read. Then, with --rounds, V2V: the same sentences
are said to a satellite whose server has this home, and to one whose server has a virtual home of the same names, in
turns. Nothing else should run meanwhile.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from roomtone import engines
from roomtone.engines import EngineChoice, Surroundings
from roomtone.link.background import alongside
from roomtone_server.bench.ends import scratch_folder
from roomtone_server.bench.judge import Judge
from roomtone_server.bench.scene import WAKE_WORD, spoken
from roomtone_server.bench.v2v.commands import Command, repeated
from roomtone_server.bench.v2v.measure import Outcome, Result, measured
from roomtone_server.bench.v2v.playing import play
from roomtone_server.bench.v2v.reel import Reel, spliced
from roomtone_server.grammar.vocabulary import Vocabulary
from roomtone_server.home.base import Entity, Home, Order, ServiceCall
from roomtone_server.home.domains import DOMAINS
from roomtone_server.telemetry.percentiles import percentiles
from table import Table

TICK_S = 0.001  # how finely it is looked whether the loop is held
MS = 1000


async def main(options: argparse.Namespace) -> None:
    settings = {"url": options.url, "token": options.token_file.read_text().strip()}
    table = Table(names=34, figures=9)
    with TemporaryDirectory(prefix="roomtone-bench-") as folder:
        around = Surroundings(Path(folder), Path(folder))
        home: Home = engines.choose("home", EngineChoice("home-assistant", settings)).make(around)
        held: list[float] = []
        async with alongside(watch(held)):
            await home.start()
            words = await anext(home.changes())
            held_ms = max(held)
        await figures_of_calls(home, options, table)
        entities = home.entities()
        print(f"\n{len(entities)} entities were read; the event loop was held for {held_ms:.1f} ms at most")
        await home.close()
    if options.rounds:
        await figures_of_turns(settings, entities, words, options, table)


async def watch(held: list[float]) -> None:
    """Notes how much later than it should a timer fires, in ms."""
    held.append(0.0)
    while True:
        due = time.perf_counter() + TICK_S
        await asyncio.sleep(TICK_S)
        held.append((time.perf_counter() - due) * MS)


async def figures_of_calls(home: Home, options: argparse.Namespace, table: Table) -> None:
    if problem := home.fault():
        raise SystemExit(problem)
    for name, orders in (("service", (None, None)), ("intent", (Order("HassTurnOn"), Order("HassTurnOff")))):
        took = []
        for number in range(options.calls):
            state, order = ("on", orders[0]) if number % 2 == 0 else ("off", orders[1])
            call = ServiceCall(f"light.turn_{state}", options.light)
            if state_of(home, options.light) == state:
                continue
            began = time.perf_counter()
            await home.call(call, order)
            while state_of(home, options.light) != state:  # noqa: ASYNC110 - nobody tells of a state
                await asyncio.sleep(0)
            took.append((time.perf_counter() - began) * MS)
        table.row(f"{name}: call to state seen, ms", _row(took))


def state_of(home: Home, entity_id: str) -> str:
    return next(entity.state for entity in home.entities() if entity.id == entity_id)


async def figures_of_turns(
    settings: dict[str, Any],
    entities: Sequence[Entity],
    words: Vocabulary,
    options: argparse.Namespace,
    table: Table,
) -> None:
    name = next(entity.name for entity in entities if entity.id == options.light)
    texts = [f"turn on the {name}", f"turn off the {name}"]
    reel = spliced(spoken(WAKE_WORD), repeated([Command(text, text, spoken(text)) for text in texts], options.turns))
    judge = Judge(words, None)
    taken: dict[str, list[Result]] = {"virtual": [], "home-assistant": []}
    async with mirrored(entities, words) as file:
        for _ in range(options.rounds):
            taken["virtual"] += await played(reel, judge, file, {})
            taken["home-assistant"] += await played(
                reel, judge, None, {"home": {"engine": "home-assistant", **settings}}
            )
    for kind, results in taken.items():
        counted = [result for result in results if result.outcome is Outcome.COUNTED]
        table.row(f"V2V, {kind}, ms ({len(counted)} turns)", _row([result.v2v_ms or 0.0 for result in counted]))


async def played(reel: Reel, judge: Judge, file: Path | None, settings: dict[str, Any]) -> list[Result]:
    with scratch_folder() as folder:
        told = await play(reel, folder, file, None, settings)
    results = []
    for number, take in enumerate(reel.takes):
        turn = told.turns.get(number)
        answer = told.answers.get(turn.number) if turn and turn.number else None
        results.append(measured(take.command, told.began.at_ns(take.speech_end), turn, answer, judge))
    return results


@asynccontextmanager
async def mirrored(entities: Sequence[Entity], words: Vocabulary) -> AsyncIterator[Path]:
    """The file of a virtual home in which everything is called the same, as far as such homes have it."""
    home = {
        "areas": [{"name": area.names[0], "aliases": list(area.names[1:])} for area in words.areas],
        "entities": [
            {"id": entity.id, "name": entity.name, "area": entity.area, "aliases": list(entity.aliases)}
            for entity in entities
            if entity.domain in DOMAINS
        ],
    }
    with TemporaryDirectory(prefix="roomtone-bench-") as folder:
        file = Path(folder) / "home.yaml"
        file.write_text(yaml.safe_dump(home, allow_unicode=True), encoding="utf-8")
        yield file


def _row(values: Sequence[float]) -> dict[str, float]:
    found = percentiles(values)
    return {"p50": found.p50, "p95": found.p95, "p99": found.p99} if found else {}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token-file", type=Path, required=True)
    parser.add_argument("--light", default="light.kitchen_lights")
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=0, help="of V2V, each home once in each")
    parser.add_argument("--turns", type=int, default=8, help="in each round, for each home")
    asyncio.run(main(parser.parse_args()))
