"""The bench from beginning to end: everything read and checked, all turns played, measured and told."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import click

from roomtone_server.bench.ends import scratch_folder
from roomtone_server.bench.home import read_home
from roomtone_server.bench.judge import Judge
from roomtone_server.bench.scene import WAKE_WORD
from roomtone_server.bench.scene import recorded as recorded_clip
from roomtone_server.bench.scene import spoken as spoken_clip
from roomtone_server.bench.svg import write
from roomtone_server.bench.v2v.bound import bound
from roomtone_server.bench.v2v.commands import recorded, repeated, spoken
from roomtone_server.bench.v2v.figures import figures
from roomtone_server.bench.v2v.measure import Outcome, Result, measured
from roomtone_server.bench.v2v.model import FIRST_TOKEN_MS, first_fragment_ms, scripted_model
from roomtone_server.bench.v2v.picture import picture
from roomtone_server.bench.v2v.playing import Played, play
from roomtone_server.bench.v2v.reel import Reel, spliced
from roomtone_server.bench.v2v.report import table

LANGUAGE: Final = "en"  # the server's, unless it is told another

EXIT_MEASURED: Final = 0


@dataclass(frozen=True, slots=True)
class V2vOptions:
    """What the command line asks for."""

    picture: Path
    manifest: Path | None = None  # None: sentences in the embedded voice
    home: Path | None = None  # None: the example
    area: str | None = None  # where the satellite stands; None: the kitchen, if there is one
    wake_wav: Path | None = None  # None: the wake word in the embedded voice
    turns: int | None = None  # None: each command once
    llm: bool = False  # whether a scripted language model answers


async def bench_v2v(options: V2vOptions, *, as_json: bool) -> int:
    """Prints what was measured, and returns the exit status. Raises RoomtoneError; both ends have ended then."""
    with TemporaryDirectory(prefix="roomtone-bench-") as state:
        home = await read_home(options.home, Path(state), LANGUAGE)
    area = home.area(options.area)
    judge = await asyncio.to_thread(Judge, home.vocabulary, area)
    reel = await asyncio.to_thread(_reel, options, judge)
    with scratch_folder() as folder:
        played = await _played(reel, folder, options, area)
    results = _results(reel, played, judge)
    told = figures(results)
    if options.llm:
        told["llm"] = bound(results, FIRST_TOKEN_MS, first_fragment_ms(LANGUAGE))
    if not as_json:
        click.echo(f"{table(told, results)}\n")
    click.echo(json.dumps(told, ensure_ascii=False))
    _draw(results, options.picture)
    return EXIT_MEASURED


async def _played(reel: Reel, folder: Path, options: V2vOptions, area: str | None) -> Played:
    if not options.llm:
        return await play(reel, folder, options.home, area)
    async with scripted_model(folder) as settings:
        return await play(reel, folder, options.home, area, settings)


def _reel(options: V2vOptions, judge: Judge) -> Reel:
    wake = recorded_clip(options.wake_wav) if options.wake_wav else spoken_clip(WAKE_WORD, LANGUAGE)
    commands = recorded(options.manifest, LANGUAGE, judge) if options.manifest else spoken(LANGUAGE, judge)
    return spliced(wake, repeated(commands, options.turns))


def _results(reel: Reel, played: Played, judge: Judge) -> list[Result]:
    results = []
    for number, take in enumerate(reel.takes):
        turn = played.turns.get(number)
        answer = played.answers.get(turn.number) if turn and turn.number else None
        results.append(measured(take.command, played.began.at_ns(take.speech_end), turn, answer, judge))
    return results


def _draw(results: Sequence[Result], path: Path) -> None:
    if all(result.outcome is not Outcome.COUNTED for result in results):
        click.echo("no picture: no turn counts", err=True)
    else:
        write(path, picture(results))
