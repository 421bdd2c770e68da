"""The bench from beginning to end: the home made up, the agent started, all that is said prepared and timed."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import click
import yaml

from roomtone.engines import Surroundings
from roomtone_server.agent.base import Request
from roomtone_server.agent.intent_agent import IntentAgent
from roomtone_server.agent.kept import Kept
from roomtone_server.agent.settings import AgentSettings
from roomtone_server.bench.intents.large_home import large_home
from roomtone_server.bench.intents.utterances import utterances
from roomtone_server.home.names import vocabulary_of
from roomtone_server.home.virtual import VirtualHome, VirtualHomeSettings
from roomtone_server.store.database import FILE_NAME, Database
from roomtone_server.telemetry.percentiles import percentiles

LANGUAGE: Final = "en"
MAX_AREAS: Final = 20
ENTITIES_PER_AREA: Final = 25

EXIT_MEASURED: Final = 0


@dataclass(frozen=True, slots=True)
class IntentsOptions:
    """What the command line asks for."""

    entities: int
    utterances: int
    rounds: int
    slowest: int


@dataclass(frozen=True, slots=True)
class Timed:
    text: str
    is_understood: bool
    ms: float


async def bench_intents(options: IntentsOptions, *, as_json: bool) -> int:
    """Prints what was measured, and returns the exit status."""
    with TemporaryDirectory(prefix="roomtone-bench-") as folder:
        async with _agent_in(await _home(options.entities, Path(folder)), Path(folder)) as (agent, home):
            texts = utterances(vocabulary_of(home.areas(), home.entities(), LANGUAGE), options.utterances)
            requests = [Request(text, area=home.areas()[0].name) for text in texts]
            for request in requests:
                await _timed(agent, request)
            rounds = [[await _timed(agent, request) for request in requests] for _ in range(options.rounds)]
    timed = [_middle(of_one) for of_one in zip(*rounds, strict=True)]
    spread = percentiles(each.ms for each in timed)
    assert spread is not None
    slowest = sorted(timed, key=lambda each: each.ms, reverse=True)
    result = {
        "entities": options.entities,
        "utterances": len(texts),
        "understood": sum(each.is_understood for each in timed),
        "rounds": options.rounds,
        "ms": {"p50": spread.p50, "p95": spread.p95, "max": round(slowest[0].ms, 1)},
    }
    if not as_json:
        click.echo(_table(result, slowest[: options.slowest]))
    click.echo(json.dumps(result))
    return EXIT_MEASURED


async def _home(entities: int, folder: Path) -> VirtualHome:
    areas = min(MAX_AREAS, 1 + entities // ENTITIES_PER_AREA)
    file = folder / "home.yaml"
    content = yaml.safe_dump(large_home({}, entities, areas), allow_unicode=True)
    await asyncio.to_thread(file.write_text, content, encoding="utf-8")
    return VirtualHome(VirtualHomeSettings(file=file), Surroundings(folder, folder, LANGUAGE))


@asynccontextmanager
async def _agent_in(home: VirtualHome, folder: Path) -> AsyncIterator[tuple[IntentAgent, VirtualHome]]:
    """The real ones, started, on a state of their own."""
    await home.start()
    try:
        async with Database.open(folder / FILE_NAME) as database:
            agent = IntentAgent(home, Kept.in_database(database), AgentSettings(), language=LANGUAGE)
            await agent.start()
            yield agent, home
            await agent.close()
    finally:
        await home.close()


def _middle(rounds: Sequence[Timed]) -> Timed:
    return sorted(rounds, key=lambda each: each.ms)[len(rounds) // 2]


async def _timed(agent: IntentAgent, request: Request) -> Timed:
    began = time.perf_counter()
    prepared = await agent.prepare(request)
    ms = (time.perf_counter() - began) * 1000
    return Timed(request.text, prepared.payload.understood, ms)


def _table(result: Mapping[str, Any], slowest: Sequence[Timed]) -> str:
    ms = result["ms"]
    said = (
        f"{result['utterances']} utterances, {result['understood']} of them understood, {result['rounds']} times each"
    )
    lines = [
        f"{said}, to a home of {result['entities']} entities",
        f"p50 {ms['p50']} ms   p95 {ms['p95']} ms   max {ms['max']} ms",
        *(f"{each.ms:8.1f} ms  {each.text}" for each in slowest),
    ]
    return "\n".join(lines)
