"""Does a reply interrupt itself? The product's own voice, in simulated rooms, as loud in the microphone as a person who
speaks to it, through the real canceller, voice detector, machine of the satellite, and recogniser.

    python bench/false_barge_ins.py [--minutes 10] [--rooms 4] [--echo speex] [--level-db 0] [--no-server]

What the satellite decides is carried out: a reply that is paused has no echo. `paused`: a sound was taken for a voice.
`streamed`: it lasted for 250 ms, and the server was asked. `interrupted`: there were words, and not the reply's own.
With --echo none, the microphone hears the speaker as it is.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from roomtone import engines
from roomtone.ears.base import EchoCanceller, VoiceActivity
from roomtone.ears.echo.path import EchoPath
from roomtone.ears.formats import FRAME_SAMPLES, RATE_HZ
from roomtone.ears.ring import FrameRing
from roomtone.engines import EngineChoice, Surroundings
from roomtone_satellite import events as e
from roomtone_satellite.machine import SatelliteMachine
from roomtone_satellite.steps import MachineSettings, State
from roomtone_satellite.voice import VoiceWatch
from roomtone_server.bench import scene
from roomtone_server.bench.home import read_home
from roomtone_server.bench.sound import FULL_SCALE, resampled
from roomtone_server.engines import libespeak
from roomtone_server.engines.base import HearingRequest, SpeechToText
from roomtone_server.engines.tts import espeak
from roomtone_server.runtime.echoes import is_echo

Sound = NDArray[np.float64]  # at 16 kHz

REPLIES = (
    "Turned on the lights",
    "Try: turn on the lights. Set a timer for five minutes. What's the weather?",
    "The living room is twenty one degrees, and the bedroom is eighteen degrees.",
    "Your timer for five minutes is over",
    "Shall I unlock the front door?",
    "The kitchen light, the reading lamp and the ceiling light are on. All the windows are closed.",
    "Stopped the music in the kitchen",
    "I am sorry, I did not understand that",
)
GAP_S = 1.0
SPEAKER_LEVEL = 2_500  # root mean square, of 32,768
ASKED_FRAMES = 75  # of a voice that is streamed, at most: 1.5 s
FRAME_S = FRAME_SAMPLES / RATE_HZ
AHEAD_SAMPLES = round(0.06 * RATE_HZ)  # from the speaker's buffer to the microphone


class Room:
    """A speaker and a microphone in one place, frame by frame."""

    def __init__(self, level_dbfs: float, seed: int) -> None:
        self._draw = default_rng(seed)
        self._level = 10 ** (level_dbfs / 20) * FULL_SCALE
        rt60_s = self._draw.uniform(0.2, 0.6)
        times_s = np.arange(round(0.4 * RATE_HZ)) / RATE_HZ
        self._response = self._draw.normal(size=times_s.size) * 10 ** (-3 * times_s / rt60_s)
        self._response *= 10 ** (-self._draw.uniform(0, 10) / 20) / np.sqrt((self._response**2).sum())
        self._response[0] = 1
        self._response = np.concatenate([np.zeros(AHEAD_SAMPLES), self._response])
        self._played = np.zeros(self._response.size)

    def hear(self, played: Sound) -> bytes:
        self._played = np.concatenate([self._played[FRAME_SAMPLES:], played])
        reach = self._response.size + FRAME_SAMPLES - 1
        past = np.pad(self._played, (max(0, reach - self._played.size), 0))[-reach:]
        echo = np.convolve(past, self._response, "valid") * self._level
        noise = self._draw.normal(0, 10 ** (scene.NOISE_DBFS / 20) * FULL_SCALE, FRAME_SAMPLES)
        return np.clip(np.rint(echo + noise), -32_768, 32_767).astype(np.int16).tobytes()


@dataclass
class Satellite:
    """The parts of one that listen while a reply plays."""

    path: EchoPath
    vad: VoiceActivity
    room: Room
    counts: Counter[str] = field(default_factory=Counter)
    now: float = 0.0
    ring: FrameRing = field(default_factory=lambda: FrameRing(2 * RATE_HZ))

    def tell(self, reply: Sound) -> Generator[list[bytes], str, None]:
        """Plays a reply to its end; yields what is streamed to a server, who sends back the words in it."""
        machine, watch = SatelliteMachine(MachineSettings(voice_pauses=True)), VoiceWatch()
        machine.receive(e.Connected(), self.now)
        machine.receive(e.ReplyStarted(2), self.now)
        self.vad.reset()
        at, asked = 0, None
        while at < reply.size + GAP_S * RATE_HZ:
            silent = machine.state is State.HUSHED or machine.state is State.INTERRUPTED
            block = np.zeros(0) if silent else reply[at : at + FRAME_SAMPLES]
            at += 0 if silent else FRAME_SAMPLES
            position, frame, near = self._frame(block)
            if event := watch.frame(self.vad.process(frame), position, near=near):
                machine.receive(event, self.now)
            for command in machine.commands():
                self.counts[type(command).__name__] += 1
                if isinstance(command, e.StartInterrupting):
                    asked = command
            if machine.state is not State.INTERRUPTED or asked is None:
                continue
            if self.ring.position >= asked.first_sample + ASKED_FRAMES * FRAME_SAMPLES:
                words = yield [frame for _, frame in self.ring.since(asked.first_sample)]
                self.counts["interrupted"] += bool(words)
                machine.receive(e.TurnEnded(asked.turn, "nothing-said"), self.now)

    def _frame(self, block: Sound) -> tuple[int, bytes, bool | None]:
        """Position of the frame that the microphone hears meanwhile, what is left of it, and whether that is near."""
        sound = np.pad(block, (0, FRAME_SAMPLES - block.size))
        if block.size:
            self.path.play((block * SPEAKER_LEVEL).astype(np.int16).tobytes(), 0, self.now)
        self.now += FRAME_S
        heard = self.room.hear(sound)
        frame = self.path.hear(heard, self.now)
        position = self.ring.position
        self.ring.append(frame)
        return position, frame, self.path.near


def spoken(text: str) -> Sound:
    """A reply at the rate of the house; its level is 1 (root mean square)."""
    speech = resampled(np.frombuffer(espeak.synthesise(text), np.int16), libespeak.RATE_HZ).astype(np.float64)
    return speech / float(np.sqrt((speech**2).mean()))


async def words(stt: SpeechToText | None, frames: list[bytes], reply: str) -> str:
    if stt is None:
        return ""
    hearing = await stt.hear(HearingRequest())
    try:
        for frame in frames:
            await hearing.feed(frame)
        heard = (await hearing.finish()).text
    finally:
        await hearing.close()
    return "" if is_echo(heard, reply) else heard


async def main(options: argparse.Namespace) -> None:
    counts: Counter[str] = Counter()
    with TemporaryDirectory() as folder:
        surroundings = Surroundings(Path(folder), Path(folder))
        stt: SpeechToText | None = None
        if not options.no_server:
            stt = engines.choose("stt", EngineChoice()).make(surroundings)
            await stt.start()
            await stt.learn((await read_home(None, Path(folder))).vocabulary)
        for seed in range(options.rooms):
            canceller: EchoCanceller = engines.choose("echo", EngineChoice(options.echo)).make(surroundings)
            with closing(canceller):
                path = EchoPath(canceller)
                path.open(RATE_HZ)
                room = Room(scene.USER_LEVEL_DBFS + options.level_db, seed)
                satellite = Satellite(path, engines.choose("vad", EngineChoice()).make(surroundings), room)
                await listen(satellite, stt, options.minutes / options.rooms)
            counts.update(satellite.counts)
        if stt is not None:
            await stt.close()
    print(f"{options.minutes} minutes of replies, echo {options.level_db:+g} dB to a voice, echo: {options.echo}")
    print(f"paused {counts['PauseReply']}, streamed {counts['StartInterrupting']}, interrupted {counts['interrupted']}")


async def listen(satellite: Satellite, stt: SpeechToText | None, minutes: float) -> None:
    replies = [(text, spoken(text)) for text in REPLIES]
    for text, reply in cycle(replies):
        if satellite.now >= minutes * 60:
            return
        telling = satellite.tell(reply)
        asked = next(telling, None)
        while asked is not None:
            heard = await words(stt, asked, text)
            if heard:
                print(f"after {satellite.now:.0f} s, while it said {text!r}, it heard {heard!r}")
            try:
                asked = telling.send(heard)
            except StopIteration:
                asked = None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rooms", type=int, default=4, help="among which the minutes are divided")
    parser.add_argument("--echo", choices=engines.names("echo"), default="speex")
    parser.add_argument("--level-db", type=float, default=0.0, help="the echo's, over a person's voice")
    parser.add_argument("--no-server", action="store_true", help="do not ask the recogniser for words")
    asyncio.run(main(parser.parse_args()))
