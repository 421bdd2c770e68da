"""A browser that talks, as its page would: on virtual time in the same process, or over a real socket."""

import asyncio
import json
from array import array
from collections.abc import Callable
from contextlib import asynccontextmanager

import aiohttp
from support.satellite_parts import WORD
from support.scripted import SILENCE, SPEECH

from roomtone.ears.formats import FRAME_BYTES, FRAME_MS
from roomtone.errors import PeerGone
from roomtone_server.ports.web.voice.messages import decode, encode
from roomtone_server.ports.web.voice.session import BrowserSession
from roomtone_server.ports.web.voice.telling import Telling
from roomtone_server.runtime.detectors import Detectors
from roomtone_server.runtime.house import House
from roomtone_server.runtime.remote import Remote
from roomtone_server.runtime.session import Satellite

__all__ = ["COUGH", "SILENCE", "SPEECH", "WORD", "Away", "Browser", "TolerantVad", "at_home", "away"]

COUGH = SPEECH * 5 + SILENCE * 30


class TolerantVad:
    """What was resampled is never quite silent."""

    def process(self, frame: bytes) -> float:
        assert len(frame) == FRAME_BYTES
        return 1.0 if max(array("h", frame)) > 100 else 0.0

    def reset(self) -> None:
        pass


class Browser:
    """Says what a test has it say; notes what it is told. Its speaker plays what it gets, on `reports`."""

    def __init__(self, send: Callable[[str | bytes], None], *, plays: bool = True) -> None:
        self._send = send
        self._plays = plays
        self._noted = asyncio.Event()
        self.log: list[tuple[str, dict]] = []
        self.times: list[float] = []
        self.audio: dict[int, bytes] = {}  # by turn
        self._turn = 0  # whose the audio is that comes

    # --- what it is told -----------------------------------------------------------------------------------------

    def receive(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            self.audio[self._turn] += frame
            self._noted.set()
            return
        event = json.loads(frame)
        kind = event.pop("type")
        self.log.append((kind, event))
        self.times.append(asyncio.get_running_loop().time())
        self._noted.set()
        match kind:
            case "audio":
                self._turn = event["turn"]
                self.audio.setdefault(self._turn, b"")
            case "audio-end" if self._plays:
                self.played(event["turn"], done=True)
            case "flush":
                self.played(event["turn"], done=True)

    def of(self, kind: str) -> list[dict]:
        return [event for name, event in self.log if name == kind]

    def kinds(self, *without: str) -> list[str]:
        return [kind for kind, _ in self.log if kind not in {"stage", "partial", "ping", *without}]

    def at(self, kind: str) -> float:
        """When it was told so first."""
        return next(at for at, (name, _) in zip(self.times, self.log, strict=True) if name == kind)

    async def until(self, kind: str, count: int = 1, **fields: object) -> dict:
        while len(found := [event for event in self.of(kind) if fields.items() <= event.items()]) < count:
            self._noted.clear()
            await self._noted.wait()
        return found[count - 1]

    async def until_audio(self, turn: int, size: int) -> None:
        while len(self.audio.get(turn, b"")) < size:
            self._noted.clear()
            await self._noted.wait()

    # --- what it says --------------------------------------------------------------------------------------------

    def tell(self, kind: str, **fields: object) -> None:
        self._send(json.dumps({"type": kind, **fields}))

    def hear(self, pcm: bytes) -> None:
        """Its microphone, at once."""
        self._send(pcm)

    async def stream(self, pcm: bytes, rate: int = 16_000) -> None:
        """Its microphone, at the speed of one."""
        size = FRAME_BYTES * rate // 16_000
        for start in range(0, len(pcm), size):
            await asyncio.sleep(FRAME_MS / 1000)
            self._send(pcm[start : start + size])

    async def hear_on(self, frame: bytes) -> None:
        """This frame, again and again, for ever."""
        while True:
            await self.stream(frame)

    def played(self, turn: int, samples: int | None = None, *, done: bool = False, at: float | None = None) -> None:
        sounded = len(self.audio[turn]) // 2 if samples is None else samples
        self.tell("played", turn=turn, samples=sounded, done=done, at=at)


class _Here:
    """A session on virtual time, with no socket between."""

    def __init__(self, house: House, make_vad, *, plays: bool, wake=None) -> None:
        self.house = house
        self.wake = wake
        self.remote = Remote({"announce"})
        self._telling = Telling()
        self.browser = Browser(self._say, plays=plays)
        satellite = Satellite("browser-1", "Tablet", "Kitchen", "browser")
        self.session = BrowserSession(
            satellite, Detectors(make_vad), lambda event: self.browser.receive(encode(event)), self.browser.receive
        )

    def _say(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            self.session.take(frame)
            return
        event = decode(frame)
        assert event is not None
        match event.TYPE:
            case "start":
                self.session.start(event, self.wake() if event.mode == "wake" else None)
            case "stop":
                self.session.stop()
            case _:
                self.session.hear(event)

    async def tell_stages(self) -> None:
        with self.house.parts.trace.watch() as traced:
            while True:
                if (told := self._telling.event_of(await traced.get())) is not None:
                    self.browser.receive(encode(told))


@asynccontextmanager
async def at_home(house: House, *, mode: str | None = "hold", rate: int = 16_000, plays: bool = True, wake=None):
    """Yields the `Browser`, whose microphone is on in this mode; None: it has none. `browser.session` is its other
    end."""
    here = _Here(house, house.parts.make_vad, plays=plays, wake=wake)
    browser = here.browser
    browser.session = here.session
    async with asyncio.TaskGroup() as tasks:
        stages = tasks.create_task(here.tell_stages())
        attending = tasks.create_task(house.attend(here.session, here.remote))
        await asyncio.sleep(0)
        if mode is not None:
            browser.tell("start", rate=rate, mode=mode)
        yield browser
        here.session.lose(PeerGone("the test is over"))
        await attending
        stages.cancel()


class Away(Browser):
    """A browser at the other end of a WebSocket; `listen` runs beside the test."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, *, plays: bool) -> None:
        super().__init__(self._put, plays=plays)
        self.socket = socket
        self._unsent: asyncio.Queue[str | bytes] = asyncio.Queue()

    def _put(self, frame: str | bytes) -> None:
        self._unsent.put_nowait(frame)

    async def listen(self) -> int:
        """Until the server closes: with which code."""
        async for message in self.socket:
            self.receive(message.data)
        return self.socket.close_code or 0

    async def speak(self) -> None:
        while True:
            frame = await self._unsent.get()
            await (self.socket.send_str(frame) if isinstance(frame, str) else self.socket.send_bytes(frame))

    async def closed(self) -> int:
        """With which code, once the server has closed."""
        await self._listening
        return self._listening.result()

    @asynccontextmanager
    async def connected(self):
        async with asyncio.TaskGroup() as tasks:
            self._listening = tasks.create_task(self.listen())
            speaking = tasks.create_task(self.speak())
            yield
            await self.socket.close()
            speaking.cancel()


@asynccontextmanager
async def away(address: str, *, browser: str = "browser-0", plays: bool = True, name: str | None = "Tablet", **session):
    """A browser that is let in at this address, by its name; None: it says nothing of itself."""
    async with (
        aiohttp.ClientSession(**session) as client,
        client.ws_connect(f"{address}/voice", max_msg_size=0) as socket,
    ):
        one = Away(socket, plays=plays)
        async with one.connected():
            if name is not None:
                one.tell("hello", browser=browser, name=name, area="Kitchen")
                await one.until("welcome")
            yield one
