"""The demo from beginning to end: both ends started and paired, one turn watched, measured and told."""

import asyncio
import io
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.live import Live

from roomtone.errors import RoomtoneError, UsageError
from roomtone_server.bench.demo.rooms import RealRoom, RecordedRoom, Room
from roomtone_server.bench.demo.screen import WIDTH, Picture
from roomtone_server.bench.demo.stages import result, spans
from roomtone_server.bench.demo.states import changes
from roomtone_server.bench.ends import Ends, both_ends, scratch_folder, watching
from roomtone_server.bench.home import read_home
from roomtone_server.bench.scene import WAKE_WORD, compose, recorded, spoken
from roomtone_server.bench.turn import COMPLETED, NOT_UNDERSTOOD, Turn

EXIT_COMPLETED: Final = 0
EXIT_NOT_UNDERSTOOD: Final = 3
EXIT_NOT_WOKEN: Final = 4

FRAME_S: Final = 0.1  # of the picture in the terminal
TURN_S: Final = 60.0  # from the wake word to the end of the turn
SATELLITE: Final = "demo"

# Whoever looks at the picture asks nobody else for its letters.
_FONTS_FROM_ELSEWHERE: Final = re.compile(r"@font-face\s*{.*?}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What the command line asks for."""

    text: str  # what to say, unless `wav` does
    wav: Path | None = None
    wake_wav: Path | None = None  # None: the wake word is spoken by the voice that speaks `text`
    home: Path | None = None  # None: the example
    area: str | None = None
    out: Path = Path("reply.wav")
    own_devices: bool = False  # the machine's microphone and speaker
    svg: Path | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """How a demo ended: its exit status, and the turn as `--json` prints it."""

    status: int
    result: dict[str, Any]


async def run_demo(options: DemoOptions, console: Console) -> Shown:
    """One turn, shown on the console as it happens. Raises RoomtoneError; whatever was started has ended then."""
    with scratch_folder() as folder:
        room = _room(options, folder)
        async with both_ends(folder) as ends:
            before = await read_home(options.home, ends.home_state)
            satellite = {"name": SATELLITE, "area": before.area(options.area), **room.devices}
            with console.status("starting the server") as progress:
                await ends.start_server(options.home)
                progress.update("pairing the satellite")
                await ends.pair(satellite)
                progress.update("starting the satellite")
                turn = Turn()
                async with watching(ends, turn.take):
                    await ends.start_satellite(satellite)
                    progress.stop()
                    _say(console, f"Server and satellite are running and paired: {room.invitation}.", "bright_black")
                    await _follow(turn, room, ends, console)
            after = await read_home(options.home, ends.home_state)
            return _told(
                options, console, turn, room, changes(before, after, [each["entity"] for each in turn.actions])
            )


def _room(options: DemoOptions, folder: Path) -> Room:
    if options.own_devices:
        return RealRoom()
    wake = recorded(options.wake_wav) if options.wake_wav else spoken(WAKE_WORD)
    command = recorded(options.wav) if options.wav else spoken(options.text)
    return RecordedRoom(compose(wake, command), folder, str(options.wake_wav or f'the spoken "{WAKE_WORD}"'))


async def _follow(turn: Turn, room: Room, ends: Ends, console: Console) -> None:
    """Shows the turn until it is over, or until no wake word can come any more."""
    wake_by, over_by = (time.monotonic() + seconds for seconds in (room.wake_within_s, room.wake_within_s + TURN_S))
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while not turn.outcome:
            now = time.monotonic()
            if turn.number is None and now > wake_by:
                return
            if now > over_by:
                raise RoomtoneError(
                    f"the turn did not end within {TURN_S:g} s; the last words were:\n{ends.last_words}"
                )
            ends.check()
            live.update(_picture(turn, room), refresh=True)
            await asyncio.sleep(FRAME_S)


def _picture(turn: Turn, room: Room, states: Sequence[str] = ()) -> Picture:
    heard = room.heard(turn)
    if heard is None:
        return Picture(turn, {})
    return Picture(turn, spans(turn, heard, time.monotonic_ns()), heard.v2v, states)


def _told(options: DemoOptions, console: Console, turn: Turn, room: Room, states: Sequence[str]) -> Shown:
    """The end of the demo: the picture, the reply's file, the measure."""
    if turn.number is None:
        _say(console, f"No turn: {room.not_woken}.", "red")
        return Shown(EXIT_NOT_WOKEN, result(turn, None, None))
    if turn.outcome not in COMPLETED | NOT_UNDERSTOOD:
        raise RoomtoneError(f"the turn ended without a reply: {turn.why_ended or turn.outcome}")
    answer = room.answer(turn)
    if answer:
        answer.write(options.out)
    _show(_picture(turn, room, states), options, console)
    told = result(turn, room.heard(turn), str(options.out) if answer else None)
    if answer:
        _say(console, f"The reply is in {options.out}.")
    if told["v2v_ms"] is not None:
        _say(console, f"V2V {told['v2v_ms']:.0f} ms, from the command's last sound to the reply's first.", "bold")
    return Shown(EXIT_COMPLETED if turn.outcome in COMPLETED else EXIT_NOT_UNDERSTOOD, told)


def _say(console: Console, text: str, style: str = "") -> None:
    console.print(text, style=style, markup=False, soft_wrap=True)


def _show(picture: Picture, options: DemoOptions, console: Console) -> None:
    console.print(picture, width=min(WIDTH, console.width))
    if options.svg:
        recorder = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
        recorder.print(picture)
        try:
            drawn = _FONTS_FROM_ELSEWHERE.sub("", recorder.export_svg(title="roomtone demo"))
            options.svg.write_text(drawn, encoding="utf-8")
        except OSError as problem:
            raise UsageError(f"--svg: {options.svg} cannot be written: {problem.strerror}") from problem
