"""A satellite that tells replies into a made-up room, by the sample clock: its real parts, one frame after another, so
that no figure depends on how busy the machine is."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from roomtone import engines
from roomtone.ears.base import VoiceActivity, WakeEngine
from roomtone.ears.echo.path import EchoPath
from roomtone.ears.formats import FRAME_SAMPLES, RATE_HZ
from roomtone.ears.level import amplitude
from roomtone.ears.ring import FrameRing
from roomtone.engines import EngineChoice, Surroundings
from roomtone.satellite import events as e
from roomtone.satellite.course import MachineSettings
from roomtone.satellite.machine import SatelliteMachine
from roomtone.satellite.voice import VoiceWatch
from roomtone_server.bench import scene
from roomtone_server.bench.sound import resampled
from roomtone_server.engines import libespeak
from roomtone_server.engines.tts import espeak

Sound = NDArray[np.float64]  # at 16 kHz; full scale is 32,768

REPLIES: Final = (
    "Turned on the lights",
    "Try: turn on the lights. Set a timer for five minutes. What's the weather?",
    "The living room is twenty one degrees, and the bedroom is eighteen degrees.",
    "Your timer for five minutes is over",
    "Shall I unlock the front door?",
    "The kitchen light, the reading lamp and the ceiling light are on. All the windows are closed.",
    "Stopped the music in the kitchen",
    "I am sorry, I did not understand that",
)
GAP_FRAMES: Final = 50  # between replies
SPEAKER_LEVEL: Final = 2_500  # of what is played, root mean square
USER_LEVEL: Final = amplitude(scene.USER_LEVEL_DBFS)
NOISE_LEVEL: Final = amplitude(scene.NOISE_DBFS)
DELAY_SAMPLES: Final = RATE_HZ * 40 // 1000  # of the speaker's and the microphone's buffers
FRAME_S: Final = FRAME_SAMPLES / RATE_HZ
HERE: Final = Surroundings(Path(gettempdir()), Path(gettempdir()))

_QUIET: Final = np.zeros(FRAME_SAMPLES)
_NOTHING: Final = np.zeros(0)


class Room:
    """A speaker and a microphone in one place."""

    def __init__(self, echo_db: float, seed: int) -> None:
        """The echo is so much louder than a person's voice."""
        self._draw = default_rng(seed)
        rt60_s = self._draw.uniform(0.2, 0.6)
        times_s = np.arange(round(0.4 * RATE_HZ)) / RATE_HZ
        response = self._draw.normal(size=times_s.size) * 10 ** (-3 * times_s / rt60_s)
        response *= 10 ** (-self._draw.uniform(0, 10) / 20) / np.sqrt((response**2).sum())
        response[0] = 1
        response *= 10 ** (echo_db / 20) * USER_LEVEL
        self._response = np.concatenate([np.zeros(DELAY_SAMPLES), response])
        self._played = np.zeros(self._response.size + FRAME_SAMPLES - 1)

    def hear(self, played: Sound, said: Sound) -> bytes:
        """The microphone's next frame, while a block of this sounds and somebody says that; their levels are 1, and in
        full."""
        self._played = np.concatenate([self._played[FRAME_SAMPLES:], played])
        echo = np.convolve(self._played, self._response, "valid")
        noise = self._draw.normal(0, NOISE_LEVEL, FRAME_SAMPLES)
        return np.clip(np.rint(echo + said + noise), -32_768, 32_767).astype(np.int16).tobytes()


class Talker:
    """The parts that play and listen. The speaker holds a block: so much of a reply sounds after it was paused."""

    def __init__(
        self, path: EchoPath | None, vad: VoiceActivity, room: Room, *, pauses: bool, wake: WakeEngine | None
    ) -> None:
        self.machine = SatelliteMachine(MachineSettings(voice_pauses=pauses))
        self.ring = FrameRing(2 * RATE_HZ)
        self.silent_from = 0  # the position at which the speaker falls silent, as far as is known
        self._path, self._vad, self._room, self._wake = path, vad, room, wake
        self._watch: VoiceWatch | None = None
        self._turn = 0
        self._paused = False
        self._reply = self._held = _NOTHING
        self.happens(e.Connected())

    @property
    def now(self) -> float:
        return self.ring.position / RATE_HZ

    def tell(self, reply: Sound) -> None:
        """Begins a reply, whose level is 1."""
        self._turn += 2
        self._reply = reply
        self.happens(e.ReplyStarted(self._turn))

    def happens(self, event: e.Event) -> None:
        self.machine.receive(event, self.now)

    def end(self, turn: int, outcome: e.Outcome = "nothing-said") -> None:
        """The server has decided what becomes of a turn."""
        self.happens(e.TurnEnded(turn, outcome))

    def frame(self, said: Sound = _QUIET) -> list[e.Command]:
        """The next 20 ms, in which somebody says this; what the satellite does at their end."""
        sounding, self._held = self._held, self._next_block()
        if self._held.size:
            self._hold()
        frame = self._room.hear(np.pad(sounding, (0, FRAME_SAMPLES - sounding.size)), said)
        if self._path is not None:
            frame = self._path.hear(frame, self.now + FRAME_S)
        self.ring.append(frame)
        if self._wake is not None and (found := self._wake.process(frame)):
            self.happens(e.WakeHeard(found.name, found.phrase, found.score, self.ring.position))
        if event := self._voice(frame):
            self.happens(event)
        if self.machine.playing and not self._reply.size and not self._held.size:
            self.happens(e.ReplyPlayed(self._turn, 0))
            self.end(self._turn, "answered")
        commands = self.machine.commands()
        for command in commands:
            self._obey(command)
        return commands

    def _hold(self) -> None:
        self.silent_from = self.ring.position + 2 * FRAME_SAMPLES
        if self._path is not None:
            pcm = (self._held * SPEAKER_LEVEL).astype(np.int16).tobytes()
            self._path.play(pcm, FRAME_SAMPLES, self.now, self.ring.position + FRAME_SAMPLES)

    def _obey(self, command: e.Command) -> None:
        match command:
            case e.PauseReply():
                self._paused = True
            case e.ResumeReply() | e.PlayReply():
                self._paused = False
            case e.FlushReply():
                self._reply = _NOTHING

    def _next_block(self) -> Sound:
        if self._paused:
            return _NOTHING
        block, self._reply = self._reply[:FRAME_SAMPLES], self._reply[FRAME_SAMPLES:]
        return block

    def _voice(self, frame: bytes) -> e.Event | None:
        if not self.machine.playing:
            self._watch = None
            return None
        if self._watch is None:
            self._watch = VoiceWatch()
            self._vad.reset()
        near = None if self._path is None else self._path.near
        return self._watch.frame(self._vad.process(frame), self.ring.position - FRAME_SAMPLES, near=near)


@contextmanager
def talker(canceller: str, echo_db: float, seed: int, *, pauses: bool = True, wakes: bool = False) -> Iterator[Talker]:
    """One with engines of its own, in a room of its own."""
    with ExitStack() as engines_made:
        echo = engines_made.enter_context(closing(engines.choose("echo", EngineChoice(canceller)).make(HERE)))
        wake = engines_made.enter_context(closing(_engine("wake"))) if wakes else None
        path = EchoPath(echo) if echo.tail_samples else None
        if path is not None:
            path.open(RATE_HZ)
        yield Talker(path, _engine("vad"), Room(echo_db, seed), pauses=pauses, wake=wake)


def _engine(kind: engines.Kind) -> Any:  # noqa: ANN401 - of whatever kind
    return engines.choose(kind, EngineChoice()).make(HERE)


def spoken(text: str) -> Sound:
    """A reply at the rate of the house; its level is 1 (root mean square)."""
    speech = resampled(np.frombuffer(espeak.synthesise(text), np.int16), libespeak.RATE_HZ).astype(np.float64)
    return speech / float(np.sqrt((speech**2).mean()))
