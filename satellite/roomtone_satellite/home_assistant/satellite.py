"""Runs the machine of a satellite that Home Assistant drives: ear, speaker and port on one event loop.

Audio passes by the machine: the machine says when it may flow, this file lets it.
"""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from wyoming.audio import AudioChunk, AudioStop
from wyoming.event import Event as LinkEvent
from wyoming.pipeline import PipelineStage, RunPipeline
from wyoming.snd import Played
from wyoming.wake import Detection

from roomtone.alarm import Alarm
from roomtone.ears.base import WakeEngine
from roomtone.ears.echo.path import EchoPath
from roomtone.ears.formats import RATE_HZ, SAMPLE_BYTES, SAMPLES_PER_MS
from roomtone.errors import PeerGone
from roomtone.link.stream import Link
from roomtone.satellite.events import (
    Alert,
    ButtonHeld,
    ButtonPressed,
    ButtonReleased,
    FinishReply,
    FlushReply,
    Muted,
    PlayChime,
    PlayReply,
    ReplyPlayed,
    ReplyProgressed,
    Unmuted,
)
from roomtone_satellite.devices.base import Microphone, Speaker
from roomtone_satellite.ear import Ear, Heard
from roomtone_satellite.feedback import EventCommands
from roomtone_satellite.home_assistant.course import State
from roomtone_satellite.home_assistant.events import (
    Abandoned,
    Command,
    Driven,
    EndRun,
    Event,
    SayPlayed,
    StartRun,
    StartWakeRun,
    StopStreaming,
)
from roomtone_satellite.home_assistant.incoming import Incoming
from roomtone_satellite.home_assistant.info import info
from roomtone_satellite.home_assistant.machine import HomeAssistantMachine
from roomtone_satellite.home_assistant.port import Port
from roomtone_satellite.incoming import ReplyAudio, Told
from roomtone_satellite.mouth import Mouth
from roomtone_satellite.settings import SatelliteSettings
from roomtone_satellite.volume import Volume

_LOGGER = logging.getLogger(__name__)

# Home Assistant sends a reply as fast as we read it, and an announcement may be an hour of music: beyond this we read
# no more until some has sounded. A reply is rarely longer.
MAX_AHEAD_MS: Final = 20_000
# It takes us for gone when it has heard nothing for 5 s; and its pings wait behind what we do not read.
STILL_HERE_S: Final = 2.0
STILL_HERE: Final = LinkEvent("roomtone-playing")
LOOK_S: Final = 0.1  # a reply that is interrupted makes room at once


class NoWakeWords:
    """A WakeEngine where Home Assistant listens for the wake word."""

    words = ()

    def process(self, frame: bytes) -> None:
        pass

    def reset(self) -> None:
        pass

    def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Parts:
    """What such a satellite is made of."""

    microphone: Microphone
    speaker: Speaker
    wake: WakeEngine
    connected: asyncio.Event  # set while somebody drives it
    echo: EchoPath | None = None  # None: nothing is cancelled


class HomeAssistantSatellite:
    def __init__(self, settings: SatelliteSettings, parts: Parts) -> None:
        self._settings = settings
        self._parts = parts
        self._machine = HomeAssistantMachine(settings.for_home_assistant())
        preroll_ms = settings.home_assistant.preroll_ms
        self._ear = Ear(parts.microphone, parts.wake, parts.echo, preroll_ms=preroll_ms, on_heard=self._hear)
        self._events = EventCommands(settings.events, settings.name)
        self._mouth = Mouth(
            parts.speaker,
            parts.echo,
            settings.chimes,
            Volume(settings.volume),
            on_progress=lambda turn, samples: self.happened(ReplyProgressed(turn, samples)),
            on_played=lambda turn, samples: self.happened(ReplyPlayed(turn, samples)),
            max_buffered_ms=2 * MAX_AHEAD_MS,
        )
        self._playback = self._mouth.playback
        self.port = Port(settings, info(settings, parts.wake.words), self)
        self._link: Link | None = None
        self._incoming = Incoming()
        self._alarm = Alarm(self._advance)

    @property
    def state(self) -> State:
        return self._machine.state

    async def run(self) -> None:
        """Runs until it is cancelled. Raises DeviceError when microphone or speaker cannot be used from the start, and
        PortUnusable."""
        await self._mouth.start()
        if self._settings.muted:
            self.happened(Muted())
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._playback.run(), name="speaker")
                tasks.create_task(self._ear.listen(), name="microphone")
                tasks.create_task(self._events.run(), name="event commands")
                tasks.create_task(self.port.run(), name="port")
        finally:
            self._alarm.set(None)

    def toggle_mute(self) -> None:
        """Closes the satellite's ear, or opens it again."""
        _LOGGER.info("no longer muted" if self._machine.muted else "muted")
        self.happened(Unmuted() if self._machine.muted else Muted())

    def press_button(self) -> None:
        """What a button at the satellite does when it is pressed."""
        self.happened(ButtonHeld() if self._settings.button == "hold" else ButtonPressed())

    def release_button(self) -> None:
        """What it does when it is released: of a button that is only pressed, nothing."""
        self.happened(ButtonReleased())

    # --- the port --------------------------------------------------------------------------------------------------

    def taken(self, link: Link) -> None:
        self._link = link
        self._parts.connected.set()
        self._events.say("connected", link.host)
        self.happened(Driven())

    def let_go(self) -> None:
        assert self._link is not None
        host, self._link = self._link.host, None
        self._parts.connected.clear()
        self.happened(Abandoned())
        self._events.say("disconnected", host)

    async def take(self, event: LinkEvent) -> None:
        for heeded in self._incoming.take(event):
            match heeded:
                case ReplyAudio(turn=turn, pcm=pcm, rate_hz=rate_hz, channels=channels):
                    self._playback.feed(turn, pcm, rate_hz, channels)
                case Told(event=name, text=text):
                    self._events.say(name, text)
                case happened:
                    self.happened(happened)
        await self._make_room()

    async def _make_room(self) -> None:
        clock = asyncio.get_running_loop()
        said_at = float("-inf")
        while self._playback.buffered_ms > MAX_AHEAD_MS:
            if clock.time() - said_at >= STILL_HERE_S:
                said_at = clock.time()
                self._send(STILL_HERE)
            await asyncio.sleep(LOOK_S)

    # --- the machine -----------------------------------------------------------------------------------------------

    def happened(self, event: Event) -> None:
        self._machine.receive(event, asyncio.get_running_loop().time())
        self._follow()

    def _follow(self) -> None:
        """Does what the machine says, and sets the one timer to its deadline."""
        for command in self._machine.commands():
            self._perform(command)
        self._ear.close(closed=self._machine.muted)
        self._ear.attend(eager=self._machine.streaming or self._machine.state is State.PLAYING)
        self._alarm.set(self._machine.next_deadline())

    def _advance(self, deadline: float) -> None:
        self._machine.advance(deadline)
        self._follow()

    def _perform(self, command: Command) -> None:
        match command:
            case EndRun():
                self._send(RunPipeline(PipelineStage.TTS, PipelineStage.TTS).event())
            case StartRun():
                self._start_run(command)
            case StartWakeRun():
                self._send(RunPipeline(PipelineStage.WAKE, PipelineStage.TTS, restart_on_end=True).event())
                self._events.say("streaming")
            case StopStreaming(ends_utterance=True):
                self._send(AudioStop(timestamp=self._ear.position // SAMPLES_PER_MS).event())
            case SayPlayed():
                self._send(Played().event())
            case Alert(text=text):
                _LOGGER.warning("%s", text)
                self._events.say("error", text)
                self._sound(PlayChime("error"))
            case PlayReply() | FinishReply() | FlushReply() | PlayChime():
                self._sound(command)

    def _start_run(self, command: StartRun) -> None:
        if command.wake_word is not None:
            self._send(Detection(command.wake_word).event())
            self._events.say("wake", command.wake_word)
        self._send(RunPipeline(PipelineStage.ASR, PipelineStage.TTS).event())
        self._events.say("streaming")
        if command.first_sample is not None:
            for position, frame in self._ear.since(command.first_sample):
                self._send_audio(position, frame)

    def _sound(self, command: PlayReply | FinishReply | FlushReply | PlayChime) -> None:
        match command:
            case PlayReply(turn=turn):
                self._playback.open(turn)
            case FinishReply(turn=turn):
                self._playback.finish(turn)
            case FlushReply(turn=turn):
                self._playback.flush(turn)
            case PlayChime(sound=sound):
                self._mouth.chime(sound)

    # --- the microphone --------------------------------------------------------------------------------------------

    def _hear(self, heard: Heard) -> None:
        if self._machine.streaming:
            self._send_audio(heard.position, heard.frame)
        if heard.wake is not None:
            self.happened(heard.wake)

    def _send_audio(self, position: int, frame: bytes) -> None:
        chunk = AudioChunk(RATE_HZ, SAMPLE_BYTES, 1, frame, timestamp=position // SAMPLES_PER_MS)
        self._send(chunk.event())

    def _send(self, event: LinkEvent) -> None:
        if self._link is not None:
            with suppress(PeerGone):  # the port hears of it too
                self._link.send(event)
