"""Voice to voice in a browser against a native satellite: the same recordings, to the same server, by turns.

    python bench/browser_v2v.py [--manifest commands.jsonl] [--home home.yaml] [--area Kitchen] [--turns 12]

Both are real: Chromium with the page, which leaves it listening for the wake word; and the satellite with PyAudio. Each
has a sound card that is none, and what sounds in both rooms is on one tape: V2V is from the last sample of the command
in the air to the first of the reply at the speaker, by the tape's own clock. Without --manifest the embedded voice says
the commands; one that is misheard in either room counts in none. `S` is the silence that the server waited for, which
is not always the same for one recording in two rooms. Target: the browser's p50, and the p50 of what each clip took
longer there, within 80 ms of the satellite's. It takes some 20 s a turn, and a machine that does nothing else.
"""

import argparse
import asyncio
import os
import statistics
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from listening_page import leave_listening
from roomtone.errors import RoomtoneError
from roomtone_server.bench.browser import chromium
from roomtone_server.bench.devices import NO_CHIMES
from roomtone_server.bench.ends import Ends, both_ends, scratch_folder, watching
from roomtone_server.bench.home import read_home
from roomtone_server.bench.judge import Judge, Verdict
from roomtone_server.bench.programs import until
from roomtone_server.bench.scene import WAKE_WORD, Clip, compose, spoken
from roomtone_server.bench.turn import Turn
from roomtone_server.bench.v2v.commands import Command, recorded, repeated
from roomtone_server.bench.v2v.commands import spoken as all_spoken
from roomtone_server.telemetry.percentiles import percentiles
from table import Table
from two_rooms import BROWSER, NATIVE, TAPE_HZ, Rooms, Take, audible, two_rooms

LANGUAGE: Final = "en"
TARGET_MS: Final = 80.0
ENDS_S: Final = 20.0  # after the recording, the turn
AFTERGLOW_S: Final = 1.0  # until what was sent has sounded


@dataclass
class Turns:
    """The server's trace, turn by turn."""

    _turns: dict[tuple[str, int], Turn] = field(default_factory=dict)

    def take(self, event: Mapping[str, Any]) -> None:
        if event["turn"] is not None:
            self._turns.setdefault((event["satellite"], event["turn"]), Turn()).take(event)

    @property
    def ended(self) -> Sequence[Turn]:
        """Those that a wake word began."""
        return [turn for turn in self._turns.values() if turn.wake_name and turn.outcome]


@dataclass
class House:
    rooms: Rooms
    ends: Ends
    turns: Turns
    judge: Judge

    async def say(self, room: str, command: Command, wake: Clip) -> float | None:
        """V2V in ms; None where it was not what was said, or got no answer."""
        scene = compose(wake, command.clip)
        before, begin = len(self.turns.ended), self.rooms.samples
        await self.rooms.say(room, scene.sound)

        async def ended() -> Turn | None:
            return next(iter(self.turns.ended[before:]), None)

        try:
            turn = await until("the turn ends", ended, ENDS_S, self.ends.programs)
        except RoomtoneError:
            print(f"  {room}: {command.text!r} woke nobody", file=sys.stderr)
            return None
        await self.rooms.go_on(AFTERGLOW_S)
        if self.judge.verdict(command.text, turn.transcript) is not Verdict.RIGHT:
            print(f"  {room}: {command.text!r} was heard as {turn.transcript!r}", file=sys.stderr)
            return None
        answer = audible(self.rooms.speaker_since(Take(room, begin, self.rooms.samples), scene.command_end))
        if not answer.size:
            return None
        v2v_ms = float(answer[0]) * 1000 / TAPE_HZ
        print(f"  {room}: {v2v_ms:.0f} ms, S {turn.silence_ms} ms: {command.text!r}", file=sys.stderr)
        return v2v_ms


async def measured(
    options: argparse.Namespace, folder: Path, commands: Sequence[Command], judge: Judge
) -> Mapping[str, list[float]]:
    """V2V by the room, of each command that counts in both."""
    v2v_ms: dict[str, list[float]] = {NATIVE: [], BROWSER: []}
    satellite = {
        "name": NATIVE,
        "area": options.area,
        "chimes": NO_CHIMES,
        "microphone": "pyaudio",
        "speaker": "pyaudio",
    }
    turns = Turns()
    async with two_rooms(folder) as rooms, both_ends(folder) as ends:
        os.environ.update(rooms.server.environment)  # of whatever is started from here on
        await ends.start_server(options.home)
        await ends.pair(satellite)
        async with watching(ends, turns.take), chromium(sound_card=True) as browser:
            await ends.start_satellite(satellite)
            context = await browser.new_context(permissions=["microphone"])
            await leave_listening(await context.new_page(), await ends.link(), options.area)
            house, wake = House(rooms, ends, turns, judge), spoken(WAKE_WORD, LANGUAGE)
            for room in (NATIVE, BROWSER):
                await rooms.is_heard(room)
            for command in commands:
                native_ms, browser_ms = [await house.say(room, command, wake) for room in (NATIVE, BROWSER)]
                if native_ms is not None and browser_ms is not None:
                    v2v_ms[NATIVE].append(native_ms)
                    v2v_ms[BROWSER].append(browser_ms)
    return v2v_ms


async def main(options: argparse.Namespace) -> int:
    with TemporaryDirectory() as state:
        home = await read_home(options.home, Path(state), LANGUAGE)
    options.area = home.area(options.area)
    judge = await asyncio.to_thread(Judge, home.vocabulary, options.area)
    said = recorded(options.manifest, LANGUAGE, judge) if options.manifest else all_spoken(LANGUAGE, judge)
    with scratch_folder() as folder:
        v2v_ms = await measured(options, folder, repeated(said, options.turns), judge)
    table, p50_ms = Table(10, 10), {}
    for room, values in v2v_ms.items():
        took = percentiles(values)
        assert took is not None, f"no turn counts in the room of the {room}"
        p50_ms[room] = took.p50
        table.row(room, {"turns": len(values), "p50 ms": took.p50, "p95 ms": took.p95})
    differences_ms = [there - here for there, here in zip(v2v_ms[BROWSER], v2v_ms[NATIVE], strict=True)]
    more_ms, of_each_ms = p50_ms[BROWSER] - p50_ms[NATIVE], statistics.median(differences_ms)
    print(f"the browser's p50 lies {more_ms:+.0f} ms from the satellite's (target: within {TARGET_MS:g});")
    print(f"of the same clip, p50 of the differences: {of_each_ms:+.0f} ms")
    return int(max(more_ms, of_each_ms) > TARGET_MS)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=Path)
    parser.add_argument("--home", type=Path)
    parser.add_argument("--area")
    parser.add_argument("--turns", type=int, default=12, help="in each of the two rooms")
    sys.exit(asyncio.run(main(parser.parse_args())))
