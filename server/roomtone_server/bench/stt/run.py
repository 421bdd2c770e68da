"""The bench from beginning to end: everything read and checked, the engine started, every clip heard and judged."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from roomtone.engines import Chosen, EngineChoice, Surroundings, choose
from roomtone.paths import cache_dir, make_private
from roomtone_server.bench.home import HomeNow, read_home
from roomtone_server.bench.judge import Judge
from roomtone_server.bench.manifest import Clip, read_manifest
from roomtone_server.bench.stt.figures import Result, figures, judged
from roomtone_server.bench.stt.hearing import hear
from roomtone_server.bench.stt.picture import picture
from roomtone_server.bench.stt.report import table
from roomtone_server.bench.stt.sweep import sweep
from roomtone_server.bench.svg import write
from roomtone_server.engines.base import HearingRequest, SpeechToText

# What an engine that says how much it doubts calls the setting from which on it turns down what it heard.
THRESHOLD_SETTING: Final = "reject_from"

EXIT_MEASURED: Final = 0


@dataclass(frozen=True, slots=True)
class SttOptions:
    """What the command line asks for."""

    manifest: Path
    home: Path | None  # None: the example
    area: str | None = None  # where the speaker is; None: nobody knows
    language: str = "en"
    choice: EngineChoice = field(default_factory=EngineChoice)
    pace: float = 1.0
    foreign: bool = False
    limit: int | None = None
    picture: Path | None = None


async def bench_stt(options: SttOptions, *, as_json: bool) -> int:
    """Prints what was measured, and returns the exit status. Raises RoomtoneError; the engine is closed then."""
    clips = await asyncio.to_thread(
        read_manifest, options.manifest, options.language, foreign=options.foreign, limit=options.limit
    )
    chosen = choose("stt", options.choice)
    with TemporaryDirectory(prefix="roomtone-bench-") as folder:
        home = await read_home(options.home, Path(folder), options.language)
        area = home.area(options.area) if options.area else None
        judge = await asyncio.to_thread(Judge, home.vocabulary, area)
        judge.check(clips)
        around = Surroundings(Path(folder), make_private(cache_dir()), options.language)
        async with _taught(chosen, around, home) as engine:
            request = HearingRequest(options.language, area=area)
            results = await _heard(engine, clips, request, options.pace, judge)
    told = figures(results)
    if not as_json:
        click.echo(f"{table(told, results)}\n")
    click.echo(json.dumps(told, ensure_ascii=False))
    if options.picture:
        _draw(results, chosen, options.picture)
    return EXIT_MEASURED


@asynccontextmanager
async def _taught(chosen: Chosen, around: Surroundings, home: HomeNow) -> AsyncIterator[SpeechToText]:
    """The engine, with the home's names."""
    click.echo(f"{chosen.spec.name} learns the home ({chosen.why})", err=True)
    engine: SpeechToText = chosen.make(around)
    try:
        await engine.start()
        if unheard := await engine.learn(home.vocabulary):
            click.echo(f"names of the home that it cannot hear: {', '.join(unheard)}", err=True)
        yield engine
    finally:
        await engine.close()


async def _heard(
    engine: SpeechToText, clips: Sequence[Clip], request: HearingRequest, pace: float, judge: Judge
) -> list[Result]:
    with click.progressbar(clips, label=f"hearing {len(clips)} clips", file=sys.stderr) as progress:
        return [judged(judge, clip, await hear(engine, clip, request, pace)) for clip in progress]


def _draw(results: Sequence[Result], chosen: Chosen, path: Path) -> None:
    steps = sweep(results)
    if not steps:
        click.echo(f"no picture: {chosen.spec.name} does not say how much it doubts what it heard", err=True)
        return
    commands = sum(bool(result.clip.text) for result in results)
    subtitle = f"{chosen.spec.name}; commands: {commands}, other clips: {len(results) - commands}"
    write(path, picture(steps, getattr(chosen.settings, THRESHOLD_SETTING, None), subtitle))
