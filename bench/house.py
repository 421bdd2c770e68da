"""How many satellites one server bears: voice to voice, and how long its event loop is blocked.

    python bench/house.py [--satellites 1 10 50] [--seconds 30]

One server process, on engines that cost nothing; over real TLS links on loopback so many satellites, in a process of
their own, all of which speak again and again. An utterance is 0.8 s of sound and then silence, in frames of 20 ms by
the clock; the reply is 1 s of audio. Each turn begins as with a button, so that none of them competes for a wake word.

V2V is from the end of the last frame with sound to the arrival of the reply's first audio. It holds the 500 ms of
silence that end what no grammar knows. `blocked` is the longest that the server's event loop was in one callback, by
the clock and in CPU time: on a machine that others use too, the clock counts their work as well.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wyoming.audio import AudioChunk, AudioStop

from roomtone.ears.formats import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, RATE_HZ
from roomtone.errors import LinkError
from roomtone.link.admission import admit, greet
from roomtone.link.events import Heard, Message, Played, TurnEnded, Wake, event_of, parse
from roomtone.link.pairing import Credentials, PairingWindow, new_token, token_hash
from roomtone.link.security import client_context, make_certificate
from roomtone.link.stream import Link, dial, serve
from roomtone_server.agent.base import Due, Finished, Intent, Prepared, ReplyPart, Request, Said
from roomtone_server.engines.base import HearingRequest, Partial, SpeechRequest, Transcript
from roomtone_server.ports.native import NativeSession
from roomtone_server.runtime.hints import Hints
from roomtone_server.runtime.house import House
from roomtone_server.runtime.parts import Parts
from roomtone_server.runtime.replies import Replies
from roomtone_server.runtime.session import Satellite
from roomtone_server.telemetry.percentiles import percentiles

HOST = "127.0.0.1"
MANY = 200  # connections; more than are measured
SOUND = b"\x40\x1f" * FRAME_SAMPLES
SILENCE = bytes(FRAME_BYTES)
UTTERANCE_FRAMES = 800 // FRAME_MS
PAUSE_S = (0.2, 1.5)  # from one turn of a satellite to its next
REPLY_RATE_HZ = 22_050
WARM_UP_S = 3.0
TEXT = "turn on the light"


# --- engines that cost nothing ---------------------------------------------------------------------------------------


class Voices:
    """Anything but digital silence is a voice."""

    def process(self, frame: bytes) -> float:
        return 0.0 if frame == SILENCE else 1.0

    def reset(self) -> None:
        pass


class Hearing:
    """Everybody says the same."""

    def __init__(self) -> None:
        self._over = asyncio.Event()

    async def feed(self, pcm: bytes) -> None:
        pass

    async def partials(self) -> AsyncGenerator[Partial, None]:
        yield Partial(TEXT, 0)
        await self._over.wait()

    async def preview(self) -> Transcript:
        return Transcript(TEXT)

    async def finish(self) -> Transcript:
        self._over.set()
        return Transcript(TEXT)

    async def close(self) -> None:
        self._over.set()


class Stt:
    async def start(self) -> None:
        pass

    async def learn(self, vocabulary: object) -> list[str]:  # noqa: ARG002 - the Protocol's
        return []

    async def hear(self, request: HearingRequest) -> Hearing:  # noqa: ARG002 - the Protocol's
        return Hearing()

    async def close(self) -> None:
        pass


class Tts:
    rate_hz = REPLY_RATE_HZ

    async def start(self) -> None:
        pass

    async def speak(self, request: SpeechRequest) -> AsyncGenerator[bytes, None]:  # noqa: ARG002 - the Protocol's
        for _ in range(10):
            yield b"\x40\x1f" * (REPLY_RATE_HZ // 10)

    async def close(self) -> None:
        pass


class Agent:
    async def start(self) -> None:
        pass

    async def prepare(self, request: Request) -> Prepared:
        return Prepared(request, Intent("HassTurnOn", {}), speculative=True, reply="Turned on the light")

    async def commit(self, prepared: Prepared) -> AsyncGenerator[ReplyPart, None]:
        yield Said(prepared.reply or "")
        yield Finished(understood=True)

    async def due(self) -> AsyncGenerator[Due, None]:
        await asyncio.Event().wait()
        yield Due("", "")

    async def close(self) -> None:
        pass


# --- the server ------------------------------------------------------------------------------------------------------


@dataclass
class Blocked:
    """How long callbacks of this process's event loop took, since it was last asked."""

    clock_ms: float = 0.0
    cpu_ms: float = 0.0
    over_20_ms: int = 0

    def watch(self) -> None:
        run = asyncio.Handle._run  # noqa: SLF001 - every callback goes through it, of tasks, timers and sockets alike

        def timed(handle: asyncio.Handle) -> None:
            began, cpu_began = time.perf_counter(), time.thread_time()
            run(handle)
            clock_ms, cpu_ms = (time.perf_counter() - began) * 1000, (time.thread_time() - cpu_began) * 1000
            self.clock_ms, self.cpu_ms = max(self.clock_ms, clock_ms), max(self.cpu_ms, cpu_ms)
            self.over_20_ms += clock_ms > 20

        asyncio.Handle._run = timed  # noqa: SLF001 - as above

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


async def server() -> None:
    """Says where it is in one line, then what it was blocked for in a line for each that it reads, until there is none
    left."""
    blocked, token = Blocked(), new_token()
    satellites, window = Everybody(token_hash(token)), PairingWindow()
    with tempfile.TemporaryDirectory() as folder:
        identity = make_certificate(Path(folder))
        house = House(Parts(Stt(), Replies(Tts()), Voices, Agent(), Hints(Path(folder))))

        async def attend(link: Link) -> None:
            now = asyncio.get_running_loop().time()
            who = await admit(link, window=window, satellites=satellites, now=now, server_name="house")
            await house.attend(NativeSession(link, Satellite(who.satellite_id, who.name, who.area)))

        async with serve(attend, HOST, 0, identity.context, max_connections=MANY, max_per_address=MANY) as served:
            where = {"port": served.port, "fingerprint": identity.fingerprint.hex(), "token": token}
            print(json.dumps(where), flush=True)
            blocked.watch()
            reader = asyncio.StreamReader()
            await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
            while await reader.readline():
                print(json.dumps(blocked.take() | {"cpu_s": time.process_time()}), flush=True)


# --- satellites ------------------------------------------------------------------------------------------------------


@dataclass
class Speaking:
    """One satellite, which speaks, hears the answer, and speaks again."""

    link: Link
    draw: random.Random
    v2v_ms: list[float] = field(default_factory=list)
    position: int = 0
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    silent_at: float = 0.0  # when the last frame with sound was over
    answered: bool = False
    samples: int = 0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            turn = -1
            while True:
                await asyncio.sleep(self.draw.uniform(*PAUSE_S))
                turn += 2
                await self._turn(turn)

    async def _turn(self, turn: int) -> None:
        now = asyncio.get_running_loop().time
        self.heard.clear()
        self.over.clear()
        self.answered, self.samples = False, 0
        self._tell(Wake(turn, "", "", 0.0, self.position, self.position))
        began, frame = now(), 0
        while not self.heard.is_set():
            frame += 1
            await asyncio.sleep(max(0.0, began + frame * FRAME_MS / 1000 - now()))
            if frame <= UTTERANCE_FRAMES:
                self.silent_at = began + frame * FRAME_MS / 1000
            pcm = SOUND if frame <= UTTERANCE_FRAMES else SILENCE
            self.link.send(AudioChunk(RATE_HZ, 2, 1, pcm, timestamp=self.position * 1000 // RATE_HZ).event())
            self.position += FRAME_SAMPLES
        self.link.send(AudioStop().event())
        await self.over.wait()

    async def _listen(self) -> None:
        now = asyncio.get_running_loop().time
        turn = -1
        while True:
            event = await self.link.receive()
            if AudioChunk.is_type(event.type):
                if not self.answered:
                    self.answered = True
                    self.v2v_ms.append((now() - self.silent_at) * 1000)
                self.samples += len(event.payload or b"") // 2
            elif AudioStop.is_type(event.type):
                self._tell(Played(turn, self.samples, done=True))
            else:
                match parse(event):
                    case Heard(turn=turn):
                        self.heard.set()
                    case TurnEnded():
                        self.heard.set()
                        self.over.set()

    def _tell(self, message: Message) -> None:
        self.link.send(event_of(message))


@asynccontextmanager
async def running_server() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "server", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def asked(process: asyncio.subprocess.Process) -> dict[str, float]:
    """What the server was blocked for since it was last asked."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(b"\n")
    told: dict[str, float] = json.loads(await process.stdout.readline())
    return told


async def measure(process: asyncio.subprocess.Process, where: Mapping[str, Any], count: int, seconds: float) -> str:
    fingerprint, tls = bytes.fromhex(where["fingerprint"]), client_context()
    speaking: list[Speaking] = []

    async def satellite(number: int) -> None:
        async with dial(HOST, where["port"], tls, fingerprint=fingerprint) as link:
            credentials = Credentials(f"s{number}", where["token"], where["fingerprint"], "house", HOST, where["port"])
            await greet(link, credentials, name=f"s{number}", area=None)
            speaking.append(Speaking(link, random.Random(number)))
            await speaking[-1].run()

    try:
        async with asyncio.TaskGroup() as tasks:
            dialled = [tasks.create_task(satellite(number)) for number in range(count)]
            await asyncio.sleep(WARM_UP_S)
            before = await asked(process)
            for each in speaking:
                each.v2v_ms.clear()
            await asyncio.sleep(seconds)
            blocked = await asked(process)
            for task in dialled:
                task.cancel()
    except* LinkError as problems:
        raise SystemExit(f"{count} satellites: {problems.exceptions[0]}") from problems
    return row(count, [ms for each in speaking for ms in each.v2v_ms], blocked, before, seconds)


def row(
    count: int, v2v_ms: list[float], blocked: Mapping[str, float], before: Mapping[str, float], seconds: float
) -> str:
    found = percentiles(v2v_ms)
    if found is None:
        return f"{count:10}  no turn"
    cpu = (blocked["cpu_s"] - before["cpu_s"]) / seconds
    return (
        f"{count:10}{found.count:7}{found.p50:10.0f}{found.p95:7.0f}{found.p99:7.0f}{cpu:9.0%}"
        f"{blocked['clock_ms']:11.1f}{blocked['cpu_ms']:10.1f}{blocked['over_20_ms']:10.0f}"
    )


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--satellites", type=int, nargs="+", default=[1, 10, 50], metavar="N")
    parser.add_argument("--seconds", type=float, default=30.0, help="for each count")
    given = parser.parse_args()
    async with running_server() as process:
        assert process.stdout is not None
        where = json.loads(await process.stdout.readline())
        print("satellites  turns   V2V p50    p95    p99      CPU   blocked: clock     CPU   > 20 ms")
        for count in given.satellites:
            print(await measure(process, where, count, given.seconds), flush=True)
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    asyncio.run(server() if sys.argv[1:] == ["server"] else main())
