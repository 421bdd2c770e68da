"""A link as its owner holds it: events to send, events to receive, each wait with a deadline. No socket here."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NoReturn

from wyoming.event import Event

from roomtone.errors import FrameError, LinkError, PeerGone
from roomtone.link.clock import PeerClock
from roomtone.link.codec import Limits, encode
from roomtone.link.events import Message, Ping, Pong, event_of, parse
from roomtone.link.outbox import Outbox
from roomtone.link.security import fingerprint_of
from roomtone.link.watchdog import Watchdog
from roomtone.link.wire import Wire

_LOGGER = logging.getLogger(__name__)

# Guards the loop: a peer that sends faster than we handle would be all that it serves, and the half second of audio
# with which each turn begins would keep the others waiting for some 10 ms.
MAX_IN_A_ROW: Final = 8
FIRST_PINGS: Final = 4  # follow each other at once: a turn may begin as soon as the peer is there
_PIECE_BYTES: Final = 8 * 1024  # of one write; what is in it can no longer be dropped when it is old


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long each wait may take. Pings break a living peer's silence, so `ping_s` is well below `read_s`."""

    connect_s: float = 5.0  # the name's lookup and TCP
    handshake_s: float = 5.0  # TLS; and again for the first events, in `admission`
    read_s: float = 15.0  # from one whole event to the next, pings included; then the peer is gone
    write_s: float = 10.0  # for a write to leave; then the peer is gone
    ping_s: float = 5.0  # from one ping to the next; infinite: none


DEADLINES: Final = Deadlines()


class Link:
    """One connection to a peer. `receive` and `drain` are for one task each; `send` for the whole loop.

    A `plain` peer speaks Wyoming as it is written: its pings need no text, and it may know none. It is pinged once,
    and may be silent between two events; once it has sent a ping or pong itself, it is as any other.
    """

    def __init__(
        self, wire: Wire, address: tuple[str, int], deadlines: Deadlines, limits: Limits, *, plain: bool = False
    ) -> None:
        self.host, self.port = address  # as dialled, or as accepted
        self.peer = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        self.deadlines = deadlines
        certificate = wire.peer_certificate()
        self.peer_fingerprint = fingerprint_of(certificate) if certificate else b""  # satellites show no certificate
        self.peer_clock = PeerClock()
        self._wire = wire
        self._limits = limits
        self._outbox = Outbox()
        self._waiting = asyncio.Event()  # for the writer: something is in the outbox
        self._written = asyncio.Event()  # for `drain`: nothing is
        self._written.set()
        self._in_a_row = 0
        self._reading = Watchdog(deadlines.read_s, self._give_up_reading)
        self._writing = Watchdog(deadlines.write_s, self._give_up_writing)
        self._loop = asyncio.get_running_loop()
        self._plain = plain
        self._may_be_silent = plain
        self._pings = 0
        self._pinged_at: float | None = None  # the last ping, until it is answered
        self._next_ping: asyncio.TimerHandle | None = None
        self._closed: LinkError | None = None  # why this side ended it

    @property
    def answers_pings(self) -> bool:
        """Whether a silence of the peer's would mean that it is gone."""
        return not self._may_be_silent

    @property
    def dropped_chunks(self) -> int:
        """How many audio chunks grew too old to be sent."""
        return self._outbox.dropped

    async def receive(self, *, pings: bool = False) -> Event:
        """The next event; pings are answered here, and neither they nor pongs are seen outside, but for those `pings`
        that somebody wants to count. Raises PeerGone after silence, close or reset, and FrameError."""
        while True:
            if self._closed is not None:
                raise self._closed
            event = self._next_event()
            if event is None:
                event = await self._wait_for_event()
            await self._let_others_run()
            if event.type not in {Ping.TYPE, Pong.TYPE}:
                return event
            self._take(parse(event))
            if pings and event.type == Ping.TYPE:
                return event

    def send(self, event: Event) -> None:
        """Queues an event and never waits. Audio for which the peer is too slow is dropped, oldest first; a peer for
        which too many other events wait is disconnected. Raises PeerGone, and FrameError for an event beyond limits."""
        self._raise_if_over()
        frame = encode(event, self._limits)
        if event.type == "audio-chunk":
            self._outbox.put_audio(frame)
        elif not self._outbox.put_control(frame):
            self._break(PeerGone(f"{self.peer} does not read: too many events wait for it, so it was disconnected"))
        self._written.clear()
        self._waiting.set()

    def let_be_silent(self) -> None:
        """A plain peer has nothing more to say, and may be silent until it pings again."""
        self._may_be_silent = self._plain

    def ping(self) -> None:
        """Asks the peer for its clock; `peer_clock` knows more with each answer. Raises PeerGone."""
        self._pings += 1
        self._pinged_at = self._loop.time()
        self.send(Event(Ping.TYPE) if self._plain else event_of(Ping(str(self._pings))))
        self._ping_later()

    async def drain(self) -> None:
        """Returns when all that was sent has left for the network. Raises PeerGone."""
        await self._written.wait()
        self._raise_if_over()

    def close(self) -> None:
        """Ends the connection behind what was sent; from now on everything raises PeerGone."""
        if self._closed is not None:
            return
        self._closed = PeerGone(f"the connection to {self.peer} was closed on this side")
        while piece := self._outbox.take(_PIECE_BYTES):
            self._wire.write(piece)
        self._wire.close()

    async def attend(self) -> None:
        """Writes what is sent, and pings now and then, until the link is over. The link's own task."""
        self._ping_later()
        try:
            while True:
                await self._waiting.wait()
                self._waiting.clear()
                while piece := self._outbox.take(_PIECE_BYTES):
                    self._wire.write(piece)
                    await self._wait_until_writable()
                self._written.set()
        except LinkError as problem:
            _LOGGER.debug("stopped writing: %s", problem)
        finally:
            self._written.set()
            self._rest()

    def _next_event(self) -> Event | None:
        try:
            return self._wire.decoder.next_event()
        except FrameError as problem:
            self._break(FrameError(f"{self.peer} sent what is no event: {problem}"))

    async def _wait_for_event(self) -> Event:
        self._in_a_row = 0
        if self._may_be_silent and not self._wire.decoder.undecoded_bytes and not self._wire.over:
            await self._wire.more()  # the deadline is that of the event which begins now
            if event := self._next_event():
                return event
        with self._reading:
            while True:
                if self._wire.over:
                    self._break(self._end_of_stream())
                await self._wire.more()
                if event := self._next_event():
                    return event

    async def _let_others_run(self) -> None:
        self._in_a_row += 1
        if self._in_a_row >= MAX_IN_A_ROW:
            self._in_a_row = 0
            await asyncio.sleep(0)

    def _take(self, message: Message | None) -> None:
        if self._may_be_silent:
            self._may_be_silent = False
            self._ping_later()
        if isinstance(message, Ping):
            self.send(self._pong(message))
        elif isinstance(message, Pong) and self._pinged_at is not None and message.text == str(self._pings):
            peer_at = None if message.at_us is None else message.at_us / 1e6
            self.peer_clock.answered(self._pinged_at, peer_at, self._loop.time())
            self._pinged_at = None
            if self._pings < FIRST_PINGS:
                self.ping()

    def _pong(self, ping: Ping) -> Event:
        if self._plain:
            return Event(Pong.TYPE, {} if ping.text is None else {"text": ping.text})
        return event_of(Pong(ping.text, round(self._loop.time() * 1e6)))

    def _ping_later(self) -> None:
        if self._next_ping is not None:
            self._next_ping.cancel()
        self._next_ping = self._loop.call_later(self.deadlines.ping_s, self._ping_in_time)

    def _ping_in_time(self) -> None:
        if self._may_be_silent and self._pings:
            return
        with suppress(LinkError):  # whoever waits for the peer is told
            self.ping()

    async def _wait_until_writable(self) -> None:
        with self._writing:
            await self._wire.writable()
        self._raise_if_over()

    def _rest(self) -> None:
        self._reading.close()
        self._writing.close()
        if self._next_ping is not None:
            self._next_ping.cancel()

    def _end_of_stream(self) -> PeerGone:
        try:
            self._wire.decoder.end()
        except FrameError as problem:
            return PeerGone(f"{self.peer} {self._wire.over}, in the middle of an event: {problem}")
        return PeerGone(f"{self.peer} {self._wire.over}")

    def _raise_if_over(self) -> None:
        if self._closed is not None:
            raise self._closed
        if self._wire.over:
            raise PeerGone(f"{self.peer} {self._wire.over}")

    def _give_up_reading(self) -> None:
        self._lose(PeerGone(f"{self.peer} sent no whole event for {self.deadlines.read_s:g} s"))

    def _give_up_writing(self) -> None:
        self._lose(PeerGone(f"{self.peer} does not read: nothing left for {self.deadlines.write_s:g} s"))

    def _break(self, problem: LinkError) -> NoReturn:
        raise self._lose(problem)

    def _lose(self, problem: LinkError) -> LinkError:
        """Ends the connection at once, and every wait with it; why is what the first said."""
        if self._closed is None:
            self._closed = problem
            self._wire.abort()
        return self._closed
