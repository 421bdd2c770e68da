"""Runs the satellite's machine: microphone, wake word, link and speaker on one event loop.

Audio passes by the machine: the machine says when it may flow, this file lets it.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass

from wyoming.audio import AudioChunk, AudioStop
from wyoming.event import Event as LinkEvent

from roomtone.alarm import Alarm
from roomtone.ears.base import VoiceActivity, WakeEngine
from roomtone.ears.echo.path import EchoPath
from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES, SAMPLES_PER_MS
from roomtone.errors import LinkError, PeerGone
from roomtone.link.events import (
    Cancel,
    Interrupt,
    Message,
    Played,
    Released,
    SatelliteLevel,
    SetSatellite,
    Wake,
    WatchLevel,
    Welcome,
    event_of,
)
from roomtone.link.stream import Link
from roomtone.satellite.course import State
from roomtone.satellite.events import (
    Alert,
    ButtonHeld,
    ButtonPressed,
    ButtonReleased,
    CancelTurn,
    Command,
    Connected,
    Disconnected,
    Event,
    FinishReply,
    FlushReply,
    MuteAsked,
    Muted,
    PauseReply,
    PlayChime,
    PlayReply,
    ReleaseTurn,
    ReplyPlayed,
    ReplyProgressed,
    ReportPlayed,
    ResumeReply,
    StartInterrupting,
    StartStreaming,
    StopStreaming,
    UnmuteAsked,
    Unmuted,
)
from roomtone.satellite.machine import SatelliteMachine
from roomtone.satellite.voice import VoiceWatch
from roomtone_satellite.afar import Afar
from roomtone_satellite.connection import Connection
from roomtone_satellite.devices.base import Microphone, Speaker
from roomtone_satellite.ear import Ear, Heard
from roomtone_satellite.feedback import EventCommands
from roomtone_satellite.incoming import Incoming, ReplyAudio, ReplyAudioEnded, Told
from roomtone_satellite.kept import KeptFile, kept_path
from roomtone_satellite.mouth import Mouth
from roomtone_satellite.settings import SatelliteSettings

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What a satellite is made of."""

    microphone: Microphone
    speaker: Speaker
    wake: WakeEngine
    connection: Connection
    connected: asyncio.Event  # set while there is a server
    echo: EchoPath | None = None  # None: nothing is cancelled
    vad: VoiceActivity | None = None  # None: a reply is interrupted by a wake word only


class Satellite:
    def __init__(self, settings: SatelliteSettings, parts: Parts) -> None:
        self._settings = settings
        self._parts = parts
        self._machine = SatelliteMachine(settings.for_machine())
        self._ear = Ear(parts.microphone, parts.wake, parts.echo, preroll_ms=settings.preroll_ms, on_heard=self._hear)
        self._events = EventCommands(settings.events, settings.name)
        self._afar = Afar(settings, parts.wake, KeptFile(kept_path()))
        self._mouth = Mouth(
            parts.speaker,
            parts.echo,
            settings.chimes,
            self._afar.volume,
            on_progress=lambda turn, samples: self._step(ReplyProgressed(turn, samples)),
            on_played=lambda turn, samples: self._step(ReplyPlayed(turn, samples)),
        )
        self._playback = self._mouth.playback
        self._link: Link | None = None
        self._incoming = Incoming()
        self._told: tuple[bool, bool] | None = None  # of its mute, to the server; None: nothing, or no longer so
        self._streaming = False
        self._voice: VoiceWatch | None = None  # while a reply plays
        self._alarm = Alarm(self._advance)

    @property
    def state(self) -> State:
        return self._machine.state

    async def run(self) -> None:
        """Runs until it is cancelled. Raises DeviceError when microphone or speaker cannot be used from the start."""
        await self._mouth.start()
        if self._settings.muted:
            self._step(Muted())
        elif self._afar.muted:
            self._step(MuteAsked())
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._playback.run(), name="speaker")
                tasks.create_task(self._ear.listen(), name="microphone")
                tasks.create_task(self._events.run(), name="event commands")
                tasks.create_task(self._afar.run(), name="what is set from afar")
                tasks.create_task(self._parts.connection.keep(self._serve), name="connection")
        finally:
            self._alarm.set(None)

    def toggle_mute(self) -> None:
        """Closes the satellite's ear, or opens it again."""
        muted = self._machine.state is not State.MUTED
        _LOGGER.info("muted" if muted else "no longer muted")
        self._step(Muted() if muted else Unmuted())

    def press_button(self) -> None:
        """What a button at the satellite does when it is pressed."""
        self._step(ButtonHeld() if self._settings.button == "hold" else ButtonPressed())

    def release_button(self) -> None:
        """What it does when it is released: of a button that is only pressed, nothing."""
        self._step(ButtonReleased())

    # --- the microphone --------------------------------------------------------------------------------------------

    def _hear(self, heard: Heard) -> None:
        if self._streaming:
            self._send_audio(heard.position, heard.frame)
        if heard.wake is not None:
            self._step(heard.wake)
        self._watch_voice(heard)
        if (dbfs := self._afar.levels.frame(heard.frame)) is not None:
            self._send(SatelliteLevel(dbfs))

    def _watch_voice(self, heard: Heard) -> None:
        """Listens for a voice while a reply plays, and not else: it costs more than the wake word."""
        if self._parts.vad is None or not self._machine.playing:
            self._voice = None
            return
        if self._voice is None:
            self._voice = VoiceWatch()
            self._parts.vad.reset()
        probability = self._parts.vad.process(heard.frame)
        if revealed := self._voice.frame(probability, heard.position, near=self._ear.near):
            self._step(revealed)

    def _send_audio(self, position: int, frame: bytes) -> None:
        chunk = AudioChunk(RATE_HZ, SAMPLE_BYTES, 1, frame, timestamp=position // SAMPLES_PER_MS)
        self._send_event(chunk.event())

    # --- the link --------------------------------------------------------------------------------------------------

    async def _serve(self, link: Link, welcome: Welcome) -> None:
        self._link = link
        self._incoming = Incoming()
        self._told = None
        self._parts.connected.set()
        self._events.say("connected", welcome.server)
        self._step(Connected())
        try:
            while True:
                self._take(await link.receive())
        except LinkError:
            self._link = None
            self._afar.levels.watch(0)
            self._parts.connected.clear()
            self._step(Disconnected())
            self._events.say("disconnected", welcome.server)
            raise

    def _take(self, event: LinkEvent) -> None:
        match self._incoming.take(event):
            case None:
                pass
            case ReplyAudio(turn=turn, pcm=pcm, rate_hz=rate_hz, channels=channels):
                self._playback.feed(turn, pcm, rate_hz, channels)
            case ReplyAudioEnded(turn=turn):
                self._playback.finish(turn)
            case PlayChime() as chime:
                self._sound(chime)
            case SetSatellite() as asked:
                self._set(asked)
            case WatchLevel(seconds=seconds):
                self._afar.levels.watch(0 if self._machine.state is State.MUTED else seconds)
            case Told(event=name, text=text):
                self._events.say(name, text)
            case happened:
                self._step(happened)

    def _set(self, asked: SetSatellite) -> None:
        """What the server wants set; the room's own mute is none of its business, as the machine knows."""
        self._afar.set(asked)
        self._told = None
        if asked.muted is None:
            self._follow()
        else:
            _LOGGER.info("asked from afar to be muted" if asked.muted else "asked from afar to be no longer muted")
            self._step(MuteAsked() if asked.muted else UnmuteAsked())

    def _tell_state(self) -> None:
        """To the server, when it is another."""
        mute = (self._machine.state is State.MUTED, self._machine.muted_there)
        if self._told != mute:
            self._told = mute
            self._send(self._afar.state(muted=mute[0], muted_there=mute[1]))

    def _send(self, message: Message) -> None:
        self._send_event(event_of(message))

    def _send_event(self, event: LinkEvent) -> None:
        if self._link is not None:
            with suppress(PeerGone):  # `_serve` hears of it too, and says so
                self._link.send(event)

    # --- the machine -----------------------------------------------------------------------------------------------

    def _step(self, event: Event) -> None:
        self._machine.receive(event, asyncio.get_running_loop().time())
        self._follow()

    def _follow(self) -> None:
        """Does what the machine says, and sets the one timer to its deadline."""
        for command in self._machine.commands():
            self._perform(command)
        self._ear.close(closed=self._machine.state is State.MUTED)
        self._ear.attend(eager=self._machine.turn is not None)
        self._alarm.set(self._machine.next_deadline())
        self._tell_state()

    def _advance(self, deadline: float) -> None:
        self._machine.advance(deadline)
        self._follow()

    def _perform(self, command: Command) -> None:
        match command:
            case StartStreaming():
                self._start_streaming(command)
            case StartInterrupting():
                self._start_interrupting(command)
            case StopStreaming():
                self._streaming = False
                self._send_event(AudioStop(timestamp=self._ear.position // SAMPLES_PER_MS).event())
            case ReleaseTurn(turn=turn):
                self._send(Released(turn))
            case CancelTurn(turn=turn):
                self._send(Cancel(turn))
            case PauseReply(turn=turn):
                self._send(Played(turn, self._playback.pause(turn), done=False, at_us=self._now_us()))
            case FlushReply(turn=turn):
                self._send(Played(turn, self._playback.flush(turn), done=True, at_us=self._now_us()))
            case ReportPlayed(turn=turn, samples=samples, done=done):
                self._send(Played(turn, samples, done, self._now_us()))
            case Alert(text=text):
                _LOGGER.warning("%s", text)
                self._events.say("error", text)
                self._sound(PlayChime("error"))
            case _:
                self._sound(command)

    def _start_streaming(self, command: StartStreaming) -> None:
        """Announces the turn with the position at which its audio really begins: the ring may hold less than asked."""
        wake = command.wake
        preroll = [] if command.first_sample is None else self._ear.since(command.first_sample)
        first_sample = preroll[0][0] if preroll else self._ear.position
        if wake is None:
            at_us = self._heard_us(first_sample)
            self._send(Wake(command.turn, "", "", 0.0, first_sample, first_sample, command.held, at_us=at_us))
        else:
            self._send(
                Wake(
                    command.turn,
                    wake.name,
                    wake.phrase,
                    wake.score,
                    wake.sample,
                    first_sample,
                    word_dbfs=wake.word_dbfs,
                    room_dbfs=wake.room_dbfs,
                    at_us=self._heard_us(wake.sample),
                )
            )
            self._events.say("wake", wake.name)
        self._streaming = True
        for position, frame in preroll:
            self._send_audio(position, frame)
        self._events.say("streaming")

    def _start_interrupting(self, command: StartInterrupting) -> None:
        begun = self._ear.since(command.first_sample)
        at_us = self._heard_us(command.sample)
        self._send(Interrupt(command.turn, command.interrupts, command.sample, begun[0][0], command.paused, at_us))
        self._streaming = True
        for position, frame in begun:
            self._send_audio(position, frame)

    def _heard_us(self, sample: int) -> int | None:
        """When the microphone heard it, on the clock that the link tells."""
        at = self._ear.heard_at(sample)
        return None if at is None else max(0, round(at * 1e6))

    def _now_us(self) -> int:
        return round(asyncio.get_running_loop().time() * 1e6)

    def _sound(self, command: PlayReply | ResumeReply | FinishReply | PlayChime) -> None:
        match command:
            case ResumeReply(turn=turn):
                self._playback.resume(turn)
            case PlayReply(turn=turn):
                self._playback.open(turn)
            case FinishReply(turn=turn):
                self._playback.finish(turn)
            case PlayChime(sound=sound):
                self._mouth.chime(sound)
