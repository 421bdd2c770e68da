"""Our own satellites: paired, over TLS, in the words of `roomtone.link.events`."""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final, get_args

from wyoming.asr import Transcript, TranscriptChunk
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event

from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES, SAMPLES_PER_MS
from roomtone.ears.level import snr_db
from roomtone.errors import FrameError, PeerGone, TokenRefused
from roomtone.link import events
from roomtone.link.admission import admit
from roomtone.link.connection import Link
from roomtone.link.crowd import MAX_CONNECTIONS, MAX_PER_ADDRESS
from roomtone.link.pairing import PairingWindow
from roomtone.link.security import ServerIdentity
from roomtone.link.stream import serve
from roomtone_server.ports.pieces import pieces
from roomtone_server.runtime.house import House
from roomtone_server.runtime.remote import Change, LevelWanted, Remote, Renamed, SatelliteState, WakeWord, Wish
from roomtone_server.runtime.session import (
    Audio,
    GivenUp,
    Incoming,
    Interrupted,
    Moment,
    Outcome,
    Released,
    Satellite,
    Sound,
    Sounded,
    Woken,
)
from roomtone_server.store.base import PairedSatellite, SatelliteStore

_LOGGER = logging.getLogger(__name__)

_ABILITIES: Final = get_args(events.Ability)


class NativeSession:
    """A `runtime.session.VoiceSession` over one link."""

    def __init__(self, link: Link, satellite: Satellite) -> None:
        self._link = link
        self._satellite = satellite
        self._reply_rate_hz = 0
        self.remote = Remote(["announce", "listen", "rename", "revoke"], self._wish)

    @property
    def satellite(self) -> Satellite:
        return self._satellite

    async def incoming(self) -> AsyncGenerator[Incoming, None]:
        """Raises PeerGone and FrameError; events of a newer protocol that we do not know are passed over."""
        self._link.ping()
        while True:
            event = await self._link.receive()
            incoming = _audio(event) if AudioChunk.is_type(event.type) else self._told(events.parse(event))
            if incoming is not None:
                yield incoming

    def grant(self, turn: int, settles_s: float) -> None:
        self._tell(events.Yours(turn, settles_s))

    def stop_listening(self, turn: int) -> None:
        self._tell(events.Heard(turn))

    def show_partial(self, turn: int, text: str) -> None:  # noqa: ARG002 - Wyoming's own event has no turn
        self._send(TranscriptChunk(text).event())

    def show_transcript(self, turn: int, text: str) -> None:  # noqa: ARG002 - as above
        self._send(Transcript(text).event())

    def show_reply(self, turn: int, text: str) -> None:
        """An empty one too: by this the satellite knows whose the audio is that follows."""
        for piece in pieces(text) if text else ("",):
            self._tell(events.Reply(turn, piece))

    def chime(self, sound: Sound) -> None:
        self._tell(events.Chime(sound))

    def begin_reply(self, turn: int, rate_hz: int) -> None:  # noqa: ARG002 - as above
        self._reply_rate_hz = rate_hz
        self._send(AudioStart(rate_hz, SAMPLE_BYTES, 1).event())

    def play(self, turn: int, pcm: bytes) -> None:  # noqa: ARG002 - as above
        self._send(AudioChunk(self._reply_rate_hz, SAMPLE_BYTES, 1, pcm).event())

    def end_reply(self, turn: int) -> None:  # noqa: ARG002 - as above
        self._send(AudioStop().event())

    def flush(self, turn: int) -> None:
        self._tell(events.Flush(turn))

    def invite(self, turn: int, seconds: float) -> None:
        self._tell(events.Listen(turn, seconds))

    def end_turn(self, turn: int, outcome: Outcome, text: str) -> None:
        self._tell(events.TurnEnded(turn, outcome, text))

    def _told(self, message: events.Message | None) -> Incoming | None:
        match message:
            case events.Wake(at_us=at_us) as wake:
                return _woken(wake, self._moment(at_us))
            case events.Released(turn):
                return Released(turn)
            case events.Interrupt(turn, interrupts, sample, first_sample, paused, at_us):
                return Interrupted(turn, interrupts, sample, first_sample, paused, self._moment(at_us))
            case events.Played(turn, samples, done, at_us):
                return Sounded(turn, samples, done, self._moment(at_us))
            case events.Cancel(turn):
                return GivenUp(turn)
            case events.SatelliteState() as state:
                self.remote.told(_state(state), {ability for ability in _ABILITIES if ability in state.can})
            case events.SatelliteLevel(dbfs):
                self.remote.heard(dbfs)
            case _:
                pass
        return None

    def _wish(self, wish: Wish) -> None:
        match wish:
            case Change(muted, volume, thresholds):
                self._tell(events.SetSatellite(muted, volume, dict(thresholds) if thresholds else None))
            case LevelWanted(seconds):
                self._tell(events.WatchLevel(min(seconds, events.MAX_WATCH_S)))
            case Renamed(name, area):
                self._satellite = replace(self._satellite, name=name, area=area)

    def _moment(self, at_us: int | None) -> Moment:
        """A moment of the satellite's on our clock."""
        clock, now = self._link.peer_clock, asyncio.get_running_loop().time()
        placed = None if at_us is None else clock.place(at_us / 1e6, now)
        if placed is None:
            return Moment(round_trip_s=clock.round_trip_s)
        return Moment(placed.at, placed.error_s, clock.round_trip_s)

    def _tell(self, message: events.Message) -> None:
        self._send(events.event_of(message))

    def _send(self, event: Event) -> None:
        try:
            self._link.send(event)
        except PeerGone as problem:
            _LOGGER.debug("not sent: %s", problem)  # `incoming` ends with the same error


def _state(state: events.SatelliteState) -> SatelliteState:
    words = tuple(WakeWord(word.name, word.phrase, word.threshold) for word in state.wake_words)
    return SatelliteState(state.muted, state.muted_there, state.volume, words)


def _woken(wake: events.Wake, heard: Moment) -> Woken:
    return Woken(
        wake.turn,
        wake.name,
        wake.phrase,
        wake.score,
        wake.sample,
        wake.first_sample,
        held=wake.held,
        snr_db=snr_db(wake.word_dbfs, wake.room_dbfs),
        heard=heard,
    )


def _audio(event: Event) -> Audio:
    """Raises FrameError for anything but whole samples of the house's format, with their time."""
    data, pcm = event.data, event.payload or b""
    audio_format = (data.get("rate"), data.get("width"), data.get("channels"))
    if audio_format != (RATE_HZ, SAMPLE_BYTES, 1):
        raise FrameError("a microphone's audio-chunk is not 16 kHz, 16 bit, mono")
    timestamp_ms = data.get("timestamp")
    if type(timestamp_ms) is not int or timestamp_ms < 0:
        raise FrameError("a microphone's audio-chunk has no timestamp in ms")
    if len(pcm) % SAMPLE_BYTES:
        raise FrameError("an audio-chunk ends in the middle of a sample")
    return Audio(pcm, timestamp_ms * SAMPLES_PER_MS)


class Doorkeeper:
    """Knows who is paired: an `admission.Satellites` over the server's store."""

    def __init__(self, store: SatelliteStore, window: PairingWindow, server_name: str) -> None:
        self._store = store
        self._window = window
        self._server_name = server_name

    async def admit(self, link: Link) -> Satellite:
        """Who this is. Raises LinkError, after telling the peer, when it may not come in."""
        admitted = await admit(
            link, window=self._window, satellites=self, now=time.monotonic(), server_name=self._server_name
        )
        known = await self._store.seen(admitted.satellite_id, time.time(), name=admitted.name, area=admitted.area)
        if known is None:
            raise TokenRefused(f"{admitted.name} was revoked just now")
        return Satellite(known.id, known.name, known.area)

    async def add(self, id: str, name: str, area: str | None, token_hash: str) -> None:  # noqa: A002 - its name
        await self._store.add(PairedSatellite(id, name, area, bytes.fromhex(token_hash), time.time()))
        _LOGGER.info("paired", extra={"satellite": name})

    async def find(self, id: str) -> "_Known | None":  # noqa: A002 - its name
        found = await self._store.find(id)
        return _Known(found.token_hash.hex()) if found else None


@dataclass(frozen=True, slots=True)
class _Known:
    """An `admission.KnownSatellite`."""

    token_hash: str


@asynccontextmanager
async def serve_native(
    house: House,
    doorkeeper: Doorkeeper,
    identity: ServerIdentity,
    host: str,
    port: int,
    *,
    max_connections: int = MAX_CONNECTIONS,
    max_per_address: int = MAX_PER_ADDRESS,
) -> AsyncIterator[int]:
    """Lets paired satellites in while it is entered; yields the port. Raises PortUnusable."""

    async def attend(link: Link) -> None:
        satellite = await doorkeeper.admit(link)
        session = NativeSession(link, satellite)
        await house.attend(session, session.remote)

    async with serve(
        attend, host, port, identity.context, max_connections=max_connections, max_per_address=max_per_address
    ) as served:
        yield served.port
