"""A voice session over a stock Wyoming satellite: what Home Assistant would tell it, from what the runtime says."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final

from wyoming.asr import Transcribe, Transcript
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.tts import Synthesize
from wyoming.vad import VoiceStarted, VoiceStopped
from wyoming.wake import Detection

from roomtone.ears.base import WakeEngine
from roomtone.ears.formats import SAMPLE_BYTES, SAMPLES_PER_MS
from roomtone.errors import EngineError, LinkError, PeerGone
from roomtone.link.background import alongside
from roomtone.link.connection import Link
from roomtone_server.ports.pieces import pieces
from roomtone_server.ports.plain import Sound
from roomtone_server.ports.stock.ear import RemoteEar
from roomtone_server.ports.stock.playback import Playback
from roomtone_server.ports.stock.silence import SILENT_S, SilenceWatch
from roomtone_server.ports.stock.words import WORDS, Complaint, Played, Word
from roomtone_server.runtime.remote import Remote
from roomtone_server.runtime.session import GivenUp, Incoming, Outcome, Satellite, Woken
from roomtone_server.runtime.session import Sound as Chime

_LOGGER = logging.getLogger(__name__)

MAX_WAITING: Final = 256  # five seconds of frames: who sends faster than they are heard is slowed down
# One that waits for a voice sends the seconds before it at once: others run between these pieces.
_PIECE_MS: Final = 200


class StockSession:
    """A `runtime.session.VoiceSession`. `attend` runs beside the conversation."""

    def __init__(self, link: Link, satellite: Satellite, make_wake: Callable[[], WakeEngine], language: str) -> None:
        """`language` is what it is told that it is heard in."""
        self.remote = Remote({"announce"})
        self._link = link
        self._satellite = satellite
        self._language = language
        self._ear = RemoteEar(make_wake)
        self._playback = Playback()
        self._silence = SilenceWatch()
        self._inbox: asyncio.Queue[Incoming | LinkError] = asyncio.Queue(MAX_WAITING)
        self._deadline_moved = asyncio.Event()
        self._woken: Woken | None = None  # here, and the satellite does not know it yet
        self._opening: asyncio.TimerHandle | None = None  # when it is told
        self._open: int | None = None  # the turn that it listens for, until it has a transcript
        self._shows_voice = False  # it knows that somebody speaks
        self._rate_hz = 0  # of the reply
        self._loop = asyncio.get_running_loop()

    @property
    def satellite(self) -> Satellite:
        return self._satellite

    async def incoming(self) -> AsyncGenerator[Incoming, None]:
        while True:
            message = await self._inbox.get()
            if isinstance(message, LinkError):
                raise message
            yield message

    async def attend(self) -> None:
        """Hears the satellite, and counts what it plays, until it is gone; `incoming` then says why."""
        try:
            async with alongside(self._keep_time()):
                while True:
                    word = WORDS.parse(await self._link.receive())
                    if word is not None:
                        await self._hear(word)
        except (LinkError, EngineError) as problem:
            await self._inbox.put(problem if isinstance(problem, LinkError) else LinkError(str(problem)))
        finally:
            self._ear.close()
            self._forget_opening()

    # --- what the satellite says -------------------------------------------------------------------------------------

    async def _hear(self, word: Word) -> None:
        self._silence.heard(word, self._loop.time())
        match word:
            case Played():
                for sounded in self._playback.told():
                    await self._inbox.put(sounded)
            case Complaint(text):
                _LOGGER.warning("says: %s", text, extra={"satellite": self._satellite.name})
            case _:
                for piece in _pieces(word):
                    for incoming in self._ear.hear(piece, self._loop.time()):
                        await self._pass_on(incoming)
                    await asyncio.sleep(0)
                self.remote.able({"announce", "listen"} if self._ear.finds_words else {"announce"})
        self._deadline_moved.set()

    async def _pass_on(self, incoming: Incoming) -> None:
        if isinstance(incoming, Woken):
            for sounded in self._playback.reached(self._loop.time()):
                await self._inbox.put(sounded)  # it may cut a reply short, whose history is what was heard
            self._forget_opening()
            if incoming.word and self._ear.finds_words:
                self._woken = incoming
            else:
                self._tell_turn(incoming.turn)
        await self._inbox.put(incoming)

    async def _keep_time(self) -> None:
        while True:
            self._deadline_moved.clear()
            deadlines = (each.next_deadline() for each in (self._ear, self._playback, self._silence))
            try:
                async with asyncio.timeout_at(min((each for each in deadlines if each is not None), default=None)):
                    await self._deadline_moved.wait()
            except TimeoutError:
                now = self._loop.time()
                for incoming in (*self._ear.advance(now), *self._playback.advance(now)):
                    await self._inbox.put(incoming)
                silent_at = self._silence.next_deadline()
                if silent_at is not None and now >= silent_at:
                    await self._inbox.put(
                        PeerGone(f"{self._link.peer} has sent nothing for {SILENT_S:g} s: connecting anew")
                    )
                    return

    # --- what the runtime says ---------------------------------------------------------------------------------------

    def grant(self, turn: int, settles_s: float) -> None:
        """It makes its sound when it is told of the wake word."""
        if self._woken is not None and self._woken.turn == turn:
            self._opening = self._loop.call_later(settles_s, self._tell_wake_word, self._woken)

    def stop_listening(self, turn: int) -> None:
        self._ear.stop(turn)
        self._send(VoiceStopped().event())

    def show_partial(self, turn: int, text: str) -> None:
        if text and turn == self._open and not self._shows_voice:
            self._shows_voice = True
            self._send(VoiceStarted().event())

    def show_transcript(self, turn: int, text: str) -> None:
        """With it, it stops streaming, or begins to listen for its wake word again."""
        if self._woken is not None and self._woken.turn == turn:
            self._tell_wake_word(self._woken)
        self._open = None
        self._send(Transcript(text).event())

    def show_reply(self, turn: int, text: str) -> None:  # noqa: ARG002 - Wyoming's own event has no turn
        for piece in pieces(text):
            self._send(Synthesize(piece).event())

    def chime(self, sound: Chime) -> None:
        """It has no sounds that it could be asked for."""

    def begin_reply(self, turn: int, rate_hz: int) -> None:
        self._playback.begin(turn, rate_hz)
        self._rate_hz = rate_hz
        self._send(AudioStart(rate_hz, SAMPLE_BYTES, 1).event())

    def play(self, turn: int, pcm: bytes) -> None:  # noqa: ARG002 - as above
        self._send(AudioChunk(self._rate_hz, SAMPLE_BYTES, 1, pcm).event())
        self._playback.sent(len(pcm) // SAMPLE_BYTES, self._loop.time())
        self._deadline_moved.set()

    def end_reply(self, turn: int) -> None:  # noqa: ARG002 - as above
        self._send(AudioStop().event())
        self._playback.end()
        self._deadline_moved.set()

    def flush(self, turn: int) -> None:
        """It has no more than the runtime sends ahead, and falls silent with that."""
        self._ear.stop(turn)
        if turn == self._playback.turn:
            self._playback.cut()
            self._send(AudioStop().event())

    def invite(self, turn: int, seconds: float) -> None:  # noqa: ARG002 - the turn ends by itself
        """Only one that streams by itself can be heard without a wake word of its own."""
        if not self._ear.invite(turn):
            with suppress(asyncio.QueueFull):  # then the invitation runs out
                self._inbox.put_nowait(GivenUp(turn))

    def end_turn(self, turn: int, outcome: Outcome, text: str) -> None:
        self._ear.stop(turn)
        if self._woken is not None and self._woken.turn == turn:
            self._forget_opening()
        if turn == self._open:
            self._open = None
            if outcome == "failed":
                self._send(Error(text, outcome).event())
            self._send(Transcript("").event())  # early releases go on listening only after a transcript
        self._silence.turn_ended(self._loop.time(), answers_pings=self._link.answers_pings)
        self._deadline_moved.set()

    def _tell_wake_word(self, woken: Woken) -> None:
        self._forget_opening()
        self._send(Detection(woken.word, woken.sample // SAMPLES_PER_MS).event())
        self._tell_turn(woken.turn)

    def _tell_turn(self, turn: int) -> None:
        self._open, self._shows_voice = turn, False
        self._send(Transcribe(language=self._language).event())

    def _forget_opening(self) -> None:
        self._woken = None
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None

    def _send(self, event: Event) -> None:
        try:
            self._link.send(event)
        except PeerGone as problem:
            _LOGGER.debug("not sent: %s", problem)  # `incoming` ends with the same error


def _pieces(word: Word) -> Iterator[Word]:
    if not isinstance(word, Sound):
        yield word
        return
    size = word.rate * _PIECE_MS // 1000 * word.channels * SAMPLE_BYTES
    for start in range(0, len(word.pcm), size):
        yield replace(word, pcm=word.pcm[start : start + size])
