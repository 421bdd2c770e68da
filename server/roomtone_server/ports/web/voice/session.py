"""A browser as a satellite: its microphone and its speaker are over there, and what it does next is decided here, by
the same machine that runs on every satellite of ours.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Final

from roomtone.alarm import Alarm
from roomtone.ears.base import WakeEngine
from roomtone.ears.level import snr_db, wake_levels
from roomtone.errors import LinkError, PeerGone
from roomtone.satellite import events as at_satellite
from roomtone.satellite.course import MachineSettings, State
from roomtone.satellite.machine import SatelliteMachine
from roomtone_server.ports.pieces import pieces
from roomtone_server.ports.web.voice import messages as m
from roomtone_server.ports.web.voice.attention import Aim, Attention
from roomtone_server.ports.web.voice.messages import Mode
from roomtone_server.ports.web.voice.microphone import BrowserMicrophone
from roomtone_server.ports.web.voice.pings import Pings
from roomtone_server.ports.web.voice.speaker import BrowserSpeaker, Heard
from roomtone_server.runtime.detectors import Detectors
from roomtone_server.runtime.session import (
    Audio,
    GivenUp,
    Incoming,
    Interrupted,
    Outcome,
    Released,
    Satellite,
    Sound,
    Sounded,
    Woken,
)

MAX_WAITING: Final = 512  # of what the runtime takes at once: more means that it has stopped


class BrowserSession:
    """A `runtime.session.VoiceSession`. What it tells the browser leaves by `tell` and `send`, which never wait."""

    def __init__(
        self,
        satellite: Satellite,
        detectors: Detectors,
        tell: Callable[[m.ToBrowser], None],
        send: Callable[[bytes], None],
    ) -> None:
        self._satellite = satellite
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._machine = SatelliteMachine(MachineSettings(voice_pauses=True))
        self._machine.receive(at_satellite.Connected(), self._loop.time())
        self._alarm = Alarm(self._advance)
        self._inbox: asyncio.Queue[Incoming | LinkError] = asyncio.Queue(MAX_WAITING)
        self.lost: LinkError | None = None  # why the browser is gone
        self._microphone = BrowserMicrophone()
        self._attention = Attention(detectors)
        self._pings = Pings(tell)
        self._wake: WakeEngine | None = None  # in the mode "wake"
        self._mode: Mode = "hold"
        self._beginning: at_satellite.StartStreaming | None = None  # its first frame is yet to come
        self._streaming = False
        self._shown = 0  # the newest turn of which the browser was told that it is listened to
        self._seconds = 0.0  # that the newest invitation waits
        self._speaker = BrowserSpeaker(tell, send)
        self._rate_hz = 0  # of the reply that begins
        self._sounded_at_s: float | None = None  # what the browser tells just now, on its clock

    @property
    def satellite(self) -> Satellite:
        return self._satellite

    @property
    def is_on(self) -> bool:
        """Whether there is a microphone."""
        return self._microphone.is_on

    async def incoming(self) -> AsyncGenerator[Incoming, None]:
        while True:
            message = await self._inbox.get()
            if isinstance(message, LinkError):
                raise message
            yield message

    # --- what the browser does ---------------------------------------------------------------------------------------

    def start(self, start: m.Start, wake: WakeEngine | None) -> None:
        """The microphone begins; `wake` is ours to close from now on. Raises EngineMissing."""
        self._free_wake()
        self._wake = wake
        self._give_up_utterance()
        self._microphone.start(start.rate)
        self._mode = start.mode
        self._attention.forget()
        self._pings.begin()
        self._follow()

    def stop(self) -> None:
        """It ends; a reply sounds on."""
        self._free_wake()
        self._give_up_utterance()
        self._microphone.stop()
        self._pings.end()
        self._follow()

    def hear(self, event: m.FromBrowser) -> None:
        """Any event but those of a microphone's life. Raises FrameError."""
        match event:
            case m.PositionTold(sample, at):
                if self._microphone.place(sample, _seconds(at)):
                    self._forget_audio()
            case m.Hold() | m.Listen() if not self.is_on:
                self._tell(m.Trouble(None, "there is no microphone yet: start comes first"))
            case m.Hold():
                self._step(at_satellite.ButtonHeld())
            case m.Release():
                self._step(at_satellite.ButtonReleased())
            case m.Listen() if self._machine.turn is None:
                self._step(at_satellite.ButtonPressed())
            case m.Cancel() if self._machine.turn is not None:
                self._step(at_satellite.ButtonPressed())
            case m.Played():
                self._note_played(event)
            case m.Pong():
                self._pings.answered(event)
            case _:
                pass

    def take(self, pcm: bytes) -> None:
        """The microphone's next audio, at its own rate. Raises FrameError."""
        for position, frame in self._microphone.take(pcm):
            if self._beginning is not None:
                self._begin(self._beginning, position)
            if self._streaming:
                self._put(Audio(frame, position))
            detection = self._wake.process(frame) if self._wake is not None else None
            if detection is not None:
                levels = wake_levels([each for _, each in self._microphone.ring.since(0)])
                word = (detection.name, detection.phrase, detection.score, self._microphone.position)
                self._step(at_satellite.WakeHeard(*word, levels.word_dbfs, levels.room_dbfs))
            near = self._speaker.near(frame, self._microphone.heard_at(position))
            if revealed := self._attention.frame(frame, position, near=near):
                self._step(revealed)

    def lose(self, problem: LinkError) -> None:
        """The browser is gone: `incoming` says why. Only the first time counts."""
        if self.lost is not None:
            return
        self.lost = problem
        self._free_wake()
        self._alarm.set(None)
        self._pings.end()
        self._attention.turn_to(None)
        while self._inbox.full():
            self._inbox.get_nowait()
        self._inbox.put_nowait(problem)

    def _note_played(self, played: m.Played) -> None:
        """What was cut is over for the machine; the runtime wants to know how far it came."""
        self._sounded_at_s = _seconds(played.at)
        match self._speaker.told(played):
            case Heard(turn, samples, "cut"):
                self._report(turn, samples, done=True)
            case Heard(turn, samples, "over"):
                self._step(at_satellite.ReplyPlayed(turn, samples))
            case Heard(turn, samples, _):
                self._step(at_satellite.ReplyProgressed(turn, samples))
            case None:
                pass

    def _forget_audio(self) -> None:
        self._attention.forget()
        if self._wake is not None:
            self._wake.reset()

    def _free_wake(self) -> None:
        if self._wake is not None:
            self._wake.close()
            self._wake = None

    def _give_up_utterance(self) -> None:
        """The microphone that it was spoken into is gone. A reply that somebody speaks into goes on."""
        if self._machine.state is State.LISTENING:
            self._step(at_satellite.ButtonPressed())

    # --- what the runtime says ---------------------------------------------------------------------------------------

    def grant(self, turn: int, settles_s: float) -> None:
        self._step(at_satellite.TurnGranted(turn, settles_s))

    def stop_listening(self, turn: int) -> None:
        self._step(at_satellite.EndpointFound(turn))

    def show_partial(self, turn: int, text: str) -> None:
        self._tell(m.PartialText(turn, text))

    def show_transcript(self, turn: int, text: str) -> None:
        self._tell(m.TranscriptText(turn, text))

    def show_reply(self, turn: int, text: str) -> None:
        for piece in pieces(text):
            self._tell(m.ReplyText(turn, piece))

    def chime(self, sound: Sound) -> None:
        self._tell(m.Chime(sound))

    def begin_reply(self, turn: int, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._step(at_satellite.ReplyStarted(turn))

    def play(self, turn: int, pcm: bytes) -> None:
        self._speaker.play(turn, pcm)

    def end_reply(self, turn: int) -> None:
        self._speaker.end(turn)

    def flush(self, turn: int) -> None:
        self._step(at_satellite.FlushAsked(turn))

    def invite(self, turn: int, seconds: float) -> None:
        if self.is_on:
            self._seconds = seconds
            self._step(at_satellite.ListenAsked(turn))
        else:
            self._put(GivenUp(turn))

    def end_turn(self, turn: int, outcome: Outcome, text: str) -> None:
        self._step(at_satellite.TurnEnded(turn, outcome, text))
        self._tell(m.Ended(turn, outcome, text))

    # --- what the machine commands -----------------------------------------------------------------------------------

    def _step(self, event: at_satellite.Event) -> None:
        self._machine.receive(event, self._loop.time())
        self._follow()

    def _advance(self, deadline: float) -> None:
        self._machine.advance(deadline)
        self._follow()

    def _follow(self) -> None:
        for command in self._machine.commands():
            self._perform(command)
        if self._machine.state is State.LISTENING and self._machine.turn not in (None, self._shown):
            self._show_listening(self._machine.turn, "interruption")
        self._attention.turn_to(self._aim)
        self._alarm.set(self._machine.next_deadline())

    @property
    def _aim(self) -> Aim | None:
        if not self.is_on:
            return None
        if self._machine.playing:
            return "reply"
        return "room" if self._mode == "open" and self._machine.state is State.WAITING else None

    def _perform(self, command: at_satellite.Command) -> None:
        match command:
            case at_satellite.StartStreaming():
                self._start_streaming(command)
            case at_satellite.StartInterrupting():
                self._start_interrupting(command)
            case at_satellite.StopStreaming(turn):
                self._stop_streaming(turn)
            case at_satellite.ReleaseTurn(turn):
                self._put(Released(turn))
            case at_satellite.CancelTurn(turn):
                self._put(GivenUp(turn))
            case at_satellite.ReportPlayed(turn, samples, done):
                self._report(turn, samples, done=done)
            case at_satellite.Alert(text):
                self._tell(m.Trouble(self._machine.turn, text))
                self._tell(m.Chime("error"))
            case _:
                self._sound(command)

    def _sound(
        self,
        command: at_satellite.PlayReply
        | at_satellite.FinishReply
        | at_satellite.PauseReply
        | at_satellite.ResumeReply
        | at_satellite.FlushReply
        | at_satellite.PlayChime,
    ) -> None:
        match command:
            case at_satellite.PlayReply(turn):
                self._speaker.begin(turn, self._rate_hz)
            case at_satellite.FinishReply(turn):
                self._speaker.end(turn)
            case at_satellite.PauseReply(turn):
                self._speaker.pause(turn)
            case at_satellite.ResumeReply(turn):
                self._speaker.resume(turn)
            case at_satellite.FlushReply(turn):
                self._speaker.flush(turn)
            case at_satellite.PlayChime(sound):
                self._tell(m.Chime(sound))

    def _start_streaming(self, command: at_satellite.StartStreaming) -> None:
        """Where it begins with what is yet to come, it is announced then: only then is it known where that lies."""
        self._show_listening(command.turn, _begun_by(command))
        if command.first_sample is None:
            self._beginning = command
            return
        preroll = self._microphone.ring.since(command.first_sample)
        self._begin(command, preroll[0][0])
        for position, frame in preroll:
            self._put(Audio(frame, position))

    def _begin(self, command: at_satellite.StartStreaming, first_sample: int) -> None:
        self._beginning, self._streaming = None, True
        word = command.wake
        sample = first_sample if word is None else word.sample
        named = ("", "", 0.0) if word is None else (word.name, word.phrase, word.score)
        snr = None if word is None else snr_db(word.word_dbfs, word.room_dbfs)
        heard = self._pings.moment(self._microphone.heard_at(sample))
        self._put(
            Woken(command.turn, *named, sample, first_sample, command.held, command.unasked, snr_db=snr, heard=heard)
        )

    def _start_interrupting(self, command: at_satellite.StartInterrupting) -> None:
        begun = self._microphone.ring.since(command.first_sample)
        heard = self._pings.moment(self._microphone.heard_at(command.sample))
        first_sample = begun[0][0]
        self._put(Interrupted(command.turn, command.interrupts, command.sample, first_sample, command.paused, heard))
        self._streaming = True
        for position, frame in begun:
            self._put(Audio(frame, position))

    def _stop_streaming(self, turn: int) -> None:
        if self._beginning is not None:  # nothing of it has come; the runtime is to know that it was
            self._begin(self._beginning, self._microphone.position)
        self._streaming = False
        if turn == self._shown:
            self._tell(m.Heard(turn))

    def _show_listening(self, turn: int, by: m.BegunBy) -> None:
        self._shown = turn
        self._tell(m.Listening(turn, by, self._seconds if by == "invitation" else None))

    def _report(self, turn: int, samples: int, *, done: bool) -> None:
        self._put(Sounded(turn, samples, done, self._pings.moment(self._sounded_at_s)))

    def _put(self, incoming: Incoming) -> None:
        if self._inbox.full():
            self.lose(PeerGone("the browser says more than is taken of it"))
        else:
            self._inbox.put_nowait(incoming)


def _begun_by(command: at_satellite.StartStreaming) -> m.BegunBy:
    if command.turn % 2 == 0:
        return "invitation"
    if command.wake is not None:
        return "word"
    if command.unasked:
        return "voice"
    return "hold" if command.held else "listen"


def _seconds(at_ms: float | None) -> float | None:
    return None if at_ms is None else at_ms / 1000
