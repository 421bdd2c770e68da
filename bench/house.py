"""How many satellites one server bears: voice to voice, the CPU of both ends, and how long its event loop is blocked.

    python bench/house.py [--satellites 1 10 50] [--seconds 30] [--apart] [--own-time]

One server process, on engines that cost nothing, that keeps its turns in a database; over real TLS links on loopback so
many satellites, in a process of their own. All of them hear a wake word and begin a turn at the same instant, again and
again; with --apart each when it likes. A turn is 0.5 s of wake word that is sent at once, 0.8 s of words, in a voice of
the satellite's own, and silence, in frames of 20 ms by the clock; the reply is 1 s of audio.

V2V is from the end of the last frame with words to the arrival of the reply's first audio. It holds the 500 ms of
silence that end what no grammar knows. `late` is how late the satellites sent their frames, the 95th percentile: what
V2V owes to them. CPU is in percent of one core, that of others too, who work on the same machine; `us a frame` is what
the server took for each frame of 20 ms, turns and all, in microseconds. `blocked` is the longest that the server's
event loop was in one callback, in ms by the clock, which counts the work of others as well, and in CPU time, of which
up to 2 ms may be the callbacks' before it.

With --own-time, satellites and others take no time: one process, whose clock is the server's CPU time and jumps over
every wait. That is the server alone on a core that others use too, and the same however much they do.
"""

import argparse
import asyncio
import gc
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wyoming.audio import AudioChunk, AudioStop

from null_engines import SILENCE, NullAgent, NullStt, NullTts, NullVad
from own_time import OwnTimeLoop, is_of_peers, of_peers
from own_time import run as run_in_own_time
from roomtone.ears.formats import FRAME_MS, FRAME_SAMPLES, RATE_HZ
from roomtone.errors import LinkError
from roomtone.link.admission import admit, greet
from roomtone.link.background import alongside
from roomtone.link.events import Heard, Message, Played, TurnEnded, Wake, event_of, parse
from roomtone.link.pairing import Credentials, PairingWindow, new_token, token_hash
from roomtone.link.security import client_context, make_certificate
from roomtone.link.stream import Link, dial, serve
from roomtone_server.ports.native import NativeSession
from roomtone_server.recorder import Recorder
from roomtone_server.runtime.hints import Hints
from roomtone_server.runtime.house import House
from roomtone_server.runtime.parts import Parts
from roomtone_server.runtime.replies import Replies
from roomtone_server.runtime.session import Satellite
from roomtone_server.store.database import Database
from roomtone_server.store.turns import SqliteTurnStore
from roomtone_server.telemetry.metrics import Metrics
from roomtone_server.telemetry.percentiles import percentiles
from table import Table

HOST = "127.0.0.1"
MANY = 200  # connections; more than are measured
FRAME_S = FRAME_MS / 1000
WORD = "okay_nabu"
WORD_FRAMES, UTTERANCE_FRAMES = 500 // FRAME_MS, 800 // FRAME_MS
# Within 10 dB: loud enough to be heard as one utterance, and no two voices rise and fall together.
SOUNDS = [amplitude.to_bytes(2, "little") * FRAME_SAMPLES for amplitude in range(2_000, 6_200, 200)]
PAUSE_S = (0.2, 1.5)  # from one turn of a satellite to its next, when they are apart
WARM_UP_S = 3.0
# To ask for the CPU time takes a system call; before and after each callback, those were a fifth of the server's time.
CPU_ASKED_EVERY_S = 0.002
SHORT_MS = 1.0  # what takes less blocks nobody
OF_MANY: Final = {"late", "satellites", "others", "blocked", "> 20 ms"}  # figures of more than the server


# --- the server ------------------------------------------------------------------------------------------------------


@dataclass
class Blocked:
    """How long the server's callbacks took, since it was last asked."""

    clock_ms: float = 0.0
    cpu_ms: float = 0.0
    over_20_ms: int = 0
    _cpu_asked_at: float = 0.0
    _cpu_s: float = 0.0  # as it was then

    def watch(self) -> None:
        run = asyncio.Handle._run  # noqa: SLF001 - every callback goes through it, of tasks, timers and sockets alike

        def timed(callback: asyncio.Handle) -> None:
            began = time.perf_counter()
            if began - self._cpu_asked_at > CPU_ASKED_EVERY_S:
                self._cpu_asked_at, self._cpu_s = began, time.thread_time()
            run(callback)
            took_ms = (time.perf_counter() - began) * 1000
            if took_ms > SHORT_MS and not is_of_peers(callback):
                self._note(took_ms, (time.thread_time() - self._cpu_s) * 1000)

        setattr(asyncio.Handle, "_run", timed)  # noqa: B010 - mypy knows that a method is no place to assign to

    def _note(self, clock_ms: float, cpu_ms: float) -> None:
        self.clock_ms, self.cpu_ms = max(self.clock_ms, clock_ms), max(self.cpu_ms, min(clock_ms, cpu_ms))
        self.over_20_ms += clock_ms > 20

    def take(self) -> dict[str, float]:
        told = {"clock_ms": self.clock_ms, "cpu_ms": self.cpu_ms, "over_20_ms": self.over_20_ms}
        self.clock_ms = self.cpu_ms = self.over_20_ms = 0
        return told


@dataclass(frozen=True)
class Everybody:
    """Lets in whoever has the one token: an `admission.Satellites`."""

    token_hash: str

    async def add(self, *_: object) -> None:
        raise AssertionError("nobody is paired here")

    async def find(self, _id: str) -> "Everybody":
        return self


@dataclass(frozen=True)
class Server:
    """Where it is, and how to ask what it took: CPU time in s since it began, and the longest that it was blocked since
    it was last asked."""

    port: int
    fingerprint: str
    token: str
    ask: Callable[[], Awaitable[Mapping[str, float]]]


@asynccontextmanager
async def serving(cpu_s: Callable[[], float]) -> AsyncIterator[Server]:
    """A server on this event loop."""
    blocked, token = Blocked(), new_token()
    satellites, window = Everybody(token_hash(token)), PairingWindow()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        identity = make_certificate(folder)
        house = House(Parts(NullStt(), Replies(NullTts()), NullVad, NullAgent(), Hints(folder)))
        store = SqliteTurnStore(await stack.enter_async_context(Database.open(folder / "turns.db")))
        recorder = Recorder(store, Metrics(dict), engines={}, faults={}, store_transcripts=False)
        await stack.enter_async_context(alongside(recorder.follow(house.parts.trace)))

        async def attend(link: Link) -> None:
            now = asyncio.get_running_loop().time()
            who = await admit(link, window=window, satellites=satellites, now=now, server_name="house")
            await house.attend(NativeSession(link, Satellite(who.satellite_id, who.name, who.area)))

        async def told() -> Mapping[str, float]:
            return blocked.take() | {"cpu_s": cpu_s()}

        served = await stack.enter_async_context(
            serve(attend, HOST, 0, identity.context, max_connections=MANY, max_per_address=MANY)
        )
        blocked.watch()
        gc.freeze()  # what is here to stay, as the agent does once it has parsed its sentences
        yield Server(served.port, identity.fingerprint.hex(), token, told)


async def be_server() -> None:
    """Says where it is in one line, then what it took in a line for each that it reads, until there is none left."""
    async with serving(time.process_time) as server:
        print(json.dumps([server.port, server.fingerprint, server.token]), flush=True)
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        while await reader.readline():
            print(json.dumps(await server.ask()), flush=True)


@asynccontextmanager
async def server_process() -> AsyncIterator[Server]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--server", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    stdin, stdout = process.stdin, process.stdout
    assert stdin is not None
    assert stdout is not None

    async def ask() -> Mapping[str, float]:
        stdin.write(b"\n")
        told: Mapping[str, float] = json.loads(await stdout.readline())
        return told

    try:
        port, fingerprint, token = json.loads(await stdout.readline())
        yield Server(port, fingerprint, token, ask)
    finally:
        stdin.close()
        await process.wait()


# --- satellites ------------------------------------------------------------------------------------------------------


@dataclass
class Found:
    """What the satellites of one round have measured, all together."""

    v2v_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)  # of each frame
    elsewhere: int = 0  # turns that another satellite took

    def figures(self) -> dict[str, float]:
        v2v, late = percentiles(self.v2v_ms), percentiles(self.late_ms)
        if v2v is None or late is None:
            raise SystemExit("no turn was answered: give it more --seconds")
        if self.elsewhere:
            raise SystemExit(f"{self.elsewhere} turns were taken by another satellite, though no two voices are alike")
        return {"turns": v2v.count, "V2V p50": v2v.p50, "p95": v2v.p95, "p99": v2v.p99, "late": late.p95}


@dataclass
class Speaking:
    """One satellite, which speaks, hears the answer, and speaks again."""

    link: Link
    draw: random.Random
    found: Found
    together: asyncio.Barrier | None  # None: it speaks when it likes
    position: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    silent_at: float = 0.0  # when the last frame with words was over
    answered: bool = False
    samples: int = 0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            turn = -1
            while True:
                await self._rest()
                turn += 2
                await self._turn(turn)

    async def _rest(self) -> None:
        if self.together is not None:
            await self.together.wait()
        else:
            await asyncio.sleep(self.draw.uniform(*PAUSE_S))

    async def _turn(self, turn: int) -> None:
        now = asyncio.get_running_loop().time
        self.heard.clear()
        self.over.clear()
        self.answered, self.samples = False, 0
        detected_at = self.position + WORD_FRAMES * FRAME_SAMPLES
        self._tell(Wake(turn, WORD, "okay nabu", 0.9, detected_at, self.position, word_dbfs=-20.0, room_dbfs=-60.0))
        for _ in range(WORD_FRAMES):
            self._send(self.draw.choice(SOUNDS))
        began, frame = now(), 0
        self.silent_at = began + UTTERANCE_FRAMES * FRAME_S
        while not self.heard.is_set():
            frame += 1
            await asyncio.sleep(began + frame * FRAME_S - now())
            self.found.late_ms.append((now() - began - frame * FRAME_S) * 1000)
            self._send(self.draw.choice(SOUNDS) if frame <= UTTERANCE_FRAMES else SILENCE)
        self.link.send(AudioStop().event())
        await self.over.wait()

    def _send(self, pcm: bytes) -> None:
        self.link.send(AudioChunk(RATE_HZ, 2, 1, pcm, timestamp=self.position * 1000 // RATE_HZ).event())
        self.position += FRAME_SAMPLES

    async def _listen(self) -> None:
        now = asyncio.get_running_loop().time
        turn = -1
        while True:
            event = await self.link.receive()
            if AudioChunk.is_type(event.type):
                if not self.answered:
                    self.answered = True
                    self.found.v2v_ms.append((now() - self.silent_at) * 1000)
                self.samples += len(event.payload or b"") // 2
            elif AudioStop.is_type(event.type):
                self._tell(Played(turn, self.samples, done=True))
            else:
                match parse(event):
                    case Heard(turn=turn):
                        self.heard.set()
                    case TurnEnded(outcome=outcome):
                        self.found.elsewhere += outcome == "elsewhere"
                        self.heard.set()
                        self.over.set()

    def _tell(self, message: Message) -> None:
        self.link.send(event_of(message))


async def measure(server: Server, count: int, seconds: float, *, apart: bool) -> dict[str, float]:
    tls, found, together = client_context(), Found(), None if apart else asyncio.Barrier(count)

    async def satellite(number: int) -> None:
        async with dial(HOST, server.port, tls, fingerprint=bytes.fromhex(server.fingerprint)) as link:
            credentials = Credentials(f"s{number}", server.token, server.fingerprint, "house", HOST, server.port)
            await greet(link, credentials, name=f"s{number}", area=None)
            await Speaking(link, random.Random(number), found, together).run()

    try:
        async with asyncio.TaskGroup() as tasks:
            dialled = [tasks.create_task(satellite(number), context=of_peers()) for number in range(count)]
            await asyncio.sleep(WARM_UP_S)
            began = await server.ask()
            ours_s, all_s = time.process_time(), machine_s()
            found.v2v_ms, found.late_ms, found.elsewhere = [], [], 0
            await asyncio.sleep(seconds)
            told = await server.ask()
            ours_s, all_s = time.process_time() - ours_s, machine_s() - all_s
            for task in dialled:
                task.cancel()
    except* LinkError as problems:
        raise SystemExit(f"{count} satellites: {problems.exceptions[0]}") from problems
    server_s = told["cpu_s"] - began["cpu_s"]
    return found.figures() | {
        "CPU: server": 100 * server_s / seconds,
        "satellites": 100 * ours_s / seconds,
        "others": 100 * (all_s - ours_s - server_s) / seconds,
        "us a frame": server_s * 1e6 / len(found.late_ms),
        "blocked": told["clock_ms"],
        "of CPU": told["cpu_ms"],
        "> 20 ms": told["over_20_ms"],
    }


def machine_s() -> float:
    """CPU time of all that ran on this machine."""
    # user, nice, system, idle, iowait, irq, softirq, steal: see proc_stat(5)
    ticks = [int(field) for field in Path("/proc/stat").read_text("ascii").split()[1:9]]
    return (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")


async def in_own_time(counts: list[int], seconds: float, *, apart: bool) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, OwnTimeLoop)
    table = Table(names=14, figures=12)
    async with serving(lambda: loop.worked_s) as server:
        for count in counts:
            figures = await measure(server, count, seconds, apart=apart)
            told = {title: value for title, value in figures.items() if title not in OF_MANY}
            table.row(f"{count} satellites", told)


async def by_the_clock(counts: list[int], seconds: float, *, apart: bool) -> None:
    table = Table(names=14, figures=12)
    async with server_process() as server:
        for count in counts:
            table.row(f"{count} satellites", await measure(server, count, seconds, apart=apart))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--satellites", type=int, nargs="+", default=[1, 10, 50], metavar="N")
    parser.add_argument("--seconds", type=float, default=30.0, help="for each count")
    parser.add_argument("--apart", action="store_true", help="each begins its turns when it likes")
    parser.add_argument("--own-time", action="store_true", help="only what the server does takes time")
    parser.add_argument("--server", action="store_true", help="be the other process")
    options = parser.parse_args()
    if options.server:
        asyncio.run(be_server())
    elif options.own_time:
        run_in_own_time(in_own_time(options.satellites, options.seconds, apart=options.apart))
    else:
        asyncio.run(by_the_clock(options.satellites, options.seconds, apart=options.apart))


if __name__ == "__main__":
    main()
