"""The bench from beginning to end: everything read and checked, each command put to all three, compared and told."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import urlsplit

import click

from roomtone.ears.formats import RATE_HZ
from roomtone.errors import UsageError
from roomtone.link.allow import AllowList
from roomtone_server.bench.ends import both_ends, scratch_folder
from roomtone_server.bench.home import read_home
from roomtone_server.bench.home_assistant.figures import Took, figures, table
from roomtone_server.bench.home_assistant.guest import Guest, visiting
from roomtone_server.bench.judge import Judge, Verdict
from roomtone_server.bench.scene import GAP_S, WAKE_WORD
from roomtone_server.bench.scene import recorded as recorded_clip
from roomtone_server.bench.scene import spoken as spoken_clip
from roomtone_server.bench.v2v.commands import recorded, repeated, spoken
from roomtone_server.bench.v2v.measure import Outcome, measured
from roomtone_server.bench.v2v.playing import play
from roomtone_server.bench.v2v.reel import Reel, Take, spliced
from roomtone_server.settings import SERVICES_PORT

LANGUAGE: Final = "en"
EXIT_MEASURED: Final = 0
PORTS: Final = range(SERVICES_PORT + 1, SERVICES_PORT + 100)


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line asks for."""

    url: str
    token_file: Path
    manifest: Path | None = None  # None: sentences in the embedded voice
    home: Path | None = None  # None: the example
    wake_wav: Path | None = None  # None: the wake word in the embedded voice
    turns: int | None = None  # None: each command once


async def bench_home_assistant(options: Options, *, as_json: bool) -> int:
    """Prints what was measured, and returns the exit status. Raises RoomtoneError; what was begun has ended then."""
    with TemporaryDirectory(prefix="roomtone-bench-") as state:
        home = await read_home(options.home, Path(state), LANGUAGE)
    area = home.area(None)
    judge = await asyncio.to_thread(Judge, home.vocabulary, area)
    reel = await asyncio.to_thread(_reel, options, judge)
    ways = {
        "ours": await _ours(reel, options, judge, area),
        "ended": await _theirs(reel, options, judge, endpointing=True),
        "waited": await _theirs(reel, options, judge, endpointing=False),
    }
    told = figures([take.command for take in reel.takes], ways)
    if not as_json:
        click.echo(f"{table(told)}\n")
    click.echo(json.dumps(told, ensure_ascii=False))
    return EXIT_MEASURED


def _reel(options: Options, judge: Judge) -> Reel:
    wake = recorded_clip(options.wake_wav) if options.wake_wav else spoken_clip(WAKE_WORD, LANGUAGE)
    commands = recorded(options.manifest, LANGUAGE, judge) if options.manifest else spoken(LANGUAGE, judge)
    return spliced(wake, repeated(commands, options.turns))


async def _ours(reel: Reel, options: Options, judge: Judge, area: str | None) -> Sequence[Took | None]:
    """Each take with a satellite; None where it does not count."""
    with scratch_folder() as folder:
        played = await play(reel, folder, options.home, area)
    took: list[Took | None] = []
    for number, take in enumerate(reel.takes):
        turn = played.turns.get(number)
        answer = played.answers.get(turn.number) if turn and turn.number else None
        result = measured(take.command, played.began.at_ns(take.speech_end), turn, answer, judge)
        stages = result.stages
        if result.outcome is Outcome.COUNTED:
            stt_end_ms = stages["silence"] + stages["stt"]
            took.append(Took(stt_end_ms, stt_end_ms + stages["agent"] + stages["tts"]))
        else:
            took.append(None)
    return took


async def _theirs(reel: Reel, options: Options, judge: Judge, *, endpointing: bool) -> Sequence[Took | None]:
    """Each take with Home Assistant's pipeline, as above."""
    token = (await asyncio.to_thread(options.token_file.read_text, "utf-8")).strip()
    name = "ended" if endpointing else "waited"
    async with (
        _serving(options, endpointing=endpointing) as (host, port),
        visiting(options.url, token) as guest,
        guest.pipeline(host, port, f"Roomtone bench: {name}") as pipeline,
    ):
        with click.progressbar(reel.takes, label=f"{name}: {len(reel.takes)} turns", file=sys.stderr) as takes:
            return [await _heard(guest, pipeline, reel, take, judge) for take in takes]


async def _heard(guest: Guest, pipeline: str, reel: Reel, take: Take, judge: Judge) -> Took | None:
    begin = take.speech_end - take.command.clip.end - round(GAP_S * RATE_HZ)  # behind the wake word
    run = await guest.hear(pipeline, reel.sound[begin : take.end].tobytes())
    spoken_until = run.began + (take.speech_end - begin) / RATE_HZ
    right = judge.verdict(take.command.text, run.transcript) is Verdict.RIGHT
    if not (right and run.reply and run.stt_end > spoken_until):
        return None
    return Took((run.stt_end - spoken_until) * 1000, (run.reply - spoken_until) * 1000)


@asynccontextmanager
async def _serving(options: Options, *, endpointing: bool) -> AsyncIterator[tuple[str, int]]:
    """A server whose services that Home Assistant may use: where it reaches them. Raises RoomtoneError."""
    theirs = await asyncio.to_thread(_address_of, options.url)
    here = AllowList([theirs], setting="").reached_at() or ("127.0.0.1",)
    port = _free_port()
    services = {"port": port, "allow": [theirs], "endpointing": endpointing}
    with scratch_folder() as folder:
        async with both_ends(folder) as ends:
            click.echo("starting a server", err=True)
            # Home Assistant keeps what a voice has said before, by its name.
            name = f"bench {'ended' if endpointing else 'waited'} {os.getpid()}"
            await ends.start_server(options.home, {"name": name, "home_assistant": services, "discovery": False})
            yield here[0], port


def _free_port() -> int:
    """Of those that no connection gets as its own meanwhile. Raises UsageError."""
    for port in PORTS:
        with suppress(OSError), socket.create_server(("", port)):
            return port
    raise UsageError(f"no port from {PORTS[0]} to {PORTS[-1]} is free: end what listens there")


def _address_of(url: str) -> str:
    """Raises UsageError."""
    host = urlsplit(url).hostname or ""
    try:
        return str(socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as problem:
        raise UsageError(f"--url: {host!r} is no host that can be found: {problem.strerror}") from problem
