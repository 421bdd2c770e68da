"""Wyoming satellites as other makes are: they listen, and serve one server at a time. A test speaks for each."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from wyoming.audio import AudioChunk, AudioStop
from wyoming.event import Event
from wyoming.info import Attribution, Info
from wyoming.info import Satellite as About
from wyoming.ping import Pong
from wyoming.pipeline import PipelineStage, RunPipeline
from wyoming.snd import Played
from wyoming.wake import Detection

from roomtone.link.codec import Decoder, encode
from roomtone_server.ports.stock.words import LIMITS


def info(name: str = "Porch", area: str | None = "Garden") -> Info:
    about = About(name, Attribution("", ""), installed=True, description=name, version="1", area=area)
    return Info(satellite=about)


@dataclass
class StockSatellite:
    """What all makes have in common. Its server's events are in `heard`, but for pings and audio, which it counts."""

    info: Info = field(default_factory=info)
    answers_pings: bool = True
    tells_played: bool = True
    on_event: Callable[[Event], None] = lambda _: None
    heard: list[Event] = field(default_factory=list)
    played_samples: int = 0
    connections: int = 0
    port: int = 0
    _writer: asyncio.StreamWriter | None = None
    _noted: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, event: Event) -> None:
        assert self._writer is not None
        self._writer.write(encode(event, LIMITS))

    def send_bytes(self, data: bytes) -> None:
        assert self._writer is not None
        self._writer.write(data)

    def hang_up(self) -> None:
        assert self._writer is not None
        self._writer.transport.abort()

    # --- what each make does, in its own order ---

    def run_always(self, *, restart_on_end: bool = False) -> None:
        self.send(RunPipeline(PipelineStage.WAKE, PipelineStage.TTS, restart_on_end=restart_on_end).event())

    def hear_voice(self, *before: bytes) -> None:
        """Of one that waits for a voice: what was heard before it comes in one piece."""
        self.send(RunPipeline(PipelineStage.WAKE, PipelineStage.TTS).event())
        self.stream(b"".join(before))

    def hear_word(self, name: str | None = "hey_jarvis_v0.1") -> None:
        """Of one that finds its wake word by itself; early ones do not say which."""
        if name is not None:
            self.send(Detection(name).event())
        self.send(RunPipeline(PipelineStage.ASR, PipelineStage.TTS).event())

    def stream(self, pcm: bytes, rate_hz: int = 16_000, channels: int = 1) -> None:
        self.send(AudioChunk(rate_hz, 2, channels, pcm).event())

    def stop_streaming(self) -> None:
        self.send(AudioStop().event())

    # --- what it is told ---

    def of(self, kind: str) -> list[Event]:
        return [event for event in self.heard if event.type == kind]

    async def until(self, kind: str, count: int = 1) -> Event:
        while len(self.of(kind)) < count:
            self._noted.clear()
            await self._noted.wait()
        return self.of(kind)[count - 1]

    @property
    def kinds(self) -> list[str]:
        return [event.type for event in self.heard]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._writer is not None:
            writer.transport.abort()
            return
        self._writer = writer
        self.connections += 1
        decoder = Decoder()
        try:
            while data := await reader.read(65_536):
                decoder.feed(data)
                while (event := decoder.next_event()) is not None:
                    self._take(event)
        except ConnectionError:
            pass
        finally:
            self._writer = None
            writer.transport.abort()
            self._note(Event("hung-up"))

    def _take(self, event: Event) -> None:
        if event.type == "ping":
            if self.answers_pings:
                self.send(Pong(event.data.get("text")).event())
            return
        if AudioChunk.is_type(event.type):
            self.played_samples += len(event.payload or b"") // 2
            return
        if event.type == "describe":
            self.send(self.info.event())
        elif AudioStop.is_type(event.type) and self.tells_played:
            self.send(Played().event())
        self._note(event)
        self.on_event(event)

    def _note(self, event: Event) -> None:
        self.heard.append(event)
        self._noted.set()


@asynccontextmanager
async def listening(satellite: StockSatellite, port: int = 0) -> AsyncIterator[str]:
    """Where it can be dialled."""
    server = await asyncio.start_server(satellite.serve, "127.0.0.1", port)
    satellite.port = server.sockets[0].getsockname()[1]
    try:
        yield f"tcp://127.0.0.1:{satellite.port}"
    finally:
        server.close()
        with suppress(AssertionError):
            satellite.hang_up()
        await server.wait_closed()
