"""What the speaker plays: the reply as it comes over the network, and the satellite's own chimes.

A reply begins to sound with its first chunk; when the network falls behind, it waits until a little has come in again.
A chime never cuts into a reply: it sounds before or after it. A reply that is paused goes on with the very sample that
would have come next, as far as the device gives back what it had taken.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from roomtone.backoff import Backoff
from roomtone.ears.formats import SAMPLE_BYTES
from roomtone.ears.resample import Resampler, resampled_samples, to_mono
from roomtone.errors import DeviceError
from roomtone_satellite.devices.base import BLOCK_MS, Speaker

_LOGGER = logging.getLogger(__name__)

REFILL_MS: Final = 60  # after a gap, so that the next one is not 20 ms away
PROGRESS_MS: Final = 200  # from one report to the next; the first comes with the first sample that has sounded
MAX_BUFFERED_MS: Final = 10_000  # a server paces itself to 200 ms; one that does not would fill our memory
MAX_TAKEN_BACK_MS: Final = 1_000  # of what a device took and has not played; none takes so much ahead
MAX_CHIMES: Final = 4  # that wait; more would ring on for a minute after the event


@dataclass(slots=True)
class _Reply:
    turn: int
    from_hz: int = 0
    resampler: Resampler | None = None
    buffer: bytearray = field(default_factory=bytearray)  # at the speaker's rate
    received: int = 0  # samples at the reply's own rate
    written: int = 0  # samples at the speaker's rate
    reported: int = 0
    finished: bool = False  # all of it has come, for now
    over: bool = False  # all that has come has sounded
    refilling: bool = False
    paused: bool = False
    newest: bytearray = field(default_factory=bytearray)  # of what was written, as much as may be taken back


class Playback:
    """One speaker. `start` it, then `run` it as a task; all else returns at once."""

    def __init__(
        self,
        speaker: Speaker,
        *,
        on_progress: Callable[[int, int], None],
        on_played: Callable[[int, int], None],
        max_buffered_ms: int = MAX_BUFFERED_MS,
    ) -> None:
        """Both are told a turn and how many samples of its reply have sounded, at the reply's own rate."""
        self._speaker = speaker
        self._on_progress = on_progress
        self._on_played = on_played
        self._max_buffered_ms = max_buffered_ms
        self._reply: _Reply | None = None
        self._chimes: deque[bytes] = deque(maxlen=MAX_CHIMES)
        self._sounding = b""  # what is left of the chime that has begun
        self._changed = asyncio.Event()
        self._overflowed = False

    # --- the reply -------------------------------------------------------------------------------------------------

    @property
    def buffered_ms(self) -> int:
        """How much of the reply waits to sound."""
        return 0 if self._reply is None else len(self._reply.buffer) * 1000 // (self._speaker.rate_hz * SAMPLE_BYTES)

    def open(self, turn: int) -> None:
        """From now on audio of this turn sounds; once more for the same turn, its reply goes on, and its count."""
        if self._reply is not None and self._reply.turn == turn:
            self._reply.finished = self._reply.over = False
        else:
            self._reply = _Reply(turn)

    def feed(self, turn: int, pcm: bytes, rate_hz: int, channels: int) -> None:
        """The next audio of a reply (int16, interleaved); ignored unless its turn is open."""
        reply = self._reply
        if reply is None or reply.turn != turn or reply.finished:
            return
        if self.buffered_ms > self._max_buffered_ms:
            if not self._overflowed:
                _LOGGER.warning("the server sends its reply faster than it can sound: some of it is left out")
            self._overflowed = True
            return
        if reply.resampler is None or reply.from_hz != rate_hz:
            reply.from_hz, reply.resampler = rate_hz, Resampler(rate_hz, self._speaker.rate_hz)
        reply.received += len(pcm) // (SAMPLE_BYTES * channels)
        reply.buffer += reply.resampler.process(to_mono(pcm, channels))
        self._changed.set()

    def finish(self, turn: int) -> None:
        """All audio of the reply has come; `on_played` follows when it has sounded."""
        reply = self._reply
        if reply is None or reply.turn != turn or reply.finished:
            return
        reply.finished = True
        if reply.resampler is not None:
            reply.buffer += reply.resampler.finish()
            reply.resampler = None
        self._changed.set()

    def pause(self, turn: int) -> int:
        """Silence, now, and nothing is lost; how many samples of the reply have sounded, at its own rate."""
        reply = self._reply
        if reply is None or reply.turn != turn:
            return 0
        never = min(self._speaker.flush() * SAMPLE_BYTES, len(reply.newest))
        if never:
            reply.buffer[:0] = reply.newest[-never:]
            del reply.newest[-never:]
            reply.written -= never // SAMPLE_BYTES
        reply.paused = True
        return self._heard(reply)

    def resume(self, turn: int) -> None:
        """Goes on where `pause` stopped."""
        reply = self._reply
        if reply is not None and reply.turn == turn:
            reply.paused = False
            self._changed.set()

    def flush(self, turn: int) -> int:
        """Silence, now; how many samples of the reply have sounded, at its own rate."""
        reply = self._reply
        if reply is None or reply.turn != turn:
            return 0
        heard = self._heard(reply)
        self._speaker.flush()
        self._reply = None
        return heard

    # --- chimes ----------------------------------------------------------------------------------------------------

    def chime(self, pcm: bytes) -> None:
        """Sounds when nothing else does; mono int16 at the speaker's rate."""
        self._chimes.append(pcm)
        self._changed.set()

    # --- the speaker -----------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Opens the speaker. Raises DeviceError."""
        await self._speaker.open()

    async def run(self) -> None:
        """Plays for ever; a speaker that fails is opened anew. Closes it in the end."""
        backoff = Backoff()
        try:
            while True:
                try:
                    await self._play(backoff)
                except DeviceError as problem:
                    _LOGGER.error("%s; trying again", problem)
                    self._give_up()
                    await self._reopen(backoff)
        finally:
            await self._speaker.close()

    async def _play(self, backoff: Backoff) -> None:
        while True:
            self._changed.clear()
            if block := self._next_chime_block():
                await self._speaker.write(block, None)
            elif (reply := self._reply) is not None and (block := self._next_block(reply)):
                await self._speaker.write(block, reply.turn)
                self._report_progress(reply)
            elif reply is not None and reply.finished and not reply.over and not reply.paused:
                await asyncio.sleep(self._speaker.pending() / self._speaker.rate_hz)
                self._report_played(reply)
            else:
                await self._changed.wait()
                continue
            backoff.reset()

    def _next_chime_block(self) -> bytes:
        if not self._sounding and self._chimes and (self._reply is None or self._reply.over or not self._reply.written):
            self._sounding = self._chimes.popleft()
        size = self._block_bytes()
        block, self._sounding = self._sounding[:size], self._sounding[size:]
        return block

    def _next_block(self, reply: _Reply) -> bytes:
        wanted = self._block_bytes()
        if reply.paused:
            return b""
        if reply.finished:
            reply.refilling = False
        elif len(reply.buffer) < wanted:
            reply.refilling = reply.written > 0
            return b""
        elif reply.refilling and len(reply.buffer) < wanted * REFILL_MS // BLOCK_MS:
            return b""
        reply.refilling = False
        block = bytes(reply.buffer[:wanted])
        del reply.buffer[:wanted]
        reply.written += len(block) // SAMPLE_BYTES
        reply.newest += block
        del reply.newest[: -self._speaker.rate_hz * MAX_TAKEN_BACK_MS // 1000 * SAMPLE_BYTES]
        return block

    def _block_bytes(self) -> int:
        return self._speaker.rate_hz * BLOCK_MS // 1000 * SAMPLE_BYTES

    def _heard(self, reply: _Reply) -> int:
        sounded = max(0, reply.written - self._speaker.pending())
        return min(reply.received, resampled_samples(sounded, self._speaker.rate_hz, reply.from_hz))

    def _report_progress(self, reply: _Reply) -> None:
        heard = self._heard(reply)
        step = reply.from_hz * PROGRESS_MS // 1000 if reply.reported else 1
        if self._reply is reply and heard - reply.reported >= step:
            reply.reported = heard
            self._on_progress(reply.turn, heard)

    def _report_played(self, reply: _Reply) -> None:
        if self._reply is reply and reply.finished and not reply.buffer:
            reply.over = True
            self._on_played(reply.turn, reply.received)

    def _give_up(self) -> None:
        """The speaker is gone: what waits would sound too late."""
        self._chimes.clear()
        self._sounding = b""
        if (reply := self._reply) is not None:
            self._reply = None
            if not reply.over:
                self._on_played(reply.turn, reply.reported)

    async def _reopen(self, backoff: Backoff) -> None:
        while True:
            await asyncio.sleep(backoff.next_s())
            try:
                await self._speaker.open()
            except DeviceError:
                _LOGGER.debug("the speaker is still not there")
            else:
                return
