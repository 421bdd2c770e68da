"""A reel, played in real time into a satellite that is connected to a server; and what each turn came to."""

import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from roomtone.ears.formats import RATE_HZ
from roomtone_server.bench.answer import Answer, read_answers
from roomtone_server.bench.ends import Ends, both_ends, watching
from roomtone_server.bench.programs import until
from roomtone_server.bench.sound import write_wav
from roomtone_server.bench.turn import Turn
from roomtone_server.bench.v2v.reel import Reel

BEGINS_S: Final = 30.0
LATE_S: Final = 10.0  # how long after its take a turn may still go on

_NS: Final = 1_000_000_000
_NO_CHIMES: Final = dict.fromkeys(("awake", "done", "error", "timer"), False)


@dataclass(frozen=True, slots=True)
class Played:
    """The turns by the number of their take, the answers by the number of their turn."""

    began_ns: int  # when the reel's first sample sounded
    turns: Mapping[int, Turn]
    answers: Mapping[int, Answer]

    def at_ns(self, sample: int) -> int:
        """When a sample of the reel sounded, on CLOCK_MONOTONIC."""
        return self.began_ns + sample * _NS // RATE_HZ


async def play(reel: Reel, folder: Path, home: Path | None, area: str | None) -> Played:
    """Progress is told on stderr. Raises RoomtoneError, with the last words of the end that failed."""
    room = _Room(reel, folder)
    satellite = {"name": "bench", "area": area, "chimes": _NO_CHIMES, **room.devices}
    turns: dict[int, Turn] = {}

    def take(event: Mapping[str, Any]) -> None:
        turns.setdefault(event["turn"], Turn()).take(event)

    async with both_ends(folder) as ends:
        click.echo("starting a server, and a satellite", err=True)
        await ends.start_server(home)
        await ends.pair(satellite)
        async with watching(ends, take):
            await ends.start_satellite(satellite)
            began = await until("the microphone begins", room.began, BEGINS_S, ends.programs)
            await _follow(reel, ends, began["at_ns"], turns)
    return Played(began["at_ns"], turns_by_take(reel, turns, began["sample"]), room.answers())


class _Room:
    """The satellite's devices: WAV files, each with a timeline of its own."""

    def __init__(self, reel: Reel, folder: Path) -> None:
        self._microphone, self._speaker = folder / "microphone.wav", folder / "speaker.wav"
        self._microphone_timeline, self._speaker_timeline = folder / "microphone.jsonl", folder / "speaker.jsonl"
        write_wav(self._microphone, reel.sound)

    @property
    def devices(self) -> Mapping[str, Any]:
        return {
            "microphone": {
                "device": "wav",
                "file": str(self._microphone),
                "timeline": str(self._microphone_timeline),
                "wait_for_server": True,
            },
            "speaker": {"device": "wav", "file": str(self._speaker), "timeline": str(self._speaker_timeline)},
        }

    async def began(self) -> Mapping[str, Any] | None:
        """Where and when the reel begins in the microphone's stream; None until it does."""
        if not self._microphone_timeline.exists():
            return None
        began: Mapping[str, Any] = json.loads(self._microphone_timeline.read_text(encoding="utf-8"))
        return began

    def answers(self) -> dict[int, Answer]:
        return read_answers(self._speaker, self._speaker_timeline)


async def _follow(reel: Reel, ends: Ends, began_ns: int, turns: Mapping[int, Turn]) -> None:
    """Returns when the reel has sounded, and the last turn is over."""
    label = f"playing {len(reel.takes)} turns, {reel.seconds:.0f} s"
    with click.progressbar(reel.takes, label=label, file=sys.stderr) as takes:
        for take in takes:
            over_ns = began_ns + take.end * _NS // RATE_HZ

            async def over(over_ns: int = over_ns) -> bool | None:
                return time.monotonic_ns() >= over_ns or None

            seconds = (take.end - take.begin) / RATE_HZ
            await until("the recording plays on", over, seconds + LATE_S, ends.programs)

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
