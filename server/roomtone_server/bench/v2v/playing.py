"""A reel, played in real time into a satellite that is connected to a server; and what each turn came to."""

import asyncio
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from roomtone_server.bench.answer import Answer
from roomtone_server.bench.devices import NO_CHIMES, Began, WavDevices
from roomtone_server.bench.ends import Ends, both_ends, watching
from roomtone_server.bench.programs import POLL_S, until
from roomtone_server.bench.turn import Turn
from roomtone_server.bench.v2v.reel import Reel

LATE_S: Final = 10.0  # how long after its take the last turn may still go on


@dataclass(frozen=True, slots=True)
class Played:
    """The turns by the number of their take, the answers by the number of their turn."""

    began: Began
    turns: Mapping[int, Turn]
    answers: Mapping[int, Answer]


async def play(
    reel: Reel, folder: Path, home: Path | None, area: str | None, settings: Mapping[str, Any] | None = None
) -> Played:
    """`settings` are the server's, beside the usual. Progress is told on stderr. Raises RoomtoneError, with the last
    words of the end that failed."""
    devices = WavDevices(reel.sound, folder)
    satellite = {"name": "bench", "area": area, "chimes": NO_CHIMES, **devices.settings}
    turns: dict[int, Turn] = {}

    def take(event: Mapping[str, Any]) -> None:
        turns.setdefault(event["turn"], Turn()).take(event)

    async with both_ends(folder) as ends:
        click.echo("starting a server, and a satellite", err=True)
        await ends.start_server(home, settings)
        await ends.pair(satellite)
        async with watching(ends, take):
            await ends.start_satellite(satellite)
            began = await devices.begins(ends.programs)
            await _follow(reel, ends, began, turns)
    return Played(began, turns_by_take(reel, turns, began.stream_sample), devices.answers())


async def _follow(reel: Reel, ends: Ends, began: Began, turns: Mapping[int, Turn]) -> None:
    """Returns when the reel has sounded, and the last turn is over."""
    label = f"playing {len(reel.takes)} turns, {reel.seconds:.0f} s"
    with click.progressbar(reel.takes, label=label, file=sys.stderr) as takes:
        for take in takes:
            while time.monotonic_ns() < began.at_ns(take.end):
                ends.check()
                await asyncio.sleep(POLL_S)

    async def ended() -> bool | None:
        return all(turn.outcome for turn in turns.values() if turn.number) or None

    await until("the last turn ends", ended, LATE_S, ends.programs)


def turns_by_take(reel: Reel, turns: Mapping[int, Turn], began: int) -> dict[int, Turn]:
    """Each take's first turn, by where in the microphone's stream the wake word was heard; `began`: the reel's first
    sample there."""
    found: dict[int, Turn] = {}
    for turn in turns.values():
        sample = turn.sample("wake")
        if turn.wake_name and sample is not None and (take := reel.take_at(sample - began)) is not None:
            found.setdefault(take, turn)
    return found
