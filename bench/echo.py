"""Echo cancellation: what it takes away, what it costs, and whether wake words are heard through the satellite's reply.

    python bench/echo.py [--recordings FOLDER]

The embedded voice talks for 40 s into a made-up room, whose microphone hears it 130 ms later; each engine gets the
same, once with both clocks alike and once with the speaker's 300 ppm slow. Of the echo's level it takes away, in dB:
`first` in the first 4 s of its life, when it knows nothing of the room, `known` in the same 4 s when delay and drift
are known from before, and `later` in all that comes after them. `cpu` is CPU time per second of audio, in ms, with all
that belongs to it, `idle` the same while nothing plays. `+0`, `-6`, `-12`: of eight wake words spoken meanwhile, how
many were heard, when they are as loud as the echo, or so many dB less; `false`: wake words heard that nobody spoke, in
all of this. Wake words are those of a folder (`okay_nabu_1.wav` and the like), else "okay nabu" in the embedded voice.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray

from rooms import Samples, coloured, echoed, level, resampled
from roomtone import engines
from roomtone.ears.base import EchoCanceller, WakeEngine
from roomtone.ears.echo.path import EchoPath
from roomtone.ears.formats import FRAME_BYTES, FRAME_MS, FRAME_SAMPLES, RATE_HZ, SAMPLES_PER_MS
from roomtone.engines import EngineChoice, Surroundings
from roomtone_satellite.devices.base import BLOCK_MS
from roomtone_server.engines import libespeak
from roomtone_server.engines.tts import espeak
from table import Table
from wake_words import WakeWord, recorded

SPEAKER_HZ: Final = 22_050
DRIFT: Final = 3e-4
DELAY_MS: Final = 130
RT60_S: Final = 0.35
DIRECT_DB: Final = 6  # a small speaker's own sound, above that of the room
ECHO_RMS: Final = 3_000.0  # of int16's 32,768: a satellite's microphone is close to its own speaker
NOISE_RMS: Final = 15.0
PLAYS_S: Final = 40
FIRST_S: Final = 4
WORDS: Final = 8
WORD_EVERY_S: Final = 4.5
LATE_S: Final = 1.0  # a wake word may be detected so much after its end
LEVELS_DB: Final = (0, -6, -12)
HERE: Final = Surroundings(Path(gettempdir()), Path(gettempdir()))
REPLY: Final = (
    "The weather today is mostly cloudy, with a high of twelve degrees in the afternoon. There are three lights on in "
    "the kitchen, the front door is locked, and the washing machine will be done in twenty minutes. Your timer for the "
    "pasta has four minutes left. The living room is at twenty one degrees, and the shopping list has milk, bread, "
    "butter and two bags of coffee on it. Tomorrow begins with some fog, and it will rain from ten o'clock on. "
)


@dataclass(frozen=True)
class Scene:
    """A reply as the speaker plays it, and as the microphone, whose clock is the true one, hears it."""

    played: NDArray[np.int16]  # at SPEAKER_HZ
    echo: Samples
    noise: Samples
    drift: float


def scene(voice: Samples, drift: float) -> Scene:
    draw = np.random.default_rng(7)
    played = soxr.resample(voice, RATE_HZ, SPEAKER_HZ).clip(-32_768, 32_767).astype(np.int16)
    slowed = resampled(voice, round(len(voice) * (1 + drift)))
    echo = np.pad(echoed(slowed, RT60_S, DIRECT_DB, draw), (DELAY_MS * SAMPLES_PER_MS, 0))
    echo *= ECHO_RMS / level(echo)
    return Scene(played, echo, coloured(len(echo), 1.0, draw) * NOISE_RMS, drift)


def passed(path: EchoPath, scene: Scene, near: Samples) -> Iterator[bytes]:
    """What comes out of the path, frame by frame, while the speaker plays the scene and somebody says `near`."""
    heard = (scene.echo + scene.noise + near).round().clip(-32_768, 32_767).astype(np.int16)
    block = SPEAKER_HZ * BLOCK_MS // 1000
    path.open(SPEAKER_HZ)
    path.hear(bytes(FRAME_BYTES), 0.0)
    written, block_s = 0, block * (1 + scene.drift) / SPEAKER_HZ
    for frame in range(len(heard) // FRAME_SAMPLES):
        over_s = (frame + 1) * FRAME_MS / 1000
        while written * block_s < over_s and written * block < len(scene.played):
            path.play(scene.played[written * block : (written + 1) * block].tobytes(), 0, written * block_s)
            written += 1
        yield path.hear(heard[frame * FRAME_SAMPLES : (frame + 1) * FRAME_SAMPLES].tobytes(), over_s)


def measure(name: str, scene: Scene, wake: WakeEngine, words: list[WakeWord]) -> dict[str, float]:
    figures: dict[str, float] = {}
    silent = np.zeros(len(scene.echo))
    first = slice(0, FIRST_S * RATE_HZ)
    with closing(_canceller(name)) as canceller:
        path, began_s = EchoPath(canceller), time.process_time()
        left = _samples(b"".join(passed(path, scene, silent)))
        cpu_s = time.process_time() - began_s
        figures["first"] = _taken_db(scene, left, first)
        known = path.alignment
    with closing(_canceller(name)) as canceller:
        figures["known"] = _taken_db(
            scene, _samples(b"".join(passed(EchoPath(canceller, known), scene, silent))), first
        )
        figures["later"] = _taken_db(scene, left, slice(FIRST_S * RATE_HZ, None))
        figures["cpu"], figures["idle"] = cpu_s * 1000 / (len(left) / RATE_HZ), _idle_ms(EchoPath(canceller))
    false = len(_woken(wake, left))
    for level_db in LEVELS_DB:
        near, ends = _said(words, len(scene.echo), level_db)
        with closing(_canceller(name)) as canceller:
            woken = _woken(wake, _samples(b"".join(passed(EchoPath(canceller), scene, near))))
        right = sum(any(_is(word, end, one) for one in woken) for word, end in zip(words, ends, strict=True))
        figures[f"{level_db:+d}"], false = right, false + len(woken) - right
    return figures | {"false": false}


def _canceller(name: str) -> EchoCanceller:
    made: EchoCanceller = engines.choose("echo", EngineChoice(name)).make(HERE)
    return made


def _taken_db(scene: Scene, left: Samples, when: slice) -> float:
    heard = (scene.echo + scene.noise)[: len(left)]
    return 20 * float(np.log10(level(heard[when]) / level(left[when])))


def _idle_ms(path: EchoPath) -> float:
    path.open(SPEAKER_HZ)
    frames = PLAYS_S * 1000 // FRAME_MS
    began_s = time.process_time()
    for frame in range(frames):
        path.hear(bytes(FRAME_BYTES), frame * FRAME_MS / 1000)
    return (time.process_time() - began_s) * 1000 / PLAYS_S


def _said(words: list[WakeWord], count: int, level_db: float) -> tuple[Samples, list[int]]:
    """The words, one after another, and the samples at which they end."""
    near, ends = np.zeros(count), []
    for number, word in enumerate(words):
        at = round((FIRST_S + number * WORD_EVERY_S) * RATE_HZ)
        near[at : at + len(word.sound)] += word.sound * ECHO_RMS / level(word.sound) * 10 ** (level_db / 20)
        ends.append(at + len(word.sound))
    return near, ends


def _woken(wake: WakeEngine, heard: Samples) -> list[tuple[str, int]]:
    wake.reset()
    pcm = heard.astype(np.int16).tobytes()
    frames = (pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm), FRAME_BYTES))
    return [(found.name, n * FRAME_SAMPLES) for n, frame in enumerate(frames) if (found := wake.process(frame))]


def _is(word: WakeWord, end: int, woken: tuple[str, int]) -> bool:
    name, at = woken
    return name == word.name and end - len(word.sound) < at < end + LATE_S * RATE_HZ


def _samples(pcm: bytes) -> Samples:
    return np.frombuffer(pcm, np.int16).astype(np.float64)


def spoken(text: str) -> Samples:
    """In the embedded voice."""
    return np.asarray(soxr.resample(_samples(espeak.synthesise(text)), libespeak.RATE_HZ, RATE_HZ))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recordings", type=Path)
    options = parser.parse_args()
    reply = np.resize(spoken(REPLY), PLAYS_S * RATE_HZ)
    if options.recordings:
        words = recorded(options.recordings)[:WORDS]
    else:
        words = [WakeWord("okay_nabu", spoken("okay nabu"))] * WORDS
    table = Table(names=18, figures=8)
    with closing(engines.choose("wake", EngineChoice()).make(HERE)) as wake:
        for drift in (0.0, DRIFT):
            for name in engines.names("echo"):
                if remedy := engines.load("echo", name).missing():
                    table.remark(name, f"cannot work here: {remedy}")
                else:
                    figures = measure(name, scene(reply, drift), wake, words)
                    table.row(f"{name:8}{drift * 1e6:6.0f} ppm", figures)


if __name__ == "__main__":
    main()
